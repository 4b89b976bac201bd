"""The PowerDNS servers: a secondary, and primaries on each backend, of this machine's release and of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import database
import releases
from processes import Process, ServerError, free_port

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.sandbox.installation import Backend, Installation, installed_here, installed_in
from netbox_pdns.sandbox.pdns_server import prepare_pdns_server

_START_TIMEOUT = 20.0
_SECONDARY = "powerdns_secondary"


@dataclass(frozen=True, slots=True)
class _Kind:
    backend: Backend
    settings: Mapping[str, str] = field(default_factory=dict)
    release: str | None = None
    """The Debian release that it is of, None for the `pdns_server` of this machine."""


_BACKENDS: tuple[Backend, ...] = ("gsqlite3", "lmdb", "gpgsql")
_KINDS = {
    _SECONDARY: _Kind("gsqlite3", {"primary": "no", "secondary": "yes", "autosecondary": "no"}),
    **{f"powerdns_{backend}": _Kind(backend) for backend in _BACKENDS},
    **{f"powerdns_{name}_{backend}": _Kind(backend, release=name) for name in releases.NAMES for backend in _BACKENDS},
}
NAMES = tuple(_KINDS)


def names(state: Path) -> tuple[str, ...]:
    """Return the servers that can be started here: those of another release where its folder is there."""
    return tuple(
        name for name, kind in _KINDS.items() if kind.release is None or releases.is_there(kind.release, state)
    )


def process(name: str, state: Path) -> Process:
    """Return the process of the PowerDNS called *name*."""
    return Process(name, state / name)


def start(name: str, state: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """Start the PowerDNS called *name* and return how it is reached, under the address it had before where it had one."""
    running = process(name, state)
    before = known.get(name)
    if before and running.pid is not None:
        return dict(before)
    running.stop()
    kind = _KINDS[name]
    settings = {**kind.settings, **_ports(before)}
    if name != _SECONDARY:
        # Nobody else is told: the nameservers in a test's zones may exist in the world.
        secondary = known[_SECONDARY]
        settings |= {"only-notify": "", "also-notify": f"{secondary['dns_host']}:{secondary['dns_port']}"}
    try:
        installation = installed_in(releases.folder(kind.release, state)) if kind.release else installed_here()
        if kind.backend == "gpgsql":
            settings |= _database(name, known, installation)
        server = prepare_pdns_server(
            running.directory, backend=kind.backend, settings=settings, installation=installation
        )
    except ConfigurationError as error:
        raise ServerError(f"{error}: {error.hint}") from error
    running.start(server.command)
    running.wait_until(server.answers, _START_TIMEOUT)
    return asdict(server.reached)


def _database(name: str, known: Mapping[str, Any], installation: Installation) -> dict[str, str]:
    """Make the tables of the PowerDNS called *name* in NetBox's PostgreSQL, where they are not there, and return where."""
    if "netbox" not in known:
        raise ServerError("its database is in the PostgreSQL of NetBox, which is not there")
    reached = known["netbox"]["database"]
    database.make(reached, name, installation.schema("gpgsql"))
    return {
        "gpgsql-host": str(reached["host"]),
        "gpgsql-port": str(reached["port"]),
        "gpgsql-user": reached["user"],
        "gpgsql-password": reached["password"],
        "gpgsql-dbname": name,
    }


def _ports(before: Mapping[str, Any] | None) -> dict[str, str]:
    if before:
        return {
            "local-port": str(before["dns_port"]),
            "webserver-port": before["url"].rpartition(":")[2],
            "api-key": before["api_key"],
        }
    return {"local-port": str(free_port()), "webserver-port": str(free_port())}
