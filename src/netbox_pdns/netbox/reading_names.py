"""Reading a few names of a zone: what an edit of some records costs is theirs, whatever the zone's size.

All comes in one page, so in one query of NetBox's database: it is as it was at one moment. An edit that follows makes a
hint of its own. The zone's row is read beside it; where that is not as it was, the whole zone is to be looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from netbox_pdns.netbox.client import PAGE_SIZE, NetBoxClient, Query, RefusedRequestError
from netbox_pdns.netbox.rrsets import desired_zone
from netbox_pdns.netbox.selection import zone_ref
from netbox_pdns.netbox.wire import RECORD_FIELDS, RECORDS, ZONE_FIELDS, ZONES, Page, RecordRow, ZoneRow
from netbox_pdns.planning.values import Desired, ZoneRef
from netbox_pdns.resilience.together import both


async def read_names(client: NetBoxClient, zone: ZoneRef, names: Collection[str]) -> Desired | None:
    """Return what NetBox wants at the owner *names* (canonical, few) and at the apex of *zone*.

    None where the zone has gone, is named otherwise, has moved to another view, or has more there than one page holds.
    """
    owners = sorted({zone.name, *names})
    of_zone: Query = [("fields", ZONE_FIELDS), ("active", "true"), ("id", zone.id), ("limit", 1)]
    of_records: Query = [
        ("fields", RECORD_FIELDS),
        ("active", "true"),
        ("zone_id", zone.id),
        ("limit", PAGE_SIZE),
        *(("fqdn__ie", owner) for owner in owners),
    ]
    try:
        zones, records = await both(
            client.get(ZONES, of_zone, Page[ZoneRow]), client.get(RECORDS, of_records, Page[RecordRow])
        )
    except RefusedRequestError:  # a zone that is gone cannot be named
        return None
    if not zones.results or records.next is not None:
        return None
    row = zones.results[0]
    ref = zone_ref(client, row)
    if (ref.name, ref.view) != (zone.name, zone.view):
        return None
    url = f"{client.base}/plugins/netbox-dns/records/{{id}}/"
    return await asyncio.to_thread(desired_zone, ref, records.results, row.default_ttl, url)
