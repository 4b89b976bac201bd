"""What the demo plays on: a NetBox and two PowerDNS servers of its own, and the settings that lead to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.sandbox.netbox import running_netbox
from netbox_pdns.sandbox.pdns_server import running_pdns_server
from netbox_pdns.sandbox.powerdns import running_powerdns
from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS
from netbox_pdns.settings import Settings, load_settings

TARGETS = {"public": "", "internal": 'view = "internal"'}
"""The targets, each with its selection: a view each."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The servers of a demo, and the settings file that leads to them."""

    netbox: RunningNetBox
    targets: Mapping[str, RunningPowerDNS]
    is_real: bool
    config: Path

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
        targets: dict[str, RunningPowerDNS] = {}
        for name in TARGETS:
            server = running_pdns_server(directory / name) if is_real else running_powerdns()
            targets[name] = await stack.enter_async_context(server)
        config = directory / "netbox-pdns.toml"
        config.touch(mode=0o600)
        config.write_text(_settings(directory, netbox, targets))
        yield Stage(netbox, targets, is_real, config)


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


def _settings(directory: Path, netbox: RunningNetBox, targets: Mapping[str, RunningPowerDNS]) -> str:
    head = f"""\
nb_url = "{netbox.url}"
nb_token = "{netbox.token_v2}"
instance = "demo"
data_dir = "{directory}"
log_level = "ERROR"
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
