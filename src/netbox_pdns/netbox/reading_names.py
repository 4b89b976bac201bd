"""Reading a few names of a zone: what an edit of some records costs is theirs, whatever the zone's size.

All comes in one page, so in one query of NetBox's database: it is as it was at one moment. An edit that follows makes a
hint of its own, and so does one of the zone itself, whose name and default TTL are taken as they were known.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from netbox_pdns.netbox.client import PAGE_SIZE, NetBoxClient, Query, RefusedRequestError
from netbox_pdns.netbox.point_reads import PointReads
from netbox_pdns.netbox.rrsets import desired_zone
from netbox_pdns.netbox.wire import RECORD_FIELDS, RECORDS, Page, RecordRow
from netbox_pdns.planning.values import Desired, ZoneRef
from netbox_pdns.resilience.together import off_the_loop


async def read_names(client: NetBoxClient, points: PointReads, zone: ZoneRef, names: Collection[str]) -> Desired | None:
    """Return what NetBox wants at the owner *names* (canonical, few) and at the apex of *zone*.

    None where the zone has gone, is out of service or named otherwise (its SOA is not where it was), or has more there than
    one page holds.
    """
    owners = {zone.name, *names}
    rows = await points.records_at(zone.id, owners)
    if rows is None:
        rows = await _rows(client, zone, owners)
    if rows is None:
        return None
    desired = await off_the_loop(len(rows), desired_zone, zone, rows, zone.default_ttl, client.record_url)
    if desired.zone.soa is None:
        return None
    return replace(desired, ref=replace(zone, serial=desired.zone.serial))


async def _rows(client: NetBoxClient, zone: ZoneRef, owners: Collection[str]) -> Sequence[RecordRow] | None:
    query: Query = [
        ("fields", RECORD_FIELDS),
        ("active", "true"),
        ("zone_id", zone.id),
        ("limit", PAGE_SIZE),
        *(("fqdn__ie", owner) for owner in sorted(owners)),
    ]
    try:
        page = await client.get(RECORDS, query, Page[RecordRow])
    except RefusedRequestError:  # a zone that is gone cannot be named
        return None
    return None if page.next is not None else page.results
