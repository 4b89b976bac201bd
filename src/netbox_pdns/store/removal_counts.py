"""How much was removed lately that NetBox did not explain: so that a hundred small removals stop the guard as one big one.

A removal is *reserved* before it is sent, *settled* when it was applied, and *taken back* when it certainly was not. One
that is neither, since the process died or the server did not answer, is in doubt: what of it is still there to be removed
was not removed, so it is not counted beside the plan that would remove it now. Nothing counts twice, nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from netbox_pdns.planning.values import RecordKey
from netbox_pdns.store.ids import Ids
from netbox_pdns.store.journal import Journal
from netbox_pdns.store.models import RemovalRow
from netbox_pdns.store.values import Clock
from netbox_pdns.store.writes import Write, upsert

WINDOW = 24 * 3600.0
"""Seconds that a removal counts."""
PATIENCE = 2.0
"""Seconds that a removal waits until it is noted on disk; past them it goes on, and the store's health says why."""
_MOST_DIGESTS = 1000


@dataclass(frozen=True, slots=True)
class Removal:
    """One removal; `digests` stand for its records (the first thousand), `whole_zone` says that the zone was deleted."""

    id: str
    target: str
    zone: str
    at: float
    whole_zone: bool
    records: int
    digests: frozenset[str]
    settled: bool = False

    def counted(self, wanted: frozenset[str]) -> int:
        """Return how many records this removed, given that *wanted* are to be removed now."""
        return self.records if self.settled else self.records - len(self.digests & wanted)

    def without(self, digests: frozenset[str]) -> Removal:
        """Return this removal without those of *digests*, which were not removed by it."""
        return replace(self, records=self.records - len(self.digests & digests), digests=self.digests - digests)


@dataclass(frozen=True, slots=True)
class PutRemoval(Write):
    """A removal as it stands, or (None) that it was none."""

    id: str
    removal: Removal | None

    @property
    def key(self) -> Hashable:
        """A removal is known by its id."""
        return ("removal", self.id)

    @classmethod
    async def apply(cls, connection: AsyncConnection, writes: Sequence[PutRemoval]) -> None:
        """Write the removals, and delete what was none."""
        if gone := [write.id for write in writes if write.removal is None]:
            await connection.execute(delete(RemovalRow).where(RemovalRow.id.in_(gone)))
        if there := [write.removal for write in writes if write.removal is not None]:
            rows = [asdict(each) | {"digests": msgspec.json.encode(sorted(each.digests)).decode()} for each in there]
            await upsert(connection, RemovalRow, rows)


@dataclass(frozen=True, slots=True)
class PruneRemovals(Write):
    """Those from before a time count no more."""

    before: float

    @property
    def key(self) -> Hashable:
        """The latest says all."""
        return "prune-removals"

    @classmethod
    async def apply(cls, connection: AsyncConnection, writes: Sequence[PruneRemovals]) -> None:
        """Delete them."""
        for write in writes:
            await connection.execute(delete(RemovalRow).where(RemovalRow.at < write.before))


class RemovalCounts:
    """The removals of the last 24 hours, in memory, with a copy on disk."""

    def __init__(self, journal: Journal, ids: Ids, clock: Clock) -> None:
        self._journal = journal
        self._ids = ids
        self._clock = clock
        self._removals: dict[str, Removal] = {}

    async def recall(self, connection: AsyncConnection) -> None:
        """Read those that still count; one from the future, where the clock was wrong, is as if it were of now."""
        now = self._clock()
        rows = await connection.execute(select(RemovalRow.__table__).where(RemovalRow.at >= now - WINDOW))
        for row in rows:
            digests = frozenset(msgspec.json.decode(row.digests, type=list[str]))
            self._removals[row.id] = Removal(
                row.id, row.target, row.zone, min(row.at, now), row.whole_zone, row.records, digests, row.settled
            )

    def records_gone(self, target: str, zone: str, wanted: Iterable[RecordKey] = ()) -> int:
        """Return how many records of *zone* went from *target* in the last 24 hours, without an explanation.

        *wanted* are those that the plan at hand would remove: where a removal in doubt names them, it did not happen.
        """
        digests = _digests(wanted)
        return sum(each.counted(digests) for each in self._lately(target) if each.zone == zone)

    def zones_gone(self, target: str, wanted: Iterable[str] = ()) -> int:
        """Return how many zones were deleted on *target* in the last 24 hours; *wanted* are to be deleted now."""
        there = frozenset(wanted)
        lately = (each for each in self._lately(target) if each.whole_zone)
        return len({each.zone for each in lately if each.settled or each.zone not in there})

    async def reserve(
        self, target: str, zone: str, records: Iterable[RecordKey] = (), *, whole_zone: bool = False
    ) -> str:
        """Note, before it is sent, that *records* are removed without an explanation, or that the zone is deleted.

        Returns what `settle` and `take_back` ask for. It is on disk by then, unless the store does not work: DNS does not
        wait for it longer than `PATIENCE`, and not at all where it is known not to work.
        """
        records = list(records)
        digests = _digests(records[:_MOST_DIGESTS])
        self._take_over(target, zone, digests, whole_zone)
        removal = Removal(self._ids.next(), target, zone, self._clock(), whole_zone, len(records), digests)
        self._put(removal.id, removal)
        self.prune()
        if self._journal.health.ok:
            await self._journal.written(PATIENCE)
        return removal.id

    def settle(self, removal_id: str) -> None:
        """Take note that the removal was applied."""
        if removal := self._removals.get(removal_id):
            self._put(removal_id, replace(removal, settled=True))

    def take_back(self, removal_id: str) -> None:
        """Take note that the removal was not applied: the server said so, or was never asked."""
        if removal_id in self._removals:
            self._put(removal_id, None)

    def prune(self) -> None:
        """Forget those that count no more."""
        before = self._clock() - WINDOW
        old = [key for key, removal in self._removals.items() if removal.at < before]
        for key in old:
            del self._removals[key]
        if old:
            self._journal.put(PruneRemovals(before))

    def again(self) -> None:
        """Write all once more: the file was made anew."""
        for key, removal in self._removals.items():
            self._journal.put(PutRemoval(key, removal))

    def _lately(self, target: str) -> Iterator[Removal]:
        since = self._clock() - WINDOW
        return (each for each in self._removals.values() if each.target == target and each.at >= since)

    def _take_over(self, target: str, zone: str, digests: frozenset[str], whole_zone: bool) -> None:
        """Take out of those in doubt what is still to be removed: it was not removed by them."""
        for each in list(self._removals.values()):
            if (each.target, each.zone, each.settled) != (target, zone, False):
                continue
            left = replace(each.without(digests), whole_zone=each.whole_zone and not whole_zone)
            if left != each:
                self._put(each.id, left if left.records or left.whole_zone else None)

    def _put(self, removal_id: str, removal: Removal | None) -> None:
        if removal is None:
            del self._removals[removal_id]
        else:
            self._removals[removal_id] = removal
        self._journal.put(PutRemoval(removal_id, removal))


def _digests(records: Iterable[RecordKey]) -> frozenset[str]:
    return frozenset(
        blake2b("\0".join(record).encode("utf-8", "replace"), digest_size=8).hexdigest() for record in records
    )
