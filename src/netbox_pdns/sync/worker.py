"""One target's zones, looked at as their hints say: so many at a time, each in its turn, failures again later.

What is looked at, and what comes of it, is the looker's; what others are told of it goes to the listener and the board.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from netbox_pdns.errors import NetboxPdnsError, TransientError, UnexpectedError
from netbox_pdns.sync.board import Board, BreakerState, Condition, TargetState
from netbox_pdns.sync.events import Event, Listener, LookDone
from netbox_pdns.sync.hints import WHOLE, Cause, Hint, Trigger
from netbox_pdns.sync.looker import Looker
from netbox_pdns.sync.outcome import SyncRequest, ZoneOutcome
from netbox_pdns.sync.posting import failed, state_after
from netbox_pdns.sync.queue import Work, ZoneQueue
from netbox_pdns.sync.reconcile import Served


class Gate(Protocol):
    """A circuit breaker, as far as the queue asks it."""

    @property
    def state(self) -> BreakerState:
        """Its state."""

    def until_trial(self) -> float:
        """Return the seconds until a call may be made; 0 where one may be made now."""


class Hold(Protocol):
    """Where a zone of a target is taken for an operation; raises `TransientError` where it cannot be had in time."""

    def __call__(self, key: tuple[str, str], operation: str) -> AbstractAsyncContextManager[object]:
        """Hold *key* within the block."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A breaker that never opens."""

    state: BreakerState = BreakerState.CLOSED

    def until_trial(self) -> float:
        """Return 0."""
        return 0.0


