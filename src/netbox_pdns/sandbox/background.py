"""Runs a sandbox server beside code that has no event loop: in a thread of its own, for as long as a block lasts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")

_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 30.0


@contextmanager
def in_background(server: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Enter *server* on an event loop of its own, yield what it yields, and leave it at the end of the block.

    Raises what entering raises; TimeoutError where that takes more than thirty seconds.
    """
    entered: Future[T] = Future()
    leave: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        end = asyncio.Event()
        leave.set_result((asyncio.get_running_loop(), end))
        try:
            async with server as reached:
                entered.set_result(reached)
                await end.wait()
        except BaseException as error:
            if entered.done():
                raise
            entered.set_exception(error)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="sandbox", daemon=True)
    thread.start()
    try:
        yield entered.result(_START_TIMEOUT)
    finally:
        loop, end = leave.result(_START_TIMEOUT)
        if not loop.is_closed():
            loop.call_soon_threadsafe(end.set)
        thread.join(_STOP_TIMEOUT)
