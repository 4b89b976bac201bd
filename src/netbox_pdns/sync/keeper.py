"""Keeps all targets as NetBox wants them, for as long as it runs: hints to the workers, passes over everything.

The keeper takes hints and hands them on; it decides nothing about DNS. A pass reads in bulk what the workers would read
zone by zone, and leaves a zone to them that a hint was about since it began.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Literal, Protocol

from netbox_pdns.errors import NetboxPdnsError, TransientError, UnexpectedError
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.events import Event, Listener, LookDone, PassBegun, PassDone, ZoneDone, ZonePlanned
from netbox_pdns.sync.hints import WHOLE, Cause, Depth, Hint, Trigger
from netbox_pdns.sync.outcome import SyncRequest, ZoneOutcome
from netbox_pdns.sync.ports import Source
from netbox_pdns.sync.posting import state_after
from netbox_pdns.sync.queue import PATIENT, Backoff, Work
from netbox_pdns.sync.reconcile import Served
from netbox_pdns.sync.survey import differing
from netbox_pdns.sync.turns import Turns
from netbox_pdns.sync.worker import Hold, Worker

HINTS_AT_MOST = 30
"""So many zones that need a look get hints of their own; more are read in bulk."""


class MakeEngine(Protocol):
    """What makes the engine of a pass over the targets *served*."""

    def __call__(self, served: Sequence[Served], listener: Listener, turns: Turns) -> Engine:
        """Return it."""


class Keeper:
    """All targets of one installation. `run` works until `stop`."""

    def __init__(
        self,
        source: Source,
        workers: Sequence[Worker],
        make_engine: MakeEngine,
        hold: Hold,
        board: Board,
        tell: Listener,
        *,
        patience: float = 20.0,
        drift: Literal["mend", "report"] = "mend",
        backoff: Backoff = PATIENT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers: Mapping[str, Worker] = {worker.target: worker for worker in workers}
        self._source = source
        self._make_engine = make_engine
        self._hold = hold
        self._board = board
        self._tell = tell
        self._patience = patience
        self.drift: Literal["mend", "report"] = drift
        """What a scheduled pass over all content does; it may be exchanged at any time."""
        self._backoff = backoff
        self._failed_passes = 0
        self._later: dict[str, asyncio.TimerHandle] = {}
        self._monotonic = monotonic
        self._passes: dict[str, tuple[Depth, Cause]] = {}
        self._wanted = asyncio.Event()
        self._stopping = asyncio.Event()

    def look(self, hint: Hint, request: SyncRequest | None = None) -> None:
        """Have one zone looked at: on the hint's target, or on each."""
        for name, worker in self._workers.items():
            if hint.target in {None, name}:
                worker.hint(hint, request)

    def look_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        """Have all zones looked at in the background; what is asked for while a pass goes on makes one more afterwards."""
        for name in self._workers:
            waiting = self._passes.get(name)
            if target in {None, name} and (waiting is None or waiting[0] is Depth.LISTS):
                self._passes[name] = (depth, cause)
        self._wanted.set()

    def begin(self) -> None:
        """Say that the first pass is on its way."""
        self._board.initial_sync.started = True

    def distrust(self, why: str) -> None:
        """Write nothing from now on: NetBox shows what is older than what was applied. Looks go on, and are shown."""
        self._board.suspect = why

    def accept_source(self) -> None:
        """Take NetBox as it is now, and bring all targets to it, under the guard's rules."""
        self._board.suspect = None
        self.look_everywhere(Depth.CONTENT, Cause(Trigger.PEOPLE, self._board.clock()))

    def stop(self) -> None:
        """Begin nothing more; `run` returns when what is under way is done, or its patience over."""
        self._stopping.set()
        for handle in self._later.values():
            handle.cancel()
        for worker in self._workers.values():
            worker.stop()

    async def run(self) -> None:
        """Work until `stop`; then what is under way gets so many seconds to be finished, and is broken off."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(worker.run()) for worker in self._workers.values()]
            passes = group.create_task(self._pass_by_pass())
            await self._stopping.wait()
            passes.cancel()
            _, late = await asyncio.wait([*tasks, passes], timeout=self._patience)
            for task in late:
                task.cancel()

    async def _pass_by_pass(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while self._passes:
                depth, cause = next(iter(self._passes.values()))
                names = tuple(name for name, (wanted, _) in self._passes.items() if wanted is depth)
                for name in names:
                    del self._passes[name]
                await self._pass(depth, cause, names)

    async def _pass(self, depth: Depth, cause: Cause, names: tuple[str, ...]) -> None:
        started = self._monotonic()
        initial = cause.trigger is Trigger.START
        if initial:
            self._board.initial_sync.started = True
        reporting = depth is Depth.CONTENT and cause.trigger is Trigger.SCHEDULE and self.drift == "report"
        dry = reporting or self._board.suspect is not None
        self._tell(PassBegun(depth, cause, names))
        failures: dict[str, NetboxPdnsError] = {}
        try:
            async with self._hold(("", ""), "full_sync"), AsyncExitStack() as stack:
                for name in names:
                    stack.enter_context(self._workers[name].passed_over())
                await self._over_all(depth, cause, names, failures, dry=dry)
        except NetboxPdnsError as raised:
            failures |= dict.fromkeys(names, raised)
        except Exception as fault:  # noqa: BLE001  the next pass may have better luck, and hints go on meanwhile
            failures |= dict.fromkeys(names, UnexpectedError("the pass was broken off", fault))
        first = next(iter(failures.values()), None)
        self._after_pass(initial=initial, error=first)
        self._failed_passes = 0 if first is None else self._failed_passes + 1
        for name, error in failures.items():
            asked = error.retry_after if isinstance(error, TransientError) else None
            delay = max(asked or 0.0, self._backoff.delay(self._failed_passes, 1.0))
            self._later[name] = asyncio.get_running_loop().call_later(delay, self.look_everywhere, depth, cause, name)
        done = tuple(name for name in names if name not in failures)
        self._tell(PassDone(depth, cause, done, self._monotonic() - started, first, dry))

    async def _over_all(
        self, depth: Depth, cause: Cause, names: Sequence[str], failures: dict[str, NetboxPdnsError], *, dry: bool
    ) -> None:
        turns = PassTurns(self._workers, self._hold, cause)
        served = [self._workers[name].served for name in names]
        only = None
        if depth is Depth.LISTS:
            only = frozenset[tuple[str, str]]()
            for each in served:
                only |= await self._survey(each, failures)
            if len(only) <= HINTS_AT_MOST:
                for name, zone in sorted(only):
                    self.look(Hint(zone, cause, WHOLE, name))
                return
            served = [each for each in served if any(each.target.name == name for name, _ in only)]

        def listen(event: Event) -> None:
            self._listen(event, cause, dry=dry)

        report = await self._make_engine(served, listen, turns).run(SyncRequest(only=only, dry_run=dry))
        for done in report.targets:
            self._note(done.name, done.error)
            failures |= {} if done.error is None else {done.name: done.error}

    async def _survey(self, served: Served, failures: dict[str, NetboxPdnsError]) -> frozenset[tuple[str, str]]:
        name = served.target.name
        try:
            zones = await differing(self._source, served, self._board)
        except NetboxPdnsError as error:
            failures[name] = error
            self._note(name, error)
            return frozenset()
        self._note(name, None)
        return frozenset((name, zone) for zone in zones)

    def _listen(self, event: Event, cause: Cause, *, dry: bool) -> None:
        match event:
            case ZonePlanned():
                self._workers[event.plan.target].learn(event)
            case ZoneDone():
                self._after_zone(event.outcome.held_by(event.held), cause, dry=dry)
            case _:
                self._tell(event)

    def _after_zone(self, outcome: ZoneOutcome, cause: Cause, *, dry: bool) -> None:
        worker = self._workers[outcome.target]
        if outcome.error is not None:
            worker.again(outcome, outcome.error)
        elif outcome.plan is None:
            return  # it was left to its own hint, or is gone
        elif outcome.orphaned and outcome.applied:
            self._board.forget(outcome.target, outcome.zone)
        elif not worker.queue.holds(outcome.zone):
            before = self._board.zone(outcome.target, outcome.zone)
            self._board.note(state_after(before, outcome, WHOLE, self._board.clock()))
        work = Work(outcome.zone, WHOLE, (cause,), frozenset(), 0.0)
        self._tell(LookDone(outcome.target, work, outcome, outcome.error, outcome.seconds, dry))

    def _note(self, target: str, error: NetboxPdnsError | None) -> None:
        state = self._board.targets[target]
        passed = state.last_pass if error is not None else self._board.clock()
        said = None if error is None else str(error)
        self._board.targets[target] = replace(state, error=said, last_pass=passed)

    def _after_pass(self, *, initial: bool, error: NetboxPdnsError | None) -> None:
        self._board.tally.syncs += 1
        self._board.tally.failed_syncs += error is not None
        if error is None:
            self._board.last_sync = self._board.clock()
        state = self._board.initial_sync
        if initial or not state.completed:
            state.completed = state.completed or error is None
            state.error = None if error is None else str(error)


class PassTurns:
    """Whose turn a zone is, for the pass that goes on."""

    def __init__(self, workers: Mapping[str, Worker], hold: Hold, cause: Cause) -> None:
        self._workers = workers
        self._hold = hold
        self._cause = cause

    def turn(self, target: str, zone: str) -> AbstractAsyncContextManager[bool]:
        """Yield whether the pass may work on the zone; where it may not, the zone gets a hint, and is not left out."""
        return self._turn(target, zone)

    @asynccontextmanager
    async def _turn(self, target: str, zone: str) -> AsyncIterator[bool]:
        worker = self._workers[target]
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self._hold((target, zone), "full_sync_zone"))
            except TransientError:  # not had in time: whoever has it looks at the zone, and the queue does after that
                ours = False
            else:
                ours = not worker.touched(zone)
            if not ours:
                worker.hint(Hint(zone, self._cause, WHOLE, target))
            yield ours
