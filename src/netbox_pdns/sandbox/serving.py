"""Serves an ASGI application inside this process, for as long as a block lasts.

Both sandboxes stand on it: the address is known at once, the port is the system's choice, and the
signals stay those of the program around it.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

_START_TIMEOUT = 10.0
_STOP_TIMEOUT = 2
_TURNS_TO_CLOSE = 5
"""Turns of the loop in which idle connections close."""


class _Server(uvicorn.Server):
    """An uvicorn that leaves signals alone, tells when it is ready, and stops without a poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.stop = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Where no request is under way that is done at once; uvicorn sleeps for a tenth of a second all the same.
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(_TURNS_TO_CLOSE):
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
        else:
            await self.lifespan.shutdown()


@asynccontextmanager
async def serving(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve *app* within the block and yield its base URL, without a trailing slash.

    Port 0 takes a free one. Requests under way at the end of the block get two seconds.
    Raises OSError where the address is taken, TimeoutError where the application does not start.
    """
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_TIMEOUT,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="serving")
    try:
        await _until_ready(server, task)
        yield _base_url(listener)
    finally:
        server.stop.set()
        await asyncio.wait({task})
        listener.close()
    task.result()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named by its protocol, without which asyncio leaves Nagle's algorithm on: 40 ms a request on a kept connection.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _base_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _until_ready(server: _Server, task: asyncio.Task[None]) -> None:
    ready = asyncio.create_task(server.ready.wait())
    done, _ = await asyncio.wait({ready, task}, timeout=_START_TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    if task in done:
        task.result()
    if ready not in done:
        task.cancel()
        raise TimeoutError(f"the sandbox did not start within {_START_TIMEOUT:.0f} s")
