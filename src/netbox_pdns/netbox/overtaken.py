"""Which zones were edited while they were read: what the change log has after the reading that it had not before.

NetBox gives change-log entries their id and time *before* it commits them, so neither the highest id nor the latest
time tells what is new: an entry with a lower id can appear after one with a higher. Every look therefore takes in all
entries of an overlap (15 minutes by default: no transaction may take longer), and what the later look has more of
has appeared in between.

Entries are listed by their time, as long as they are one page. Where they are more, after an import, say, they are listed
once; from then on only those with higher ids are, and the ids that are missing below (`netbox_pdns.netbox.sight`).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from netbox_pdns.errors import TransientError
from netbox_pdns.netbox import listing
from netbox_pdns.netbox.changes import ChangeLog, missing
from netbox_pdns.netbox.client import NetBoxClient, Query
from netbox_pdns.netbox.listing import follow, page_after
from netbox_pdns.netbox.sight import Sight
from netbox_pdns.netbox.wire import CHANGES, RECORD_TYPE, ZONE_TYPE, ChangeId, ChangeRow, LogEntry, RecordRow, ZoneRow

Records: TypeAlias = listing.Listed[RecordRow]

MOST_KEPT = 100
"""Zones whose records are kept until they are read."""
HOLDS = 10.0
"""Seconds for which a zone that came whole is kept until it is read."""
_IDS_AT_ONCE = 100
_FIELDS = "id,time,action,changed_object_type,changed_object_id,prechange_data,postchange_data"
_KINDS = frozenset({RECORD_TYPE, ZONE_TYPE})
_TYPES: Query = tuple(("changed_object_type", kind) for kind in sorted(_KINDS))


class ChangeWindow:
    """Looks at the last *overlap* seconds of the change log. A look is known by how many entries had been seen by then."""

    def __init__(self, client: NetBoxClient, overlap: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._log = ChangeLog(client)
        self._overlap = overlap
        self._clock = clock
        self._entries: list[int] = []
        """The entries about zones and records, in the order in which they were seen first."""
        self._forgotten = 0
        self._seen: set[int] = set()
        self._ended: deque[tuple[float, int]] = deque()
        """When each look ended, and what it is known by."""
        self._sight: Sight | None = None
        self._sight_until = 0.0
        self._next: asyncio.Task[int] | None = None
        self._looks: set[asyncio.Task[int]] = set()
        self._one_at_a_time = asyncio.Lock()

    async def close(self) -> None:
        """Break off the looks under way: who asked for them may be gone, and the client is about to be."""
        for look in tuple(self._looks):
            look.cancel()
        await asyncio.gather(*self._looks, return_exceptions=True)

    async def latest(self, within: float = math.inf) -> int:
        """Return the latest look of the last *within* seconds, a new one without: good as a look before a reading."""
        if self._ended and self._ended[-1][0] >= self._clock() - within:
            return self._ended[-1][1]
        return await self.look()

    async def look(self) -> int:
        """See all entries about zones and records that are visible now, and return what this look is known by.

        Who asks while another look is under way shares the next one, which begins after all of them asked.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._look())
            self._looks.add(self._next)
            self._next.add_done_callback(self._over)
        return await asyncio.shield(self._next)

    async def edited(self, before: int) -> tuple[int, frozenset[int]]:
        """Look, and return what that is known by, and the ids of the zones that were edited since the look *before*.

        Raises `TransientError` where that look was too long ago to tell.
        """
        after = await self.look()
        return after, await self._zones(self.appeared(before, after))

    def appeared(self, before: int, after: int) -> Sequence[int]:
        """Return the ids of the entries that were seen by the look *after* and not by the one *before*.

        Raises `TransientError` where that was too long ago to tell.
        """
        if before < self._forgotten:
            raise TransientError(
                f"a reading of NetBox took longer than {2 * self._overlap:.0f} s: edits cannot be told any more",
                hint="raise NETBOX_PDNS_NB_OVERLAP, or see why NetBox is so slow",
            )
        return self._entries[before - self._forgotten : after - self._forgotten]

    def _over(self, look: asyncio.Task[int]) -> None:
        self._looks.discard(look)
        if not look.cancelled():
            look.exception()  # whoever still waits is told; nobody may

    async def _look(self) -> int:
        async with self._one_at_a_time:
            self._next = None  # who asks from now on wants to see what comes meanwhile
            asked = self._clock()
            if self._sight is not None and asked < self._sight_until:
                await self._see_more(self._sight)
            else:
                await self._see_all(asked)
            self._forget(asked - 2 * self._overlap)
            self._ended.append((asked, self._forgotten + len(self._entries)))
            return self._ended[-1][1]

    async def _see_all(self, asked: float) -> None:
        self._sight = None
        since = datetime.fromtimestamp(self._client.now() - self._overlap, UTC)
        query: Query = [*_TYPES, ("time_after", since.isoformat()), ("fields", "id")]
        page = await page_after(self._client, CHANGES, query, ChangeId, 0)
        if page.next is None:
            self._note(row.id for row in page.results)
            return
        last = await self._log.newest(older_than=self._overlap)
        sight = Sight(0 if last is None else last.id)
        await self._see_more(sight)
        self._sight, self._sight_until = sight, asked + self._overlap

    async def _see_more(self, sight: Sight) -> None:
        async for page in self._log.between(sight.top + 1):
            self._see(sight, page)
        async for page in missing(self._log, sight):
            self._see(sight, page)

    def _see(self, sight: Sight, page: Sequence[LogEntry]) -> None:
        sight.see((entry.id for entry in page), self._clock())
        self._note(entry.id for entry in page if entry.changed_object_type in _KINDS)

    def _note(self, ids: Iterable[int]) -> None:
        new = [number for number in ids if number not in self._seen]
        self._entries += new
        self._seen.update(new)

    def _forget(self, ended_until: float) -> None:
        """Forget the entries that were seen by looks up to that time: nothing that goes on began before."""
        while self._ended and self._ended[0][0] < ended_until:
            _, upto = self._ended.popleft()
            gone = upto - self._forgotten
            self._seen.difference_update(self._entries[:gone])
            del self._entries[:gone]
            self._forgotten = upto

    async def _zones(self, entries: Sequence[int]) -> frozenset[int]:
        """Return the ids of the zones that *entries* are about, before and after the change."""
        concerned: set[int] = set()
        for ids in _batches(sorted(entries)):
            query: Query = [*(("id", each) for each in ids), ("fields", _FIELDS)]
            for row in (await follow(self._client, CHANGES, query, ChangeRow)).rows:
                concerned.update(_zones(row))
        return frozenset(concerned)


