"""A keeper over sources and targets in memory, and the waiting for what it does."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sync_memory import MemorySource, MemoryTarget, settings_of

from netbox_pdns.store import kept as data_directory
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.events import Event, Listener
from netbox_pdns.sync.hints import WHOLE, Cause, Hint, Scope, Trigger
from netbox_pdns.sync.keeper import Keeper
from netbox_pdns.sync.looker import Looker
from netbox_pdns.sync.ports import Removals
from netbox_pdns.sync.queue import Backoff, ZoneQueue
from netbox_pdns.sync.reconcile import UNCOUNTED, Served
from netbox_pdns.sync.turns import Turns
from netbox_pdns.sync.worker import Gate, Worker

PATIENCE = 20.0


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
