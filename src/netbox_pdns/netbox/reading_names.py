"""Reading a few names of a zone: what an edit of some records costs is theirs, whatever the zone's size.

All comes in one page, so in one query of NetBox's database: it is as it was at one moment. An edit that follows makes a
hint of its own, and so does one of the zone itself, whose name and default TTL are taken as they were known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from netbox_pdns.netbox.client import PAGE_SIZE, NetBoxClient, Query, RefusedRequestError
from netbox_pdns.netbox.rrsets import desired_zone
from netbox_pdns.netbox.wire import RECORD_FIELDS, RECORDS, Page, RecordRow
from netbox_pdns.planning.values import Desired, ZoneRef


async def read_names(client: NetBoxClient, zone: ZoneRef, names: Collection[str]) -> Desired | None:
    """Return what NetBox wants at the owner *names* (canonical, few) and at the apex of *zone*.

    None where the zone has gone, is out of service or named otherwise (its SOA is not where it was), or has more there than
    one page holds.
    """
    query: Query = [
        ("fields", RECORD_FIELDS),
        ("active", "true"),
        ("zone_id", zone.id),
        ("limit", PAGE_SIZE),
        *(("fqdn__ie", owner) for owner in sorted({zone.name, *names})),
    ]
    try:
        page = await client.get(RECORDS, query, Page[RecordRow])
    except RefusedRequestError:  # a zone that is gone cannot be named
        return None
    if page.next is not None:
        return None
    url = f"{client.base}/plugins/netbox-dns/records/{{id}}/"
    desired = await asyncio.to_thread(desired_zone, zone, page.results, zone.default_ttl, url)
    if desired.zone.soa is None:
        return None
    return replace(desired, ref=replace(zone, serial=desired.zone.serial))
