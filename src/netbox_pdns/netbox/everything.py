"""All records of NetBox at once, where all of its zones are wanted: the cheapest way there is to read it.

A request that names zones costs NetBox half a millisecond for each, for every page; this one names none. It holds all
records in memory, so it is for an installation of ordinary size where one view has all active zones: a name tells its zone
there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from netbox_pdns.netbox.client import NetBoxClient, Query
from netbox_pdns.netbox.listing import ShiftedListError, read_up_to
from netbox_pdns.netbox.placing import asked_for, placed
from netbox_pdns.netbox.wire import RECORD_FIELDS, RECORDS, RecordRow, ZoneRow

FEWEST_ZONES = 50
"""Fewer are read by their names: a page or two."""
MOST_RECORDS = 100_000
"""Some 40 MiB."""
_MOST_ASKED_FOR = 1_000
"""Records whose names tell no zone; more of them are those of zones that the token may not see."""
_ALL: Query = (("fields", RECORD_FIELDS), ("active", "true"))


async def all_records(client: NetBoxClient, zones: Sequence[ZoneRow]) -> dict[int, list[RecordRow]] | None:
    """Return the active records by the id of their zone, where *zones* (distinct names) are all that NetBox has.

    None where they are better read zone by zone: there are too many, or they were edited while they were read.
    """
    try:
        listed = await read_up_to(client, RECORDS, _ALL, RecordRow, MOST_RECORDS)
    except ShiftedListError:
        return None
    if listed is None or listed.counted != len(listed.rows):
        return None
    records, others = await asyncio.to_thread(placed, zones, listed.rows)
    if len(others) > _MOST_ASKED_FOR:
        return None
    await asked_for(client, records, others)
    return records
