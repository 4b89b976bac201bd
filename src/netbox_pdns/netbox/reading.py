"""Reading zones in bulk: everything at once where that is wanted, else groups, checked for edits that overtook the reading.

Everything is `netbox_pdns.netbox.everything`'s. Groups are read three at a time. A group is about a page of records
(`netbox_pdns.netbox.grouping`), never more than forty thousand, a larger zone goes alone: no more than four groups are in
memory, one that is yielded and three that are read meanwhile.

Zones that the change log shows to have been edited meanwhile are read again before they are yielded. One that is edited all
the while is taken as it stood at one moment, where its records come in one page (one query of NetBox's database); a larger
one is named in the error at the end, when all others have been yielded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from netbox_pdns.errors import TransientError
from netbox_pdns.netbox.client import AT_ONCE, NetBoxClient, Query, RefusedRequestError
from netbox_pdns.netbox.everything import FEWEST_ZONES, Everything
from netbox_pdns.netbox.grouping import Group, Groups
from netbox_pdns.netbox.listing import Listed, ShiftedListError, check_whole, read, read_short
from netbox_pdns.netbox.overtaken import ChangeWindow, KnownZones
from netbox_pdns.netbox.placing import by_zone
from netbox_pdns.netbox.rrsets import Meaning, desired_of, meaning
from netbox_pdns.netbox.selection import zone_ref
from netbox_pdns.netbox.wire import RECORD_FIELDS, RECORDS, ZONE_FIELDS, ZONES, RecordRow, ZoneRow
from netbox_pdns.planning.values import Desired, LeftOut, ZoneRef
from netbox_pdns.resilience.together import both, off_the_loop

RECORDS_AT_ONCE = 40_000
GROUPS_AT_ONCE = AT_ONCE + 1
"""One more than requests are under way together: where one group waits for its next page another goes on."""
ATTEMPTS = 5
"""So often is a zone read that is edited all the while."""


class _TooManyError(Exception):
    """A group of zones has more records than are read at once."""


class _OtherZonesError(Exception):
    """The zones that are wanted are not all that NetBox has."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What reading a group came to: the zones that edits overtook every time, and whether to read it in halves instead."""

    group: Group
    done: Sequence[Desired] = ()
    overtaken: tuple[str, ...] = ()
    too_many: bool = False


async def read_zones(
    client: NetBoxClient, window: ChangeWindow, known: KnownZones, everything: Everything, refs: Sequence[ZoneRef]
) -> AsyncIterator[Desired]:
    """Yield the desired content of *refs*; a zone that went, was renamed or made inactive meanwhile is not yielded.

    Raises `TransientError` that names the zones where edits overtook every attempt, or where the list is short.
    """
    reader = _Reader(client, window, known, everything)
    left = {ref.id: ref for ref in refs}
    for ref in refs:
        for desired in await reader.at_hand(ref):
            del left[ref.id]
            yield desired
    async for desired in reader.all_of({**left}):
        del left[desired.ref.id]
        yield desired
    async for desired in _by_groups(reader, left.values()):
        yield desired


async def _by_groups(reader: _Reader, refs: Iterable[ZoneRef]) -> AsyncIterator[Desired]:
    groups = Groups(refs)
    running: set[asyncio.Task[_Read]] = set()
    overtaken: list[str] = []

    def go_on() -> None:
        while groups and len(running) < GROUPS_AT_ONCE:
            running.add(asyncio.create_task(reader.group(groups.take())))

    try:
        go_on()
        while running:
            ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for group in [task.result() for task in ended]:
                if group.too_many:
                    groups.halve(group.group)
                else:
                    groups.note([_records(desired) for desired in group.done])
                go_on()
                overtaken += group.overtaken
                for desired in group.done:
                    yield desired
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    if overtaken:
        raise TransientError(
            f"edits in NetBox overtook every one of {ATTEMPTS} readings of {', '.join(sorted(overtaken)[:5])}",
            hint="the other zones were read; the next run reads these again",
        )


