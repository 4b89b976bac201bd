"""A store for tests: a clock that stands still, sleeps that take no time, and ways in which a disk fails."""

from __future__ import annotations

import asyncio
import random
import resource
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netbox_pdns.store.database import Patience
from netbox_pdns.store.file import FILE_NAME
from netbox_pdns.store.journal import DEFAULT_LIMITS, JournalLimits
from netbox_pdns.store.memory import Memory, Surroundings, Told, remembering
from netbox_pdns.store.models import Base
from netbox_pdns.store.values import Remark, RemarkKind, StoreHealth

NETBOX = "https://netbox.example.com/"
NOON = 1_795_608_000.0
LONG = 30.0
"""Seconds that a test waits for what will happen: a bound for a machine that is busy, not a measure."""


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = NOON

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@dataclass
class StoreWorld:
    """One data directory, whoever opens it: what was told is in `health` and `remarks`."""

    directory: Path
    clock: Clock = field(default_factory=Clock)
    limits: JournalLimits = DEFAULT_LIMITS
    patience: Patience = field(default_factory=lambda: Patience(read=LONG, busy=0.0))
    health: list[StoreHealth] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    minute: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by a test, a minute has passed for the housekeeping."""

    @property
    def file(self) -> Path:
        """The database."""
        return self.directory / FILE_NAME

    @asynccontextmanager
    async def opened(self, netbox: str = NETBOX, seed: int = 0) -> AsyncIterator[Memory]:
        """Open the store as the service does."""
        self.minute = asyncio.Event()
        told = Told(self.health.append, self.remarks.extend)
        world = Surroundings(
            clock=self.clock,
            sleep=self._sleep,
            bits=random.Random(seed).getrandbits,
            limits=self.limits,
            patience=self.patience,
        )
        async with remembering(self.directory, netbox, told=told, world=world, patience=LONG) as memory:
            yield memory

    async def _sleep(self, seconds: float) -> None:
        if seconds < 60:
            await asyncio.sleep(0)
        else:
            await self.minute.wait()
            self.minute.clear()

    def dump(self) -> dict[str, list[Any]]:
        """Return all rows of all tables."""
        with closing(sqlite3.connect(self.file)) as database:
            rows = {table: database.execute(f"SELECT * FROM {table}") for table in Base.metadata.tables}  # noqa: S608
            return {table: sorted(found, key=repr) for table, found in rows.items()}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the file's write lock, as another program would."""
        with closing(sqlite3.connect(self.file, isolation_level=None, timeout=LONG)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")


@contextmanager
def no_room() -> Iterator[None]:
    """Let no file of this process grow, or be written: what SQLite sees is a disk that fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def kinds(memory: Memory) -> list[RemarkKind]:
    """Return the kinds of what was found at opening."""
    return [remark.kind for remark in memory.remarks]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Let the store go on until *condition* holds."""
    async with asyncio.timeout(LONG):
        while not await condition():  # noqa: ASYNC110  a thread of SQLite's is what is waited for
            await asyncio.sleep(0)


async def all_written(memory: Memory) -> None:
    """Let the store go on until all is on disk, however often it fails on the way."""

    async def written() -> bool:
        return await memory.settled(LONG)

    await until(written)
