"""Reading zones in bulk: groups of them, three at a time, each checked for edits that overtook it.

A group is at most two hundred zones of a view and about twenty thousand records, a larger zone goes alone: no more than
four groups are in memory, one that is yielded and three that are read meanwhile. Zones that the change log shows to have
been edited meanwhile are read again before they are yielded. One that is edited all the while is taken as it stood at one
moment, where its records come in one page (one query of NetBox's database); a larger one is named in the error at the end,
when all others have been yielded.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from netbox_pdns.errors import TransientError
from netbox_pdns.netbox.client import AT_ONCE, NetBoxClient, Query, RefusedRequestError
from netbox_pdns.netbox.listing import Listed, ShiftedListError, check_whole, first_page, read, rest
from netbox_pdns.netbox.overtaken import ChangeWindow, KnownZones
from netbox_pdns.netbox.placing import by_zone
from netbox_pdns.netbox.rrsets import desired_zone
from netbox_pdns.netbox.selection import zone_ref
from netbox_pdns.netbox.wire import RECORD_FIELDS, RECORDS, ZONE_FIELDS, ZONES, RecordRow, ZoneRow
from netbox_pdns.planning.values import Desired, ZoneRef

ZONES_AT_ONCE = 200
"""Their ids are in the URL, of which the server of NetBox takes 4,094 characters; smaller groups measured slower."""
RECORDS_AT_ONCE = 20_000
GROUPS_AT_ONCE = AT_ONCE + 1
"""One more than requests are under way together: where one group waits for its next page another goes on."""
ATTEMPTS = 5
"""So often is a zone read that is edited all the while."""


class _TooManyError(Exception):
    """A group of zones has more records than are read at once."""


@dataclass(frozen=True, slots=True)
class _Group:
    """What reading a group came to, the zones that edits overtook every time, or the smaller groups to read instead."""

    done: Sequence[Desired] = ()
    overtaken: tuple[str, ...] = ()
    instead: tuple[tuple[ZoneRef, ...], ...] = ()


async def read_zones(
    client: NetBoxClient, window: ChangeWindow, known: KnownZones, refs: Sequence[ZoneRef]
) -> AsyncIterator[Desired]:
    """Yield the desired content of *refs*; a zone that went, was renamed or made inactive meanwhile is not yielded.

    Raises `TransientError` that names the zones where edits overtook every attempt, or where the list is short.
    """
    reader = _Reader(client, window, known)
    waiting = deque(_groups(refs))
    running: deque[asyncio.Task[_Group]] = deque()
    overtaken: list[str] = []

    def go_on() -> None:
        while waiting and len(running) < GROUPS_AT_ONCE:
            running.append(asyncio.create_task(reader.group(waiting.popleft())))

    try:
        go_on()
        while running:
            group = await running[0]
            running.popleft()
            waiting.extendleft(reversed(group.instead))
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


def _groups(refs: Iterable[ZoneRef]) -> Iterator[tuple[ZoneRef, ...]]:
    """Cut *refs* into groups of one view each: a zone's name tells it from the others of its group."""
    for _, of_view in itertools.groupby(sorted(refs, key=lambda ref: ref.view), key=lambda ref: ref.view):
        yield from _cut(tuple(of_view), ZONES_AT_ONCE)


def _cut(refs: tuple[ZoneRef, ...], most: int) -> tuple[tuple[ZoneRef, ...], ...]:
    return tuple(refs[at : at + most] for at in range(0, len(refs), most))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads groups of zones."""

    client: NetBoxClient
    window: ChangeWindow
    known: KnownZones

    async def group(self, refs: tuple[ZoneRef, ...]) -> _Group:
        """Read a group, edited zones of it again."""
        try:
            return await self._group(refs)
        except _TooManyError:
            return _Group(instead=_cut(refs, (len(refs) + 1) // 2))

    async def _group(self, refs: tuple[ZoneRef, ...]) -> _Group:
        done: list[Desired] = []
        pending = {ref.id: ref for ref in refs}
        listed = self.known.of(pending)
        zones, before = listed if listed is not None else (None, await self.window.latest())
        for attempt in range(ATTEMPTS - 1):
            try:
                if zones is None:
                    zones = await self._zones(pending)
                records = await self._records(zones)
            except (RefusedRequestError, ShiftedListError):  # edited while it was read
                if attempt + 2 == ATTEMPTS:
                    raise
                zones, before = None, await self.window.look()
                continue
            after = await self.window.look()
            stale = await self.window.zones(after - before) & pending.keys()
            if records.counted != len(records.rows):
                if not stale and attempt + 2 == ATTEMPTS:  # no edit that NetBox logs explains it
                    check_whole(RECORDS, records.counted, len(records.rows))
                stale = frozenset(pending)
            done += await self._desired(zones, records.rows, pending, stale)
            pending = {id_: ref for id_, ref in pending.items() if id_ in stale}
            if not pending:
                return _Group(done)
            zones, before = None, after
        alone = [await self._alone(ref) for ref in pending.values()]
        overtaken = tuple(zone for each in alone for zone in each.overtaken)
        return _Group(done + [desired for each in alone for desired in each.done], overtaken)

    async def _alone(self, ref: ZoneRef) -> _Group:
        """Read a zone that is edited all the while: what one page holds was so at one moment."""
        before = await self.window.look()
        zones = await self._zones([ref.id])
        records = await self._records(zones)
        edited = ref.id in await self.window.zones(await self.window.look() - before)
        if not edited:
            check_whole(RECORDS, records.counted, len(records.rows))
        if edited and records.pages > 1:
            return _Group(overtaken=(ref.name,))
        return _Group(await self._desired(zones, records.rows, {ref.id: ref}, frozenset()))

    async def _zones(self, ids: Iterable[int]) -> tuple[ZoneRow, ...]:
        query: Query = [("fields", ZONE_FIELDS), ("active", "true"), *(("id", each) for each in ids)]
        return tuple((await read(self.client, ZONES, query, ZoneRow)).rows)

    async def _records(self, zones: Sequence[ZoneRow]) -> Listed[RecordRow]:
        """Read the active records of *zones*; raises `_TooManyError` where several zones have too many together."""
        if not zones:
            return Listed((), 0, 0)
        query: Query = [("fields", RECORD_FIELDS), ("active", "true"), *(("zone_id", row.id) for row in zones)]
        first = await first_page(self.client, RECORDS, query, RecordRow)
        if len(zones) > 1 and (first.count or 0) > RECORDS_AT_ONCE:
            raise _TooManyError
        return await rest(self.client, RECORDS, query, first, RecordRow)

    async def _desired(
        self, zones: Sequence[ZoneRow], rows: Sequence[RecordRow], pending: dict[int, ZoneRef], stale: frozenset[int]
    ) -> list[Desired]:
        records = await by_zone(self.client, zones, rows)
        return await asyncio.to_thread(self._made, zones, records, pending, stale)

    def _made(
        self,
        zones: Sequence[ZoneRow],
        records: Mapping[int, Sequence[RecordRow]],
        pending: Mapping[int, ZoneRef],
        stale: frozenset[int],
    ) -> list[Desired]:
        found = []
        url = f"{self.client.base}/plugins/netbox-dns/records/{{id}}/"
        for zone in zones:
            ref = zone_ref(self.client, zone)
            if zone.id in stale or (ref.name, ref.view) != (pending[zone.id].name, pending[zone.id].view):
                continue
            found.append(desired_zone(ref, records.get(zone.id, ()), zone.default_ttl, url))
        return found
