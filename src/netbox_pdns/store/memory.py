"""The service's memory, whole: opens the file, says what it found, and keeps it in order while the service runs.

    async with remembering(settings.data_dir, settings.netbox.url) as memory:
        for remark in memory.remarks: ...
        if memory.source.owed: ...  # compare the content of every zone once
        memory.zones.note(...)

Whoever imports this module imports SQLAlchemy; `values` is light.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from netbox_pdns.store.cursors import Cursors
from netbox_pdns.store.database import DEFAULT_PATIENCE, Database, Patience
from netbox_pdns.store.file import FILE_NAME
from netbox_pdns.store.ids import Ids
from netbox_pdns.store.journal import DEFAULT_LIMITS, FailureKind, Journal, JournalLimits, StoreFailure
from netbox_pdns.store.receipts import Receipts
from netbox_pdns.store.removal_counts import RemovalCounts
from netbox_pdns.store.source import Source
from netbox_pdns.store.values import Clock, Remark, StoreHealth
from netbox_pdns.store.zone_memory import ZoneMemory

_HOUSEKEEPING = 60.0
_DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told: of each change of the store's health, and of what is found where the file had to be opened again.

    After the latter the content of every zone has to be compared: `memory.source.owed` says so as well.
    """

    health: Callable[[StoreHealth], None] = lambda health: None
    remarks: Callable[[Sequence[Remark]], None] = lambda remarks: None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What tests hand in otherwise: clocks, sleep, chance, bounds, and how patient it is."""

    clock: Clock = time.time
    monotonic: Clock = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    bits: Callable[[int], int] = random.getrandbits
    limits: JournalLimits = DEFAULT_LIMITS
    patience: Patience = DEFAULT_PATIENCE
    receipt_days: float = 30.0


class Memory:
    """What the service remembers. Nothing here but reads for people waits for a disk."""

    def __init__(self, path: Path, netbox_url: str, told: Told, world: Surroundings) -> None:
        self._world = world
        self._told = told
        self._database = Database(path, world.clock, patience=world.patience)
        self._database.remarked = self._reopened
        self._journal = Journal(
            self._database,
            limits=world.limits,
            told=lambda health: told.health(self._judged(health)),
            monotonic=world.monotonic,
            sleep=world.sleep,
            chance=world.chance,
        )
        self._ended = ""
        ids = Ids(world.clock, world.bits)
        self.cursors = Cursors(self._journal, world.clock)
        self.zones = ZoneMemory(self._journal, self._database)
        self.removals = RemovalCounts(self._journal, ids, world.clock)
        self.receipts = Receipts(self._journal, self._database, ids)
        self.source = Source(self._journal, netbox_url)
        self.remarks: tuple[Remark, ...] = ()
        """What was found at opening, to be said loudly."""

    @property
    def health(self) -> StoreHealth:
        """Whether what is to be remembered gets onto the disk."""
        return self._judged(self._journal.health)

    async def settled(self, patience: float) -> bool:
        """Wait until all that was put until now is written, at most *patience* seconds; tell whether it is."""
        return await self._journal.written(patience)

    def prune(self) -> None:
        """Have what is too old deleted; it is done every hour anyway."""
        self.removals.prune()
        self.receipts.prune(self._world.clock() - self._world.receipt_days * _DAY)

    async def open(self) -> None:
        """Open the file and recall what it holds."""
        found = await self._database.open()
        try:
            recalled = await self._database.write_now(self._recall)
        except StoreFailure as failure:
            found += await self._without(failure)
            recalled = await self._database.write_now(self._recall)
        self.remarks = (*found, *recalled)

    async def run(self) -> None:
        """Write what is put, and keep house; to be cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._journal.run())
            tasks.create_task(self._keep_house())

    def ended(self, running: asyncio.Task[None]) -> None:
        """Take note that `run` is over: if it was not told to be, nothing more gets onto the disk."""
        if not running.cancelled():
            self._ended = f"the store stopped: {running.exception()!r}"
            self._told.health(self.health)

    async def close(self, patience: float) -> bool:
        """Write what still waits, at most *patience* seconds, and let go of the file; tell whether all is written."""
        done = await self._journal.drain(patience)
        await self._database.close()
        return done

    async def _without(self, failure: StoreFailure) -> tuple[Remark, ...]:
        """Open what takes the place of a file that cannot be read, or in which nonsense was read."""
        if failure.kind is FailureKind.AGAIN:
            return await self._database.work_in_memory(str(failure))
        await self._database.close()
        return await self._database.open(str(failure))

    async def _recall(self, connection: AsyncConnection) -> tuple[Remark, ...]:
        remarks = await self.source.recall(connection)
        await self.cursors.recall(connection)
        await self.removals.recall(connection)
        return remarks

    def _reopened(self, why: str, remarks: Sequence[Remark]) -> None:
        """Go on with the file as it is now: what is in memory is right, what was on disk may be gone."""
        self._say_again(why)
        self._told.remarks(remarks)

    def _say_again(self, why: str) -> None:
        self.cursors.again()
        self.removals.again()
        self.source.owe(why)

    async def _keep_house(self) -> None:
        minutes = 0
        while True:
            if minutes % 60 == 0:
                self.prune()
            await self._world.sleep(_HOUSEKEEPING)
            minutes += 1
            if not self._database.persistent and await self._database.back_to_disk():
                self._say_again("the store was in memory for a while")
                self._told.health(self.health)

    def _judged(self, health: StoreHealth) -> StoreHealth:
        if self._ended:
            health = replace(health, ok=False, detail=self._ended)
        if self._database.persistent:
            return health
        detail = health.detail or f"{self._database.path} cannot be used: all is forgotten when the service ends"
        return replace(health, ok=False, detail=detail, persistent=False)


@asynccontextmanager
async def remembering(
    directory: Path,
    netbox_url: str,
    *,
    told: Told = Told(),
    world: Surroundings = Surroundings(),
    patience: float = 5.0,
) -> AsyncIterator[Memory]:
    """Open the memory in *directory*, about the NetBox at *netbox_url*, for as long as the block lasts.

    It opens whatever is there: what could not be used is said in `remarks`. At the end what waits is written, in at most
    *patience* seconds.
    """
    memory = Memory(directory / FILE_NAME, netbox_url, told, world)
    await memory.open()
    running = asyncio.create_task(memory.run())
    running.add_done_callback(memory.ended)
    try:
        yield memory
    finally:
        running.cancel()
        await asyncio.wait({running})
        await memory.close(patience)
    if not running.cancelled():
        running.result()
