"""Whoever has something to remember puts it here and goes on: one task writes it down, in batches, as the disk takes it.

The promises, before the code:

1. `put` never waits, refuses or raises.
2. What waits is bounded: of two writes about one thing one is left; past the bound the oldest receipts are folded together,
   and if that is not enough, given up and counted.
3. A write that promises something of those before it (a cursor) is never on disk before they are.
4. A batch is one transaction: wholly written or not at all. What fails is tried again, with back-off, for ever, and said;
   what no database would take is given up, counted and said.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from netbox_pdns.resilience.retry import RetryPolicy
from netbox_pdns.store.values import StoreHealth
from netbox_pdns.store.writes import Write


class FailureKind(StrEnum):
    """What is to be done about a transaction that failed."""

    AGAIN = "again"
    """The file is locked, or there is no room: try again."""
    BROKEN = "broken"
    """The file is torn or gone: mend it first."""
    REFUSED = "refused"
    """One of the writes cannot be written, ever."""


class StoreFailure(Exception):
    """A transaction failed."""

    def __init__(self, kind: FailureKind, words: str) -> None:
        super().__init__(words)
        self.kind = kind


class Disk(Protocol):
    """What the journal writes to. Each call raises `StoreFailure` where it fails."""

    async def commit(self, writes: Sequence[Write]) -> None:
        """Write all in one transaction."""

    async def commit_some(self, writes: Sequence[Write]) -> int:
        """Write what can be written, in one transaction; return how many could not."""

    async def mend(self, why: str) -> None:
        """Make the file usable again."""


_PATIENT = RetryPolicy(base=0.2, longest=30.0)


@dataclass(frozen=True, slots=True)
class JournalLimits:
    """`most` writes wait, `batch` of them go into one transaction; times are in seconds.

    A transaction that takes longer than `slow` is said to be slow. Before each one `linger` passes, so that a flood costs
    twenty transactions a second, not one a write; where somebody waits for it, it begins at once.
    """

    most: int = 10_000
    batch: int = 500
    linger: float = 0.05
    slow: float = 5.0
    policy: RetryPolicy = _PATIENT


DEFAULT_LIMITS = JournalLimits()


@dataclass(slots=True)
class _Waiting:
    """A write, and the number of the oldest put that it stands for."""

    number: int
    write: Write


def _silent(health: StoreHealth) -> None:
    """Tell nobody."""


class Journal:
    """The writes that wait, and the one task that writes them."""

    def __init__(
        self,
        disk: Disk,
        *,
        limits: JournalLimits = DEFAULT_LIMITS,
        told: Callable[[StoreHealth], None] = _silent,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._disk = disk
        self._limits = limits
        self._told = told
        self._monotonic = monotonic
        self._sleep = sleep
        self._chance = chance
        self._waiting: OrderedDict[Hashable, _Waiting] = OrderedDict()
        self._batch: list[_Waiting] = []
        self._begun: float | None = None
        self._number = 0
        self._failures = 0
        self._state = StoreHealth()
        self._there_is_some = asyncio.Event()
        self._somebody_waits = asyncio.Event()
        self._barriers: list[tuple[int, asyncio.Future[bool]]] = []

    def put(self, write: Write) -> None:
        """Have *write* written, in its turn."""
        self._number += 1
        earlier = self._waiting.get(write.key)
        if earlier is None:
            self._waiting[write.key] = _Waiting(self._number, write)
        elif write.at_end:
            del self._waiting[write.key]
            self._waiting[write.key] = _Waiting(self._number, write.after(earlier.write))
        else:
            earlier.write = write.after(earlier.write)
        if len(self._waiting) > self._limits.most:
            self._squeeze()
        self._there_is_some.set()

    @property
    def health(self) -> StoreHealth:
        """How it stands at this moment."""
        state = replace(self._state, behind=len(self._waiting) + len(self._batch))
        under_way = 0.0 if self._begun is None else self._monotonic() - self._begun
        if state.ok and under_way > self._limits.slow:
            return replace(state, ok=False, detail=_slow(under_way))
        return state

    async def written(self, patience: float) -> bool:
        """Wait until all that was put until now is on disk, at most *patience* seconds; tell whether it is.

        Where the next transaction fails, the answer is no at once.
        """
        if self._all_written():
            return True
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._barriers.append((self._number, done))
        self._somebody_waits.set()
        await asyncio.wait({done}, timeout=patience)
        return done.result() if done.done() else not done.cancel()

    async def run(self) -> None:
        """Write for ever; to be cancelled."""
        while True:
            await self._there_is_some.wait()
            await self._linger()
            await self.step()
            if self._failures:
                await self._sleep(self._limits.policy.delay(min(self._failures - 1, 20), self._chance()))

    async def drain(self, patience: float) -> bool:
        """Write what waits, at the end, for at most *patience* seconds; tell whether all is written.

        `run` must be over. The transaction that it was cancelled in may hold the file's lock for a moment.
        """
        try:
            async with asyncio.timeout(patience):
                while not self._all_written():
                    await self.step()
                    if self._failures:
                        await self._sleep(self._limits.policy.base)
        except TimeoutError:
            return False
        return True

    async def step(self) -> None:
        """Write one batch, or find out that it cannot be written now."""
        if not self._batch:
            self._take()
        if self._batch:
            self._begun = self._monotonic()
            try:
                await self._attempt([each.write for each in self._batch])
            except StoreFailure as failure:
                self._failures += 1
                self._now(replace(self._state, ok=False, detail=f"{failure}; it is tried again"))
                self._answer(False, before=self._number + 1)
            finally:
                self._begun = None
        if self._all_written():
            self._there_is_some.clear()

    async def _linger(self) -> None:
        """Let more come, until somebody waits for what is there."""
        pause = asyncio.ensure_future(self._sleep(self._limits.linger))
        asked = asyncio.ensure_future(self._somebody_waits.wait())
        try:
            await asyncio.wait({pause, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()
            asked.cancel()

    async def _attempt(self, writes: Sequence[Write]) -> None:
        try:
            await self._disk.commit(writes)
        except StoreFailure as failure:
            if failure.kind is FailureKind.AGAIN:
                raise
            if failure.kind is FailureKind.BROKEN:
                await self._disk.mend(str(failure))
                await self._disk.commit(writes)
            else:
                await self._without_the_refused(writes, failure)
        self._written()

    async def _without_the_refused(self, writes: Sequence[Write], failure: StoreFailure) -> None:
        lost = await self._disk.commit_some(writes)
        self._now(replace(self._state, lost=self._state.lost + lost, detail=f"{lost} not written: {failure}"))

    def _take(self) -> None:
        while self._waiting and len(self._batch) < self._limits.batch:
            self._batch.append(self._waiting.popitem(last=False)[1])

    def _written(self) -> None:
        self._batch = []
        took = self._monotonic() - self._begun if self._begun is not None else 0.0
        self._failures = 0
        slow = took > self._limits.slow
        self._now(replace(self._state, ok=not slow, detail=_slow(took) if slow else ""))
        self._answer(True, before=self._oldest())

    def _answer(self, answer: bool, *, before: int) -> None:
        """Answer those who wait for what was put before the put number *before*."""
        for number, done in self._barriers:
            if number < before and not done.done():
                done.set_result(answer)
        self._barriers = [barrier for barrier in self._barriers if not barrier[1].done()]
        if not self._barriers:
            self._somebody_waits.clear()

    def _all_written(self) -> bool:
        return not self._batch and not self._waiting

    def _oldest(self) -> int:
        """Return the number of the oldest put that is not on disk; past the last where all is."""
        if self._batch:
            return self._batch[0].number
        return next(iter(self._waiting.values())).number if self._waiting else self._number + 1

    def _now(self, state: StoreHealth) -> None:
        changed = (state.ok, state.detail, state.lost) != (self._state.ok, self._state.detail, self._state.lost)
        self._state = state
        if changed:
            self._told(self.health)

    def _squeeze(self) -> None:
        """Fold the oldest of what can be folded; what is too much even so is given up, a tenth of the bound at once."""
        room = self._limits.most - self._limits.most // 10
        first: dict[Hashable, Hashable] = {}
        for key, waiting in list(self._waiting.items()):
            if len(self._waiting) <= room:
                return
            fold = waiting.write.fold
            if fold is None:
                continue
            if fold in first:
                kept = self._waiting[first[fold]]
                kept.write = kept.write.folded(waiting.write)
                del self._waiting[key]
            else:
                first[fold] = key
        self._give_up(room)

    def _give_up(self, room: int) -> None:
        foldable = [key for key, waiting in self._waiting.items() if waiting.write.fold is not None]
        lost = foldable[: max(0, len(self._waiting) - room)]
        for key in lost:
            del self._waiting[key]
        if lost:
            self._now(replace(self._state, lost=self._state.lost + len(lost)))


def _slow(seconds: float) -> str:
    return f"the disk is slow: one transaction took {seconds:.0f} s"
