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


async def by_zone(client: NetBoxClient, zones: Sequence[ZoneRow], rows: list[RecordRow]) -> dict[int, list[RecordRow]]:
    """Return *rows*, the records of *zones* (distinct names), by the id of their zone."""
    if len(zones) == 1:
        return {zones[0].id: rows}
    records, others = await off_the_loop(len(rows), placed, zones, rows)
    await asked_for(client, records, others)
    return records


async def asked_for(client: NetBoxClient, records: dict[int, list[RecordRow]], others: Sequence[RecordRow]) -> None:
    """Add *others*, whose names tell no zone, to *records* by the zones that NetBox says they are in."""
    if not others:
        return
    ids = await _zones_of(client, [row.id for row in others])
    for row in others:
        if row.id in ids:  # else it is gone since, which the change log tells
            records.setdefault(ids[row.id], []).append(row)


def placed(zones: Iterable[ZoneRow], rows: Iterable[RecordRow]) -> tuple[dict[int, list[RecordRow]], list[RecordRow]]:
    """Return the records by zone, and those whose names tell none of *zones*."""
    ids = {zone.name.removesuffix(".").lower(): zone.id for zone in zones}
    found: defaultdict[int, list[RecordRow]] = defaultdict(list)
    others: list[RecordRow] = []
    for row in rows:
        name = zone_name(row)
        zone = None if name is None else ids.get(name)
        if zone is None:
            others.append(row)
        else:
            found[zone].append(row)
    return dict(found), others


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
