"""Locks by key, which tell how long they were waited for and held.

A lock is made when it is asked for and dropped when nobody holds or wants it: there are no more of them than operations
under way. Those who wait get it in the order in which they asked. It is not for one operation to take twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeAlias, TypeVar

from netbox_pdns.errors import TransientError

K = TypeVar("K", bound=Hashable)

LONG_WAIT = 1.0
"""Seconds beyond which a wait counts as contention."""


class LockTimeoutError(TransientError):
    """The lock was not had in time: another operation has it, and goes on."""

    def __init__(self, operation: str, limit: float) -> None:
        super().__init__(
            f"Failed to acquire lock for {operation} within {limit:g} seconds",
            hint="it is tried again later; where that goes on, look which operation holds the lock so long, and why",
        )


@dataclass(frozen=True, slots=True)
class LockWanted:
    """An operation asks for its lock."""

    operation: str


@dataclass(frozen=True, slots=True)
class LockAcquired:
    """An operation has its lock, after so many seconds."""

    operation: str
    waited: float

    @property
    def was_contended(self) -> bool:
        """Tell whether it was waited for for long."""
        return self.waited > LONG_WAIT


@dataclass(frozen=True, slots=True)
class LockReleased:
    """An operation gave its lock back, which it had waited for and held for so many seconds."""

    operation: str
    waited: float
    held: float


@dataclass(frozen=True, slots=True)
class LockTimedOut:
    """An operation did not get its lock within `limit` seconds."""

    operation: str
    limit: float


LockEvent: TypeAlias = LockWanted | LockAcquired | LockReleased | LockTimedOut


class LockListener(Protocol):
    """Whoever wants to know of locks. It must not block, and must not raise."""

    def __call__(self, event: LockEvent) -> None:
        """Take note of *event*."""


def silent(event: LockEvent) -> None:
    """Take no note."""


@dataclass(slots=True)
class _Entry:
    """A lock and how many hold or want it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class KeyedLocks(Generic[K]):
    """One lock a key. A wait ends after `timeout` seconds; *clock* is in seconds and never goes back."""

    def __init__(
        self,
        timeout: float = 30.0,
        *,
        listener: LockListener = silent,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout = timeout
        self._listener = listener
        self._clock = clock
        self._entries: dict[K, _Entry] = {}

    def __len__(self) -> int:
        """Return how many keys are held or wanted."""
        return len(self._entries)

    def is_held(self, key: K) -> bool:
        """Tell whether somebody has the lock of *key*."""
        entry = self._entries.get(key)
        return entry is not None and entry.lock.locked()

    @asynccontextmanager
    async def hold(self, key: K, operation: str) -> AsyncIterator[None]:
        """Hold the lock of *key* within the block; *operation* is what it is for, in words.

        Raises `LockTimeoutError`.
        """
        entry = self._entries.setdefault(key, _Entry())
        entry.users += 1
        try:
            waited = await self._acquired(entry.lock, operation)
            began = self._clock()
            try:
                yield
            finally:
                entry.lock.release()
                self._listener(LockReleased(operation, waited, self._clock() - began))
        finally:
            entry.users -= 1
            if not entry.users:
                del self._entries[key]

    async def _acquired(self, lock: asyncio.Lock, operation: str) -> float:
        """Acquire *lock*; return the seconds that it took."""
        self._listener(LockWanted(operation))
        began = self._clock()
        try:
            async with asyncio.timeout(self._timeout):
                await lock.acquire()
        except TimeoutError as error:
            self._listener(LockTimedOut(operation, self._timeout))
            raise LockTimeoutError(operation, self._timeout) from error
        waited = self._clock() - began
        self._listener(LockAcquired(operation, waited))
        return waited
