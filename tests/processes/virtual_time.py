"""Time that passes when nothing is left to do: an hour of the service's life is over when its work of that hour is.

`install` puts it in the place of the machine's clocks, for all of this process. Whoever takes `time.time` for a default
takes the one that is there when its module is loaded, so it comes first; a process has one kind of time.

The loop reads its sockets as ever. Where nothing is ready, no thread works and no byte is on its way, it goes on at once to
the moment that the next timer is set for. Not determined by it are the order in which sockets and threads are ready, and
what takes longer than `_ON_ITS_WAY` on the way from one socket of this machine to another.
"""

from __future__ import annotations

import asyncio
import concurrent.futures  # noqa: F401 - they wait by the real clock, and are loaded before there is another
import queue
import selectors
import threading  # noqa: F401
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_ON_ITS_WAY = 0.001
"""Real seconds that a byte takes from one socket to another of this machine."""
_PATIENCE = 60.0
"""Real seconds that a thread may work."""
_A_BIT = 1e-6
"""Seconds that a timer is late."""


class Clock:
    """The clocks of the machine: one that nobody sets, and the time of day, which may be set."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.day = time.time()

    def monotonic(self) -> float:
        """Return the seconds since some moment."""
        return self.now

    def time(self) -> float:
        """Return the seconds since 1970."""
        return self.day + self.now

    def set(self, seconds: float) -> None:
        """Set the time of day forward, or back."""
        self.day += seconds


def install() -> Clock:
    """Put virtual time in the place of the machine's."""
    import aiosqlite.core

    clock = Clock()
    time.time = clock.time
    time.monotonic = clock.monotonic
    aiosqlite.core.SimpleQueue = _Counted  # type: ignore[misc,assignment]  # it works in a thread of its own
    return clock


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self, clock: Clock) -> None:
        self._jumping = _Jumping(clock)
        super().__init__(self._jumping)
        self._clock = clock

    def time(self) -> float:
        """Return the virtual time."""
        return self._clock.now

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Have a thread do something; time waits for it."""
        future = super().run_in_executor(executor, func, *args)
        self.outside(future)
        return future

    def outside(self, future: asyncio.Future[Any]) -> None:
        """Have time wait for *future*, which a thread will set."""
        self._jumping.working += 1
        future.add_done_callback(self._came)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* to its end and return what it returns."""
        return self.run_until_complete(work)

    def _came(self, _: asyncio.Future[Any]) -> None:
        self._jumping.working -= 1


class _Jumping(selectors.DefaultSelector):
    """A selector that goes on to the end of its patience at once."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.working = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; where nothing is, it is *timeout* seconds later."""
        if ready := super().select(0):
            return ready
        if timeout is not None and timeout <= 0:
            return []
        if self.working:
            if ready := super().select(_PATIENCE):
                return ready
            raise RuntimeError(f"{self.working} threads work for more than {_PATIENCE:.0f} s")
        if ready := super().select(_ON_ITS_WAY):
            return ready
        if timeout is None:
            if ready := super().select(_PATIENCE):
                return ready
            raise RuntimeError("everything waits, and nothing will ever come")
        self._clock.now += timeout + _A_BIT
        return []


class _Counted(queue.SimpleQueue[Any]):
    """What aiosqlite gives its threads to do; time waits for it."""

    def put_nowait(self, item: Any) -> None:
        """Have it done."""
        future, _ = item
        loop = asyncio.get_event_loop()
        if future is not None and isinstance(loop, VirtualLoop):
            loop.outside(future)
        super().put_nowait(item)
