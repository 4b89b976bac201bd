"""Which zone each record of a group is in, without asking NetBox to write the zone out with every record.

NetBox keeps a record's absolute name made of its relative name and its zone's, so the zone's name is what the one has more
than the other (`Record.update_fqdn` of the plugin). Records where that names no zone of the group are asked for with their
zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from netbox_pdns.netbox.client import NetBoxClient, Query
from netbox_pdns.netbox.listing import read
from netbox_pdns.netbox.wire import PLACED_FIELDS, RECORDS, PlacedRow, RecordRow, ZoneRow
from netbox_pdns.resilience.together import off_the_loop

_IDS_AT_ONCE = 200


async def by_zone(
    client: NetBoxClient, zones: Sequence[ZoneRow], rows: Sequence[RecordRow]
) -> Mapping[int, Sequence[RecordRow]]:
    """Return *rows*, the records of *zones* (distinct names), by the id of their zone."""
    if len(zones) == 1:
        return {zones[0].id: rows}
    placed, others = await off_the_loop(len(rows), _placed, zones, rows)
    if others:
        ids = await _zones_of(client, [row.id for row in others])
        for row in others:
            if row.id in ids:  # else it is gone since, which the change log tells
                placed[ids[row.id]].append(row)
    return placed


def _placed(
    zones: Iterable[ZoneRow], rows: Iterable[RecordRow]
) -> tuple[defaultdict[int, list[RecordRow]], list[RecordRow]]:
    """Return the records by zone, and those whose names tell none."""
    ids = {zone.name.removesuffix(".").lower(): zone.id for zone in zones}
    placed: defaultdict[int, list[RecordRow]] = defaultdict(list)
    others: list[RecordRow] = []
    for row in rows:
        name = zone_name(row)
        zone = None if name is None else ids.get(name)
        if zone is None:
            others.append(row)
        else:
            placed[zone].append(row)
    return placed, others


def zone_name(row: RecordRow) -> str | None:
    """Return the zone's name that a record's names tell, in lower case without the final dot; None where they do not."""
    fqdn = row.fqdn or ""
    if row.name == "@":
        return fqdn.removesuffix(".").lower()
    return fqdn[len(row.name) + 1 :].removesuffix(".").lower() if fqdn.startswith(f"{row.name}.") else None


async def _zones_of(client: NetBoxClient, records: Sequence[int]) -> Mapping[int, int]:
    found: dict[int, int] = {}
    for at in range(0, len(records), _IDS_AT_ONCE):
        some = records[at : at + _IDS_AT_ONCE]
        query: Query = [("fields", PLACED_FIELDS), *(("id", each) for each in some)]
        found |= {row.id: row.zone.id for row in (await read(client, RECORDS, query, PlacedRow)).rows}
    return found
