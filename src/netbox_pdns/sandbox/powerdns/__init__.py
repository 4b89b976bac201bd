"""A PowerDNS Authoritative 4.7 inside this process, as far as zones are kept equal through its API.

It refuses what PowerDNS refuses, in the same words, and prints content as PowerDNS prints it; the contract tests hold it
to the real server on both backends. It signs nothing: a zone may be marked as signed, and is answered unsigned. LUA and
ALIAS records are kept and not answered.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from netbox_pdns.sandbox.powerdns.api import Api
from netbox_pdns.sandbox.powerdns.nameserver import HOST, running_nameserver
from netbox_pdns.sandbox.powerdns.zones import Zone, Zones
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.sandbox.serving import serving

__all__ = ["Zones", "running_powerdns"]

_SETTINGS: Mapping[str, str] = {
    "api": "yes",
    "webserver": "yes",
    "webserver-max-bodysize": "2",
    "default-api-rectify": "yes",
    "default-soa-edit": "",
    "default-soa-edit-signed": "",
    "also-notify": "",
    "local-address": HOST,
    "primary": "yes",
}


@asynccontextmanager
async def running_powerdns(
    *, api_port: int = 0, dns_port: int = 0, settings: Mapping[str, str] | None = None, zones: Zones | None = None
) -> AsyncIterator[RunningPowerDNS]:
    """Run an empty server within the block; port 0 takes a free one.

    *zones* is where it keeps what it has, for one that is stopped and started again with what it had.

    *settings* are lines of pdns.conf: `webserver-max-bodysize` (megabytes), `api-key`, `also-notify` (addresses of IPv4),
    `default-api-rectify`, `default-soa-edit` and `default-soa-edit-signed` have their meaning, others are only shown.
    """
    known = {**_SETTINGS, **(settings or {})}
    key = known.pop("api-key", "") or secrets.token_hex(16)
    zones = Zones() if zones is None else zones
    async with running_nameserver(zones, dns_port) as (nameserver, port):

        async def tell(zone: Zone) -> None:
            everywhere = known["also-notify"].replace(",", " ").split()
            nameserver.notify(zone, [*everywhere, *zone.metadata.get("ALSO-NOTIFY", ())])

        async with serving(Api(zones, key, known, tell).application(), port=api_port) as url:
            yield RunningPowerDNS(url=url, api_key=key, server_id="localhost", dns_host=HOST, dns_port=port)
