"""The three PowerDNS servers: two primaries, one on each backend, and a secondary that hears their NOTIFY."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from processes import Process, ServerError, free_port

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.sandbox.pdns_server import Backend, prepare_pdns_server

_START_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class _Kind:
    backend: Backend
    settings: Mapping[str, str]


_KINDS = {
    "powerdns_secondary": _Kind("gsqlite3", {"primary": "no", "secondary": "yes", "autosecondary": "no"}),
    "powerdns_gsqlite3": _Kind("gsqlite3", {}),
    "powerdns_lmdb": _Kind("lmdb", {}),
}
NAMES = tuple(_KINDS)


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
    if name != "powerdns_secondary":
        # Nobody else is told: the nameservers in a test's zones may exist in the world.
        secondary = known["powerdns_secondary"]
        settings |= {"only-notify": "", "also-notify": f"{secondary['dns_host']}:{secondary['dns_port']}"}
    try:
        server = prepare_pdns_server(running.directory, backend=kind.backend, settings=settings)
    except ConfigurationError as error:
        raise ServerError(f"{error}: {error.hint}") from error
    running.start(server.command)
    running.wait_until(server.answers, _START_TIMEOUT)
    return asdict(server.reached)


def _ports(before: Mapping[str, Any] | None) -> dict[str, str]:
    if before:
        return {
            "local-port": str(before["dns_port"]),
            "webserver-port": before["url"].rpartition(":")[2],
            "api-key": before["api_key"],
        }
    return {"local-port": str(free_port()), "webserver-port": str(free_port())}
