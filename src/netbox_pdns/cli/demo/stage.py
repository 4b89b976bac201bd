"""What the demo plays on: a NetBox and two PowerDNS servers of its own, and the settings that lead to them."""

from __future__ import annotations

import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.sandbox.netbox import running_netbox
from netbox_pdns.sandbox.pdns_server import running_pdns_server
from netbox_pdns.sandbox.powerdns import Zones, running_powerdns
from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS
from netbox_pdns.service.listening import listening
from netbox_pdns.settings import Settings, load_settings
from netbox_pdns.settings.service import ServiceOptions

Run = Callable[[RunningPowerDNS | None], AbstractAsyncContextManager[RunningPowerDNS]]
"""Runs a PowerDNS; one that ran before is run as it was reached then."""

TARGETS = {"public": "", "internal": 'view = "internal"'}
"""The targets, each with its selection: a view each."""


class Machine:
    """A PowerDNS that can be stopped, and started again where it was, with what it had."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._stack = AsyncExitStack()
        self._reached: RunningPowerDNS | None = None

    async def start(self) -> RunningPowerDNS:
        """Start it; it answers when this returns."""
        self._reached = await self._stack.enter_async_context(self._run(self._reached))
        return self._reached

    async def stop(self) -> None:
        """Stop it, where it runs."""
        await self._stack.aclose()


@dataclass(frozen=True, slots=True)
class Stage:
    """The servers of a demo, and the settings file that leads to them; `listener` is where the service will listen."""

    netbox: RunningNetBox
    targets: Mapping[str, RunningPowerDNS]
    is_real: bool
    config: Path
    machines: Mapping[str, Machine] = field(default_factory=dict)
    listener: socket.socket | None = None

    @property
    def settings(self) -> Settings:
        """What the settings file says."""
        return load_settings({"NETBOX_PDNS_CONFIG": str(self.config)}, None)

    @property
    def powerdns(self) -> str:
        """What serves, in words."""
        return (
            "a real pdns_server each"
            if self.is_real
            else "the sandbox's own, in this process, too (a pdns_server on PATH would be used)"
        )


@asynccontextmanager
async def open_stage(directory: Path, *, is_real: bool) -> AsyncIterator[Stage]:
    """Start all servers, with their state in *directory*, and write the settings file there.

    With *is_real* PowerDNS is this machine's `pdns_server`, else the sandbox's own.
    """
    async with AsyncExitStack() as stack:
        netbox = await stack.enter_async_context(running_netbox())
        machines = {name: Machine(_real(directory / name) if is_real else _own()) for name in TARGETS}
        targets: dict[str, RunningPowerDNS] = {}
        for name, machine in machines.items():
            stack.push_async_callback(machine.stop)
            targets[name] = await machine.start()
        listener = stack.enter_context(listening(ServiceOptions(listen_port=0)))
        config = directory / "netbox-pdns.toml"
        config.touch(mode=0o600)
        config.write_text(_settings(directory, netbox, targets, listener.getsockname()[1]))
        yield Stage(netbox, targets, is_real, config, machines, listener)


def _real(directory: Path) -> Run:
    def run(before: RunningPowerDNS | None) -> AbstractAsyncContextManager[RunningPowerDNS]:
        if before is None:
            return running_pdns_server(directory)
        settings = {
            "api-key": before.api_key,
            "local-port": str(before.dns_port),
            "webserver-port": before.url.rpartition(":")[2],
        }
        return running_pdns_server(directory, settings=settings)

    return run


def _own() -> Run:
    zones = Zones()

    def run(before: RunningPowerDNS | None) -> AbstractAsyncContextManager[RunningPowerDNS]:
        if before is None:
            return running_powerdns(zones=zones)
        return running_powerdns(
            api_port=int(before.url.rpartition(":")[2]),
            dns_port=before.dns_port,
            settings={"api-key": before.api_key},
            zones=zones,
        )

    return run


async def make_foreign_zone(server: RunningPowerDNS, zone: str, records: Mapping[tuple[str, str], str]) -> None:
    """Make a zone as somebody else would: by PowerDNS's API, without our mark; *records* by owner name and type."""
    rrsets = [
        {"name": name, "type": type, "ttl": 3600, "records": [{"content": content, "disabled": False}]}
        for (name, type), content in records.items()
    ]
    body = {"name": zone, "kind": "Native", "nameservers": [], "rrsets": rrsets}
    await _send(server, "POST", "/zones", body)


async def write_by_hand(server: RunningPowerDNS, zone: str, key: tuple[str, str], content: str) -> None:
    """Replace an RRset (owner name and type) as somebody else would: in PowerDNS alone."""
    records = [{"content": content, "disabled": False}]
    rrset = {"name": key[0], "type": key[1], "ttl": 3600, "changetype": "REPLACE", "records": records}
    await _send(server, "PATCH", f"/zones/{zone}", {"rrsets": [rrset]})


async def _send(server: RunningPowerDNS, method: str, path: str, body: Mapping[str, object]) -> None:
    url = f"{server.url}/api/v1/servers/{server.server_id}{path}"
    async with httpx2.AsyncClient(headers={"X-API-Key": server.api_key}, trust_env=False) as http:
        answer = await http.request(method, url, json=body)
    if not answer.is_success:
        raise ConfigurationError(f"the demo's PowerDNS refuses {method} {path}: {answer.status_code} {answer.text}")


def _settings(directory: Path, netbox: RunningNetBox, targets: Mapping[str, RunningPowerDNS], port: int) -> str:
    head = f"""\
nb_url = "{netbox.url}"
nb_token = "{netbox.token_v2}"
instance = "demo"
data_dir = "{directory}"
log_level = "ERROR"
listen_port = {port}
api_key = "{secrets.token_hex(16)}"
webhook_secret = "{secrets.token_hex(16)}"
# Sooner than by default: a demo has no half minute to wait.
breaker_failures = 2
breaker_pause = 1
retry_longest = 1
"""
    return head + "".join(_target(name, server) for name, server in targets.items())


def _target(name: str, server: RunningPowerDNS) -> str:
    return f"""
[[targets]]
name = "{name}"
url = "{server.url}"
token = "{server.api_key}"
dns_address = "{server.dns_address}"
selection = {{ {TARGETS[name]} }}
"""
