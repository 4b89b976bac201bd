"""The open file, or what stands in for it in memory: transactions that write, reads that do not let people wait."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from netbox_pdns.errors import TransientError
from netbox_pdns.store.file import copied_to_memory, identity, is_broken, prepare, unusable
from netbox_pdns.store.journal import FailureKind, StoreFailure
from netbox_pdns.store.models import Base
from netbox_pdns.store.values import Clock, Remark
from netbox_pdns.store.writes import Write, upsert

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds a read is waited for, since people wait for it, and SQLite waits for a lock (`busy`)."""

    read: float = 2.0
    busy: float = 1.0


DEFAULT_PATIENCE = Patience()

_DNS_GOES_ON = "try again; DNS does not wait for it"
_CANNOT_BE_WRITTEN = ("SQLITE_TOOBIG", "SQLITE_CONSTRAINT", "SQLITE_RANGE")


class Database:
    """One file. `persistent` tells whether it is on disk; `open` and `mend` say what they found."""

    def __init__(self, path: Path, clock: Clock, *, patience: Patience = DEFAULT_PATIENCE) -> None:
        self.path = path
        self.persistent = False
        self.remarked: Callable[[str, Sequence[Remark]], None] = _unremarked
        self._clock = clock
        self._patience = patience
        self._engine: AsyncEngine | None = None
        self._identity: tuple[int, int] | None = None
        self._turn = asyncio.Lock()
        self._in_hand: set[asyncio.Task[Any]] = set()

    async def open(self, unsound: str | None = None) -> tuple[Remark, ...]:
        """Open the file, made anew where it has to be, or work in memory; return what is to be said.

        *unsound* says what is wrong with its content, where that was found out by reading it.
        """
        prepared = await asyncio.to_thread(prepare, self.path, self._clock(), unsound)
        if prepared.usable:
            self._use_file(_file_engine(self.path, self._patience.busy))
        else:
            await self._use_memory(copied=unsound is None)
        return prepared.remarks

    async def work_in_memory(self, why: str) -> tuple[Remark, ...]:
        """Let go of the file, and work in memory with what can be read of it; return what is to be said."""
        await self.close()
        await self._use_memory(copied=True)
        return (unusable(self.path, why),)

    async def back_to_disk(self) -> bool:
        """Try to use the file again, with what came together in memory; tell whether that is so now."""
        async with self._turn:  # nothing is written to memory meanwhile
            prepared = await asyncio.to_thread(prepare, self.path, self._clock())
            if not prepared.usable:
                return False
            memory, file = self._there(), _file_engine(self.path, self._patience.busy)
            try:
                await _copied(memory, file)
            except SQLAlchemyError:
                await file.dispose()
                return False
            self._use_file(file)
            await memory.dispose()
            return True

    async def close(self) -> None:
        """Let go of the file, when what is being written is written: a second later at most."""
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=1.0)
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    async def commit(self, writes: Sequence[Write]) -> None:
        """Write all in one transaction; raises `StoreFailure`."""
        if self.persistent and await asyncio.to_thread(identity, self.path) != self._identity:
            raise StoreFailure(FailureKind.BROKEN, f"{self.path} was removed, or another file took its place")

        async def all_of_them(connection: AsyncConnection) -> None:
            for kind in dict.fromkeys(type(write) for write in writes):
                await kind.apply(connection, [write for write in writes if type(write) is kind])

        await self.write_now(all_of_them)

    async def commit_some(self, writes: Sequence[Write]) -> int:
        """Write each that can be written, in one transaction; return how many could not. Raises `StoreFailure`."""

        async def some_of_them(connection: AsyncConnection) -> int:
            lost = 0
            for write in writes:
                try:
                    async with connection.begin_nested():
                        await write.apply(connection, [write])
                except (SQLAlchemyError, ValueError, OverflowError, TypeError) as error:
                    if _failure(error).kind is not FailureKind.REFUSED:
                        raise
                    lost += 1
            return lost

        return await self.write_now(some_of_them)

    async def mend(self, why: str) -> None:
        """Open the file again, made anew where it has to be, or go on in memory."""
        async with self._turn:
            await self.close()
            remarks = await self.open()
        self.remarked(why, remarks)

    async def read(self, query: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Return what *query* finds; raises `TransientError` where it takes longer than `Patience.read`, or fails."""
        under_way: list[aiosqlite.Connection] = []
        reading = self._taken_in_hand(self._read(query, under_way))
        try:
            done, _ = await asyncio.wait({reading}, timeout=self._patience.read)
        finally:
            if not reading.done():
                self._taken_in_hand(_abandon(reading, under_way))
        if not done:
            raise TransientError(f"{self.path.name} did not answer within {self._patience.read:g} s", hint=_DNS_GOES_ON)
        try:
            return reading.result()
        except (SQLAlchemyError, StoreFailure) as error:
            raise TransientError(f"{self.path.name} cannot be read: {_failure(error)}", hint=_DNS_GOES_ON) from error

    async def write_now(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do *work* in a transaction of its own and return what it returns; raises `StoreFailure`.

        It is done to its end even where the caller is cancelled: to cut it off would close the connection, and with it what
        there is in memory.
        """
        return await asyncio.shield(self._taken_in_hand(self._written(work)))

    def _taken_in_hand(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Have *work* done to its end, whether somebody waits for it or not."""
        task = asyncio.create_task(work)
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)
        task.add_done_callback(_unheard)
        return task

    def _use_file(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._identity = identity(self.path)
        self.persistent = True

    async def _use_memory(self, *, copied: bool) -> None:
        self._engine = await _memory_engine(self.path if copied else None)
        self.persistent = False

    async def _written(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        try:
            async with self._transaction() as connection:
                return await work(connection)
        except (SQLAlchemyError, sqlite3.Error, OSError, ValueError, OverflowError, TypeError) as error:
            raise _failure(error) from error

    async def _read(self, query: Callable[[AsyncConnection], Awaitable[T]], under_way: list[aiosqlite.Connection]) -> T:
        async with self._transaction() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert isinstance(raw, aiosqlite.Connection)
            under_way.append(raw)
            return await query(connection)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        if self.persistent:
            async with self._there().begin() as connection:
                yield connection
        else:  # in memory there is one connection for all
            async with self._turn, self._there().begin() as connection:
                yield connection

    def _there(self) -> AsyncEngine:
        if self._engine is None:
            raise StoreFailure(FailureKind.BROKEN, f"{self.path} is not open")
        return self._engine


def _unremarked(why: str, remarks: Sequence[Remark]) -> None:
    """Tell nobody."""


async def _abandon(reading: asyncio.Task[Any], under_way: Sequence[aiosqlite.Connection]) -> None:
    """End a read that takes too long by its query: to cancel it would close its connection.

    What is interrupted between two statements takes no notice, so that is done until it is over.
    """
    while not reading.done():
        for connection in under_way:
            with suppress(ValueError):  # it is closed already
                await connection.interrupt()
        await asyncio.wait({reading}, timeout=0.1)


def _unheard(task: asyncio.Task[Any]) -> None:
    """Take what became of a task that nobody may be waiting for any more."""
    if not task.cancelled():
        task.exception()


def _failure(error: BaseException) -> StoreFailure:
    if isinstance(error, StoreFailure):
        return error
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    name = getattr(original, "sqlite_errorname", "") or ""
    if name.startswith(_CANNOT_BE_WRITTEN) or isinstance(original, (ValueError, OverflowError, TypeError)):
        kind = FailureKind.REFUSED
    elif is_broken(original):
        kind = FailureKind.BROKEN
    else:
        kind = FailureKind.AGAIN
    return StoreFailure(kind, str(original))


def _file_engine(path: Path, busy_patience: float) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        pool_size=3,
        max_overflow=0,
        pool_reset_on_return="rollback",
    )

    def pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # a transaction begins where SQLAlchemy says so
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {int(busy_patience * 1000)}",
            "journal_mode = WAL",  # who reads does not hold up who writes
            "synchronous = FULL",  # what was noted is there after a power cut; DNS does not wait for it
            "journal_size_limit = 16777216",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine.sync_engine, "connect", pragmas)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


async def _memory_engine(copied_from: Path | None) -> AsyncEngine:
    """Make a database in memory, with what can be read of the file *copied_from*."""
    raw = await aiosqlite.connect(":memory:", isolation_level=None, check_same_thread=False)

    async def the_one() -> aiosqlite.Connection:
        return raw

    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool, async_creator=the_one)
    event.listen(engine.sync_engine, "begin", _begin)
    if copied_from is not None:
        await asyncio.to_thread(copied_to_memory, copied_from, raw._conn)  # noqa: SLF001 - its public way needs one thread
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    return engine


async def _copied(memory: AsyncEngine, file: AsyncEngine) -> None:
    """Put every row that is in memory into the file, in one transaction."""
    async with memory.connect() as there, file.begin() as here:
        for mapper in Base.registry.mappers:
            rows = (await there.execute(select(mapper.local_table))).mappings().all()
            if rows:
                await upsert(here, mapper.class_, [dict(row) for row in rows])


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