class Worker:
    """Works off the queue of one target."""

    def __init__(
        self,
        looker: Looker,
        queue: ZoneQueue,
        hold: Hold,
        board: Board,
        tell: Listener,
        *,
        gates: tuple[Gate, ...] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.target = looker.served.target.name
        self.queue = queue
        self._looker = looker
        self._hold = hold
        self._board = board
        self._tell = tell
        self._gates = gates
        self._monotonic = monotonic
        self._slots = asyncio.Semaphore(looker.served.settings.concurrency)
        self._woken = asyncio.Event()
        self._stopping = False
        self._had_outage = False
        self._requests: dict[str, SyncRequest] = {}
        self._touched: set[str] | None = None
        """The zones at which a look began, or was asked for, since the pass that goes on began; None while none does."""
        board.targets[self.target] = TargetState(self.target, looker.served.settings.url)
        board.queues[self.target] = lambda: queue.state(monotonic())

    def hint(self, hint: Hint, request: SyncRequest | None = None) -> None:
        """Have a zone looked at; *request* may force or adopt."""
        now = self._monotonic()
        self.queue.add(hint.zone, hint.scope, [hint.cause], now, gone=hint.gone)
        self._touch(hint.zone)
        if request is not None:
            self._requests[hint.zone] = request
        state = self._board.zone(self.target, hint.zone)
        if state.condition in {Condition.EQUAL, Condition.UNKNOWN}:
            self._board.note(replace(state, condition=Condition.WAITING))
        self._woken.set()

    def again(self, outcome: ZoneOutcome, error: NetboxPdnsError) -> None:
        """Have a zone looked at again in a while that a pass failed to bring."""
        delay = self.queue.delay(1)
        now = self._board.clock()
        self.queue.add(outcome.zone, WHOLE, [Cause(Trigger.AGAIN, now)], self._monotonic(), after=delay)
        state = failed(self._board.zone(self.target, outcome.zone), error)
        self._board.note(replace(state, attempts=max(1, state.attempts), next_try=now + delay))
        self._woken.set()

    def learn(self, event: Event) -> None:
        """Learn from a whole look that a pass makes at a zone."""
        self._looker.note(event)

    @contextmanager
    def passed_over(self) -> Iterator[None]:
        """Have a pass go on within the block: it is late for the zones that are `touched` meanwhile."""
        self._touched = set()
        try:
            yield
        finally:
            self._touched = None

    def touched(self, zone: str) -> bool:
        """Tell whether a look at *zone* began, or was asked for, since the pass that goes on began."""
        return self._touched is not None and zone in self._touched

    def _touch(self, zone: str) -> None:
        # Not forgotten before the pass is over, also where neither side has the zone any more: the pass may have read it.
        if self._touched is not None:
            self._touched.add(zone)

    @property
    def served(self) -> Served:
        """The target, and what is wanted of it."""
        return self._looker.served

    def stop(self) -> None:
        """Begin no more looks; those under way are finished."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Look at what is due, until `stop`."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._slots.acquire()
                work = await self._next()
                if work is None:
                    return
                group.create_task(self._work(work))

    async def _next(self) -> Work | None:
        while not self._stopping:
            self._woken.clear()
            now = self._monotonic()
            wait = self._closed_for()
            self._after_an_outage(now, may_try=wait == 0)
            if wait == 0:
                if (work := self.queue.take(now)) is not None:
                    # A part of a zone is read by several calls at once, and one alone may try whether a server is back.
                    return work if self._all_closed() else replace(work, scope=WHOLE)
                wait = self.queue.wait(now)
            try:
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            except TimeoutError:
                continue
        return None

    def _after_an_outage(self, now: float, *, may_try: bool) -> None:
        """Have one zone try whether a server is back, however long it is backed off from; where it is, all of them go on."""
        if not self._all_closed():
            self._had_outage = True
            if may_try:
                self.queue.hurry(now, 1)
        elif self._had_outage:
            self._had_outage = False
            self.queue.hurry(now)

    def _all_closed(self) -> bool:
        return all(gate.state is BreakerState.CLOSED for gate in self._gates)

    def _closed_for(self) -> float | None:
        """Return the seconds for which a breaker lets nothing through; None until the trial that is under way is over."""
        wait = max((gate.until_trial() for gate in self._gates), default=0.0)
        if wait:
            return wait
        return None if not self._all_closed() and self.queue.is_active else 0.0

    async def _work(self, work: Work) -> None:
        started = self._monotonic()
        self._touch(work.zone)
        request = self._requests.pop(work.zone, None)
        allowed = self._allowed(request)
        outcome, error = await self._looked(work, allowed)
        now = self._monotonic()
        delay = None
        if error is None:
            self.queue.done(work, now)
        else:
            asked = error.retry_after if isinstance(error, TransientError) else None
            delay = self.queue.failed(work, now, wait=asked)
            if request is not None:
                self._requests.setdefault(work.zone, request)
        self._post(work, outcome, error, delay)
        dry = allowed is not None and allowed.dry_run
        self._tell(LookDone(self.target, work, outcome, error, now - started, dry))
        self._slots.release()
        self._woken.set()

    def _allowed(self, request: SyncRequest | None) -> SyncRequest | None:
        """Return what may be done now: while NetBox is not to be believed nothing is written."""
        return request if self._board.suspect is None else replace(request or SyncRequest(), dry_run=True)

    async def _looked(
        self, work: Work, request: SyncRequest | None
    ) -> tuple[ZoneOutcome | None, NetboxPdnsError | None]:
        try:
            async with self._hold((self.target, work.zone), f"{work.causes[0].trigger}_zone_sync"):
                outcome = await self._looker.look(work.zone, work.scope, request, work.gone)
        except NetboxPdnsError as error:
            return None, error
        except Exception as fault:  # noqa: BLE001  one zone's bad luck must not end the service; it is logged whole
            return None, UnexpectedError(f"{work.zone} could not be looked at", fault)
        return outcome, None if outcome is None else outcome.error

    def _post(
        self, work: Work, outcome: ZoneOutcome | None, error: NetboxPdnsError | None, delay: float | None
    ) -> None:
        before = self._board.zone(self.target, work.zone)
        if error is None and outcome is None:
            self._board.forget(self.target, work.zone)
            return
        now = self._board.clock()
        state = failed(replace(before, looked_at=now), error) if outcome is None and error is not None else before
        if outcome is not None:
            state = state_after(before, outcome, work.scope, now)
            if outcome.orphaned and outcome.applied:
                self._board.forget(self.target, work.zone)
                return
        if delay is not None:
            state = replace(state, attempts=work.attempts + 1, next_try=now + delay)
        self._board.note(state)
