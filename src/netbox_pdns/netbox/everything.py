"""All records of NetBox at once, where all of its zones are wanted: the cheapest way there is to read it.

A request that names zones costs NetBox half a millisecond for each, for every page; this one names none. What it holds in
memory is what all records mean, so it is for an installation of ordinary size where one view has all active zones: a name
tells its zone there.

It is for who reads all and will hardly write: no zone is known to be whole before the last page has come. Who wants it
begins it, beside the list of zones.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from netbox_pdns.dns.names import canonical_name, name_or_text
from netbox_pdns.errors import DataError
from netbox_pdns.netbox.client import NetBoxClient, Query
from netbox_pdns.netbox.listing import ShiftedListError, each_page
from netbox_pdns.netbox.placing import by_ids, zone_name
from netbox_pdns.netbox.rrsets import Meaning, meaning
from netbox_pdns.netbox.wire import RECORD_FIELDS, RECORD_IN_ZONE_FIELDS, RECORDS, RecordInZone, RecordRow, ZoneRow
from netbox_pdns.planning.values import LeftOut

FEWEST_ZONES = 50
"""Fewer are read by their names: a page or two."""
MOST_RECORDS = 100_000
"""Some 30 MiB."""
_MOST_ASKED_FOR = 1_000
"""Records whose names tell no zone; more of them are those of zones that the token may not see."""
_ALL: Query = (("fields", RECORD_FIELDS), ("active", "true"))


class AllRecords:
    """What the active records of NetBox mean, by the name of their zone; taken page by page."""

    def __init__(self, record_url: str) -> None:
        self.record_url = record_url
        self._found: defaultdict[str, list[Meaning | LeftOut]] = defaultdict(list)
        self._ids: list[int] = []

    def take(self, rows: Sequence[RecordRow]) -> None:
        """Take a page; parses every rdata of it."""
        for row in rows:
            name = zone_name(row)
            try:
                zone = None if name is None else canonical_name(name)
            except DataError:
                zone = None
            if name is None or zone is None:
                self._ids.append(row.id)
            else:
                self._found[name].append(meaning(row, zone, self.record_url))

    def by_zone(self, zones: Sequence[ZoneRow]) -> tuple[dict[int, list[Meaning | LeftOut]], list[int]]:
        """Return them by the id of their zone, in the order of their own ids, and the ids of those whose zone is not told.

        Can be asked for once.
        """
        records = {zone.id: self._found.pop(zone.name.removesuffix(".").lower(), []) for zone in zones}
        for found in records.values():
            found.sort(key=_id)  # pages come in any order
        others = self._ids + [_id(each) for found in self._found.values() for each in found]
        self._found.clear()
        return records, others


@dataclass(frozen=True, slots=True)
class _Begun:
    """A reading that goes on, and the look at the change log from before it."""

    reading: asyncio.Task[AllRecords | None]
    before: int


class Everything:
    """All records of NetBox, as they are read since `begin`."""

    def __init__(self, client: NetBoxClient) -> None:
        self._client = client
        self._begun: _Begun | None = None

    @property
    def is_begun(self) -> bool:
        """Tell whether there is a reading that may be asked for."""
        return self._begun is not None

    def begin(self, before: int) -> None:
        """Begin to read, after the look *before* at the change log; nothing where a reading goes on."""
        if self._begun is None:
            self._begun = _Begun(asyncio.create_task(_all_records(self._client)), before)

    async def close(self) -> None:
        """Give up what was begun."""
        if self._begun is not None:
            reading, self._begun = self._begun.reading, None
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def read(
        self, zones: Sequence[ZoneRow], before: int
    ) -> tuple[dict[int, list[Meaning | LeftOut]], int] | None:
        """Return what the active records mean by the id of their zone, and the look that all is from after.

        *zones* (distinct names) are all that NetBox has, listed after the look *before*. None where they are better read
        zone by zone: there are too many records, or they were edited while they were read.
        """
        assert self._begun is not None, "it must have begun"
        begun = self._begun
        try:
            records = await begun.reading
        finally:
            await self.close()
        if records is None:
            return None
        found, others = records.by_zone(zones)
        if len(others) > _MOST_ASKED_FOR:
            return None
        names = {zone.id: name_or_text(zone.name) for zone in zones}
        for row in await by_ids(self._client, others, RECORD_IN_ZONE_FIELDS, RecordInZone):
            if row.zone.id in found:
                insort(found[row.zone.id], meaning(row, names[row.zone.id], records.record_url), key=_id)
        return found, min(before, begun.before)


async def _all_records(client: NetBoxClient) -> AllRecords | None:
    records = AllRecords(client.record_url)
    try:
        whole = await each_page(client, RECORDS, _ALL, RecordRow, MOST_RECORDS, records.take)
    except ShiftedListError:
        return None
    return records if whole else None


def _id(each: Meaning | LeftOut) -> int:
    return (each.record_id or 0) if isinstance(each, LeftOut) else each.id
