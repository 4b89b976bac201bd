"""One rectification for many batches (https://doc.powerdns.com/authoritative/dnssec/operational.html).

A zone with API-RECTIFY works out its empty non-terminals anew at every PATCH, and one that has no API-RECTIFY of its own
does as `default-api-rectify` says, while the API shows false for it. Over a large upload that is switched off, and the zone
is rectified once at its end. A mark in the zone's metadata says that we owe it, so that a run that is broken off is
made good by the next. Signed zones keep it on: meanwhile they
would deny names that are there.
"""

from __future__ import annotations

from netbox_pdns.powerdns.client import PowerDNSClient
from netbox_pdns.powerdns.wire import ZoneWire

OWED = "X-NETBOX-PDNS-RECTIFY"
"""The kind of metadata that says so."""


async def is_owed(client: PowerDNSClient, zone: ZoneWire) -> bool:
    """Tell whether an upload of ours was broken off that had switched rectification off."""
    return not zone.api_rectify and bool(await client.metadata(zone.name, OWED))


async def put_off(client: PowerDNSClient, zone: ZoneWire, *, by_default: bool) -> bool:
    """Switch rectification off until `make_good`; False for a zone that is signed, or that has it off anyway.

    *by_default* tells whether the server rectifies a zone that does not say; from then on this one does say it.
    """
    if zone.dnssec or not await _rectifies(client, zone, by_default=by_default):
        return False
    await client.set_metadata(zone.name, OWED, ["1"])
    await client.update_zone(zone.name, {"api_rectify": False})
    return True


async def _rectifies(client: PowerDNSClient, zone: ZoneWire, *, by_default: bool) -> bool:
    return zone.api_rectify or (by_default and "API-RECTIFY" not in await client.kinds_of_metadata(zone.name))


async def make_good(client: PowerDNSClient, zone: str) -> None:
    """Rectify the zone and switch it on again; broken off anywhere, it is still owed."""
    await client.rectify(zone)
    await client.update_zone(zone, {"api_rectify": True})
    await client.set_metadata(zone, OWED, [])
