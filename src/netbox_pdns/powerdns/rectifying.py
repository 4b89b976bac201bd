"""One rectification for many batches, and none where it is not needed.

A zone with API-RECTIFY works out its empty non-terminals anew at every PATCH, and one that has no API-RECTIFY of its own
does as `default-api-rectify` says, while the API shows false for it
(https://doc.powerdns.com/authoritative/dnssec/operational.html).

- Over a large upload that is switched off, and the zone is rectified once at its end. A mark in the zone's metadata says
  that we owe it, so that a run that is broken off is made good by the next.
- In a large zone, where it takes longer than all the rest of a change, it is switched off for good at the first change
  that does not need it. A mark says that it is ours to ask for since: whenever an owner name or a delegation comes or goes.

Signed zones keep it on: meanwhile they would deny names that are there.
"""

from __future__ import annotations

from netbox_pdns.powerdns.client import PowerDNSClient
from netbox_pdns.powerdns.wire import ZoneWire

MARK = "X-NETBOX-PDNS-RECTIFY"
"""The kind of metadata that says so."""
OWED = "1"
"""Its value where a change was begun and its rectification is owed."""
OURS = "ours"
"""Its value where it is ours to ask for it."""
LARGE = 1_000
"""RRsets from which on a zone is not rectified without need."""


async def is_owed(client: PowerDNSClient, zone: ZoneWire) -> bool:
    """Tell whether a change of ours was broken off that had yet to be rectified."""
    return OWED in await _marks(client, zone)


async def before_change(
    client: PowerDNSClient, zone: ZoneWire, *, needed: bool, many: bool, rrsets: int, by_default: bool
) -> bool:
    """Prepare a change, and tell whether it must be made good (`make_good`) afterwards.

    *needed* tells whether names come or go, *many* whether it takes several requests, *rrsets* how large the zone is.
    *by_default* tells whether the server rectifies a zone that does not say; from then on this one does say it.
    """
    marks = await _marks(client, zone)
    if OWED in marks:
        return True
    if OURS in marks:
        if needed or zone.dnssec:
            await client.set_metadata(zone.name, MARK, [OWED, OURS])
            return True
        return False
    if zone.dnssec:
        return False
    if many:
        return await _put_off(client, zone, by_default=by_default)
    if not needed and rrsets >= LARGE and zone.api_rectify:
        await client.set_metadata(zone.name, MARK, [OURS])
        await client.update_zone(zone.name, {"api_rectify": False})
    return False


async def make_good(client: PowerDNSClient, zone: str) -> None:
    """Rectify the zone and let it be as it was before; broken off anywhere, it is still owed."""
    ours = OURS in await client.metadata(zone, MARK)
    await client.rectify(zone)
    if not ours:
        await client.update_zone(zone, {"api_rectify": True})
    await client.set_metadata(zone, MARK, [OURS] if ours else [])


async def _marks(client: PowerDNSClient, zone: ZoneWire) -> frozenset[str]:
    """Return our marks; none where the zone rectifies by itself, be it that others had it do so again."""
    return frozenset() if zone.api_rectify else frozenset(await client.metadata(zone.name, MARK))


async def _put_off(client: PowerDNSClient, zone: ZoneWire, *, by_default: bool) -> bool:
    """Switch rectification off until `make_good`; False where it is off anyway."""
    if not await _rectifies(client, zone, by_default=by_default):
        return False
    await client.set_metadata(zone.name, MARK, [OWED])
    await client.update_zone(zone.name, {"api_rectify": False})
    return True


async def _rectifies(client: PowerDNSClient, zone: ZoneWire, *, by_default: bool) -> bool:
    return zone.api_rectify or (by_default and "API-RECTIFY" not in await client.kinds_of_metadata(zone.name))
