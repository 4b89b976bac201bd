"""A keeper over sources and targets in memory, and the waiting for what it does."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sync_memory import MemorySource, MemoryTarget, settings_of, zone

from netbox_pdns.store import kept as data_directory
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.events import Event, Listener, LookDone, PassDone
from netbox_pdns.sync.hints import WHOLE, Cause, Hint, Scope, Trigger
from netbox_pdns.sync.keeper import Keeper
from netbox_pdns.sync.looker import Looker
from netbox_pdns.sync.ports import Removals
from netbox_pdns.sync.queue import Backoff, ZoneQueue
from netbox_pdns.sync.reconcile import UNCOUNTED, Served
from netbox_pdns.sync.turns import Turns
from netbox_pdns.sync.worker import Gate, Worker

PATIENCE = 20.0
A, B = "a.example.", "b.example."
MANY = [f"z{number:02}.example." for number in range(40)]


def people(change: int | None = None) -> Cause:
    """Return why somebody looks."""
    return Cause(Trigger.PEOPLE, 0.0, change=change)


def hint(zone: str, *names: str, change: int | None = None) -> Hint:
    """Return a hint for a zone, or for the addresses of *names* in it."""
    scope = Scope(frozenset((name, "A") for name in names)) if names else WHOLE
    return Hint(zone, people(change), scope)


@dataclass
class Kept:
    """A keeper at work, what it told, and its board."""

    keeper: Keeper
    board: Board
    workers: Sequence[Worker]
    told: list[Event] = field(default_factory=list)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self, event: Event) -> None:
        """Keep what is told."""
        self.told.append(event)
        self.moved.set()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until *holds*; it is looked at whenever something is told."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self.moved.clear()
                await self.moved.wait()


@asynccontextmanager
async def kept(
    directory: Path,
    source: MemorySource,
    *targets: MemoryTarget,
    concurrency: int = 4,
    gates: tuple[Gate, ...] = (),
    counts: Removals = UNCOUNTED,
    backoff: float = 0.01,
    drift: Literal["mend", "report"] = "mend",
) -> AsyncIterator[Kept]:
    """Yield a keeper that works within the block."""
    board = Board()
    locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
    data = await data_directory.Kept.load(directory, 0)

    def hold(key: tuple[str, str], operation: str) -> AbstractAsyncContextManager[object]:
        return locks[key]

    def tell(event: Event) -> None:
        here.listen(event)

    def make_engine(served: Sequence[Served], listener: Listener, turns: Turns) -> Engine:
        return Engine(source, served, data, listener, counts=counts, turns=turns)

    workers = [
        Worker(
            Looker(
                source,
                Served(target, settings_of(target, concurrency=concurrency)),
                data,
                tell=tell,
                counts=counts,
            ),
            ZoneQueue(0.0, Backoff(backoff)),
            hold,
            board,
            tell,
            gates=gates,
        )
        for target in targets
    ]
    keeper = Keeper(source, workers, make_engine, hold, board, tell, drift=drift)
    here = Kept(keeper, board, workers)
    async with asyncio.timeout(PATIENCE * 2), asyncio.TaskGroup() as group:
        running = group.create_task(keeper.run())
        yield here
        keeper.stop()
        await running


def netbox(*names: str, address: str = "192.0.2.1", serial: int = 7) -> MemorySource:
    """Return a NetBox with these zones."""
    return MemorySource({None: [zone(name, address, serial=serial) for name in names or (A, B)]})


def looks(here: Kept, zone: str) -> int:
    """Return how many looks at *zone*, for hints, are over."""
    return sum(1 for event in here.told if isinstance(event, LookDone) and event.work.zone == zone and event.work.since)


def passes(here: Kept) -> int:
    """Return how many passes are over."""
    return sum(1 for event in here.told if isinstance(event, PassDone))


def www(target: MemoryTarget, name: str) -> tuple[str, ...]:
    """Return the addresses of www in a zone."""
    return target.served[name].zone.rrsets[f"www.{name}", "A"].rdatas


def run(work: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Run what *work* makes to its end."""
    asyncio.run(work())