@dataclass(frozen=True, slots=True)
class Listed:
    """A zone's row, the look at the change log before it was listed, and until when the log tells of later edits."""

    row: ZoneRow
    before: int
    until: float


class KnownZones:
    """The rows of the zones that were listed last: they are not asked for again while the log tells whether they hold."""

    def __init__(self, overlap: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._holds = overlap / 2
        self._clock = clock
        self._listed: dict[int, Listed] = {}
        self._whole_view: frozenset[int] = frozenset()
        self._records: dict[int, Records] = {}
        self._whole: dict[int, tuple[ZoneRow, Sequence[RecordRow], float]] = {}

    def note(self, rows: Sequence[ZoneRow], before: int, *, whole_view: bool = False) -> None:
        """Take note of *rows*, listed after the look *before*; *whole_view* tells whether they are all of their view."""
        if whole_view:
            self._whole_view = frozenset(row.id for row in rows)
        now = self._clock()
        for row in rows:
            self._records.pop(row.id, None)  # they were read after another look
            self._whole.pop(row.id, None)
        self._listed = {number: each for number, each in self._listed.items() if each.until > now}
        self._listed |= {row.id: Listed(row, before, now + self._holds) for row in rows}

    def note_records(self, zone: int, records: Records) -> None:
        """Take note of the records of the *zone* that was noted just now: they too were read after that look."""
        while len(self._records) >= MOST_KEPT:
            del self._records[next(iter(self._records))]
        self._records[zone] = records

    def note_whole(self, row: ZoneRow, records: Sequence[RecordRow]) -> None:
        """Take note of a zone with all its records, as it was at one moment, which is now."""
        while len(self._whole) >= MOST_KEPT:
            del self._whole[next(iter(self._whole))]
        self._whole[row.id] = row, records, self._clock() + HOLDS

    def take_whole(self, zone: int) -> tuple[ZoneRow, Sequence[RecordRow]] | None:
        """Return the *zone* as it was noted by `note_whole`, once; None where that was not just now."""
        row, records, until = self._whole.pop(zone, (None, (), 0.0))
        return None if row is None or until <= self._clock() else (row, records)

    def take_records(self, ids: Collection[int]) -> Records | None:
        """Return the records of the only zone of *ids*, once, where they were read when it was listed."""
        return self._records.pop(next(iter(ids)), None) if len(ids) == 1 else None

    def are_a_view(self, ids: Collection[int]) -> bool:
        """Tell whether the zones *ids* are all active ones of a view, the one that was listed last."""
        return bool(ids) and self._whole_view == frozenset(ids)

    def of(self, ids: Iterable[int]) -> tuple[tuple[ZoneRow, ...], int] | None:
        """Return the rows of the zones *ids* and a look from before all of them; None where one is not known (any more)."""
        found = [self._listed.get(number) for number in ids]
        known = [each for each in found if each is not None and each.until > self._clock()]
        if not known or len(known) < len(found):
            return None
        return tuple(each.row for each in known), min(each.before for each in known)


def _batches(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))


def _zones(row: ChangeRow) -> Iterable[int]:
    if row.changed_object_type == ZONE_TYPE:
        return (row.changed_object_id,)
    return (zone for zone in (_zone(row.prechange_data), _zone(row.postchange_data)) if zone is not None)


def _zone(data: Mapping[str, Any] | None) -> int | None:
    zone = (data or {}).get("zone")
    return zone if isinstance(zone, int) else None
