"""Which zones were edited while they were read: the change log before and after, compared as sets.

NetBox gives change-log entries their id and time *before* it commits them, so neither the highest id nor the latest
time tells what is new: an entry with a lower id can appear after one with a higher. Every look therefore lists all
entries of an overlap (15 minutes by default: no transaction may take longer), and what the later look has more of
has appeared in between.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from netbox_pdns.netbox import listing
from netbox_pdns.netbox.client import NetBoxClient, Query
from netbox_pdns.netbox.listing import follow
from netbox_pdns.netbox.wire import CHANGES, RECORD_TYPE, ZONE_TYPE, ChangeId, ChangeRow, RecordRow, ZoneRow

Records: TypeAlias = listing.Listed[RecordRow]

MOST_KEPT = 100
"""Zones whose records are kept until they are read."""
_IDS_AT_ONCE = 100
_FIELDS = "id,time,action,changed_object_type,changed_object_id,prechange_data,postchange_data"
_TYPES: Query = (("changed_object_type", RECORD_TYPE), ("changed_object_type", ZONE_TYPE))


class ChangeWindow:
    """Looks at the last *overlap* seconds of the change log."""

    def __init__(self, client: NetBoxClient, overlap: float) -> None:
        self._client = client
        self._overlap = overlap
        self._latest: frozenset[int] | None = None
        self._next: asyncio.Task[frozenset[int]] | None = None
        self._looks: set[asyncio.Task[frozenset[int]]] = set()
        self._one_at_a_time = asyncio.Lock()

    async def close(self) -> None:
        """Break off the looks under way: who asked for them may be gone, and the client is about to be."""
        for look in tuple(self._looks):
            look.cancel()
        await asyncio.gather(*self._looks, return_exceptions=True)

    async def latest(self) -> frozenset[int]:
        """Return the latest look, the first one where there is none: good as a look before a reading."""
        return await self.look() if self._latest is None else self._latest

    async def look(self) -> frozenset[int]:
        """Return the ids of all entries about zones and records that are visible now.

        Who asks while another look is under way shares the next one, which begins after all of them asked.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._look())
            self._looks.add(self._next)
            self._next.add_done_callback(self._over)
        return await asyncio.shield(self._next)

    def _over(self, look: asyncio.Task[frozenset[int]]) -> None:
        self._looks.discard(look)
        if not look.cancelled():
            look.exception()  # whoever still waits is told; nobody may

    async def _look(self) -> frozenset[int]:
        async with self._one_at_a_time:
            self._next = None  # who asks from now on wants to see what comes meanwhile
            return await self._seen()

    async def _seen(self) -> frozenset[int]:
        since = datetime.fromtimestamp(self._client.now() - self._overlap, UTC)
        query: Query = [*_TYPES, ("time_after", since.isoformat()), ("fields", "id")]
        self._latest = frozenset(row.id for row in (await follow(self._client, CHANGES, query, ChangeId)).rows)
        return self._latest

    async def zones(self, appeared: Iterable[int]) -> frozenset[int]:
        """Return the ids of the zones that the entries *appeared* are about, before and after the change."""
        concerned: set[int] = set()
        for ids in _batches(sorted(appeared)):
            query: Query = [*(("id", each) for each in ids), ("fields", _FIELDS)]
            for row in (await follow(self._client, CHANGES, query, ChangeRow)).rows:
                concerned.update(_zones(row))
        return frozenset(concerned)


@dataclass(frozen=True, slots=True)
class Listed:
    """A zone's row, what the change log showed before it was listed, and until when the log tells of later edits."""

    row: ZoneRow
    before: frozenset[int]
    until: float


class KnownZones:
    """The rows of the zones that were listed last: they are not asked for again while the log tells whether they hold."""

    def __init__(self, overlap: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._holds = overlap / 2
        self._clock = clock
        self._listed: dict[int, Listed] = {}
        self._whole_view: frozenset[int] = frozenset()
        self._records: dict[int, Records] = {}

    def note(self, rows: Sequence[ZoneRow], before: frozenset[int], *, whole_view: bool = False) -> None:
        """Take note of *rows*, listed after the look *before*; *whole_view* tells whether they are all of their view."""
        if whole_view:
            self._whole_view = frozenset(row.id for row in rows)
        now = self._clock()
        for row in rows:
            self._records.pop(row.id, None)  # they were read after another look
        self._listed = {number: each for number, each in self._listed.items() if each.until > now}
        self._listed |= {row.id: Listed(row, before, now + self._holds) for row in rows}

    def note_records(self, zone: int, records: Records) -> None:
        """Take note of the records of the *zone* that was noted just now: they too were read after that look."""
        while len(self._records) >= MOST_KEPT:
            del self._records[next(iter(self._records))]
        self._records[zone] = records

    def take_records(self, ids: Collection[int]) -> Records | None:
        """Return the records of the only zone of *ids*, once, where they were read when it was listed."""
        return self._records.pop(next(iter(ids)), None) if len(ids) == 1 else None

    def are_a_view(self, ids: Collection[int]) -> bool:
        """Tell whether the zones *ids* are all active ones of a view, the one that was listed last."""
        return bool(ids) and self._whole_view == frozenset(ids)

    def of(self, ids: Iterable[int]) -> tuple[tuple[ZoneRow, ...], frozenset[int]] | None:
        """Return the rows of the zones *ids* and a look from before all of them; None where one is not known (any more)."""
        found = [self._listed.get(number) for number in ids]
        known = [each for each in found if each is not None and each.until > self._clock()]
        if not known or len(known) < len(found):
            return None
        return tuple(each.row for each in known), frozenset.intersection(*{each.before for each in known})


def _batches(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))


def _zones(row: ChangeRow) -> Iterable[int]:
    if row.changed_object_type == ZONE_TYPE:
        return (row.changed_object_id,)
    return (zone for zone in (_zone(row.prechange_data), _zone(row.postchange_data)) if zone is not None)


def _zone(data: Mapping[str, Any] | None) -> int | None:
    zone = (data or {}).get("zone")
    return zone if isinstance(zone, int) else None