def _records(desired: Desired) -> int:
    return sum(len(ids) for ids in desired.record_ids.values())


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads groups of zones."""

    client: NetBoxClient
    window: ChangeWindow
    known: KnownZones
    everything: Everything

    async def at_hand(self, ref: ZoneRef) -> Sequence[Desired]:
        """Return the zone where it came whole when it was asked for."""
        if (whole := self.known.take_whole(ref.id)) is None:
            return ()
        row, records = whole
        return await self._made_of([row], {row.id: list(records)}, {row.id: ref}, frozenset())

    async def all_of(self, refs: Mapping[int, ZoneRef]) -> AsyncIterator[Desired]:
        """Yield the zones that can be taken from one reading of all that was begun, the largest first; often that is none.

        Those that an edit overtook are not among them.
        """
        fits = self.everything.is_begun and self.known.are_a_view(refs) and len(refs) >= FEWEST_ZONES
        listed = self.known.of(refs) if fits else None
        if listed is None:
            await self.everything.close()
            return
        zones, before = listed
        try:
            read, _ = await both(self.everything.read(zones, before), self._must_be_all(zones))
        except _OtherZonesError:
            return
        if read is None:
            return
        records, before = read
        _, stale = await self.window.edited(before)
        if not stale <= {zone.id for zone in zones}:
            return  # one that was not listed, perhaps of another view and called as one of these: its records are among them
        for zone in sorted(zones, key=lambda zone: len(records[zone.id]), reverse=True):
            found = records.pop(zone.id)
            if self._is_as_listed(zone, refs, stale):
                yield await off_the_loop(len(found), self._desired_of, zone, found)

    async def _must_be_all(self, zones: Sequence[ZoneRow]) -> None:
        """Raise `_OtherZonesError` where NetBox has more active zones, in other views: nothing is read in vain then."""
        if await self.client.count(ZONES, [("active", "true")]) != len(zones):
            raise _OtherZonesError

    async def group(self, refs: Group) -> _Read:
        """Read a group, edited zones of it again."""
        try:
            return await self._group(refs)
        except _TooManyError:
            return _Read(refs, too_many=True)

    async def _group(self, refs: Group) -> _Read:
        done: list[Desired] = []
        pending = {ref.id: ref for ref in refs}
        listed, early = self.known.of(pending), self.known.take_records(pending)
        zones, before = listed if listed is not None else (None, await self.window.latest())
        for attempt in range(ATTEMPTS - 1):
            try:
                if zones is None:
                    zones, early = await self._zones(pending), None
                records = early or await self._records(zones)
            except (RefusedRequestError, ShiftedListError):  # edited while it was read
                if attempt + 2 == ATTEMPTS:
                    raise
                zones, before = None, await self.window.look()
                continue
            after, edited = await self.window.edited(before)
            stale = edited & pending.keys()
            if records.counted != len(records.rows):
                if not stale and attempt + 2 == ATTEMPTS:  # no edit that NetBox logs explains it
                    check_whole(RECORDS, records.counted, len(records.rows))
                stale = frozenset(pending)
            done += await self._desired(zones, records.rows, pending, stale)
            pending = {id_: ref for id_, ref in pending.items() if id_ in stale}
            if not pending:
                return _Read(refs, done)
            zones, before = None, after
        alone = [await self._alone(ref) for ref in pending.values()]
        overtaken = tuple(zone for each in alone for zone in each.overtaken)
        return _Read(refs, done + [desired for each in alone for desired in each.done], overtaken)

    async def _alone(self, ref: ZoneRef) -> _Read:
        """Read a zone that is edited all the while: what one page holds was so at one moment."""
        before = await self.window.look()
        zones = await self._zones([ref.id])
        records = await self._records(zones)
        _, zones_edited = await self.window.edited(before)
        edited = ref.id in zones_edited
        if not edited:
            check_whole(RECORDS, records.counted, len(records.rows))
        if edited and records.pages > 1:
            return _Read((ref,), overtaken=(ref.name,))
        return _Read((ref,), await self._desired(zones, records.rows, {ref.id: ref}, frozenset()))

    async def _zones(self, ids: Iterable[int]) -> tuple[ZoneRow, ...]:
        query: Query = [("fields", ZONE_FIELDS), ("active", "true"), *(("id", each) for each in ids)]
        return tuple((await read(self.client, ZONES, query, ZoneRow)).rows)

    async def _records(self, zones: Sequence[ZoneRow]) -> Listed[RecordRow]:
        """Read the active records of *zones*; raises `_TooManyError` where several zones have too many together."""
        if not zones:
            return Listed([], 0, 0)
        query: Query = [("fields", RECORD_FIELDS), ("active", "true"), *(("zone_id", row.id) for row in zones)]
        most = RECORDS_AT_ONCE if len(zones) > 1 else None
        listed = await read_short(self.client, RECORDS, query, RecordRow, most)
        if listed is None:
            raise _TooManyError
        return listed

    async def _desired(
        self, zones: Sequence[ZoneRow], rows: list[RecordRow], pending: dict[int, ZoneRef], stale: frozenset[int]
    ) -> list[Desired]:
        return await self._made_of(zones, await by_zone(self.client, zones, rows), pending, stale)

    async def _made_of(
        self,
        zones: Sequence[ZoneRow],
        records: dict[int, list[RecordRow]],
        pending: Mapping[int, ZoneRef],
        stale: frozenset[int],
    ) -> list[Desired]:
        wanted = [zone for zone in zones if self._is_as_listed(zone, pending, stale)]
        return await off_the_loop(sum(map(len, records.values())), self._made, wanted, records)

    def _made(self, zones: Sequence[ZoneRow], records: dict[int, list[RecordRow]]) -> list[Desired]:
        return [self._desired_of(zone, self._meanings(zone, records.get(zone.id, []))) for zone in zones]

    def _meanings(self, zone: ZoneRow, rows: list[RecordRow]) -> Iterator[Meaning | LeftOut]:
        name, url = zone_ref(self.client, zone).name, self.client.record_url
        return (meaning(row, name, url) for row in _taken(rows))

    def _desired_of(self, zone: ZoneRow, found: Iterable[Meaning | LeftOut]) -> Desired:
        return desired_of(zone_ref(self.client, zone), found, zone.default_ttl, self.client.record_url)

    def _is_as_listed(self, zone: ZoneRow, refs: Mapping[int, ZoneRef], stale: frozenset[int]) -> bool:
        """Tell whether no edit overtook *zone*, be it that it has another name or view than when it was listed."""
        ref = zone_ref(self.client, zone)
        return zone.id not in stale and (ref.name, ref.view) == (refs[zone.id].name, refs[zone.id].view)


def _taken(rows: list[RecordRow]) -> Iterator[RecordRow]:
    """Yield *rows* and let go of each: a large zone is in memory in one form, not in both."""
    rows.reverse()
    while rows:
        yield rows.pop()
