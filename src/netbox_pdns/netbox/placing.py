"""Which zone each record of a group is in, without asking NetBox to write the zone out with every record.

NetBox keeps a record's absolute name made of its relative name and its zone's, so the zone's name is what the one has more
than the other (`Record.update_fqdn` of the plugin). Records where that names no zone of the group are asked for with their
zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from netbox_pdns.netbox.client import HasId, NetBoxClient, Query
from netbox_pdns.netbox.listing import read
from netbox_pdns.netbox.wire import PLACED_FIELDS, RECORDS, PlacedRow, RecordRow, ZoneRow
from netbox_pdns.resilience.together import off_the_loop

_IDS_AT_ONCE = 200

R = TypeVar("R", bound=HasId)


async def by_zone(client: NetBoxClient, zones: Sequence[ZoneRow], rows: list[RecordRow]) -> dict[int, list[RecordRow]]:
    """Return *rows*, the records of *zones* (distinct names), by the id of their zone."""
    if len(zones) == 1:
        return {zones[0].id: rows}
    records, others = await off_the_loop(len(rows), placed, zones, rows)
    ids = {row.id: row.zone.id for row in await by_ids(client, [row.id for row in others], PLACED_FIELDS, PlacedRow)}
    for row in others:
        if row.id in ids:  # else it is gone since, which the change log tells
            records.setdefault(ids[row.id], []).append(row)
    return records


async def by_ids(client: NetBoxClient, ids: Sequence[int], fields: str, row: type[R]) -> Sequence[R]:
    """Return the records of *ids*, whatever their zone; those that are gone are not among them."""
    found: list[R] = []
    for at in range(0, len(ids), _IDS_AT_ONCE):
        query: Query = [("fields", fields), *(("id", each) for each in ids[at : at + _IDS_AT_ONCE])]
        found += (await read(client, RECORDS, query, row)).rows
    return found


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
