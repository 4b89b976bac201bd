"""Serves the application with uvicorn, in the loop that is there: signals are not its business, stopping is ours to say."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

_KEPT = 60
"""Seconds that an idle connection is kept."""


class _Server(uvicorn.Server):
    """An uvicorn that leaves signals alone and tells when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def serving(
    app: ASGIApp, listener: socket.socket, tls: ssl.SSLContext | None, grace: float
) -> AsyncIterator[str]:
    """Serve *app* on *listener* within the block and yield its URL; requests under way at its end get *grace* seconds."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEPT,
        timeout_graceful_shutdown=max(1, round(grace)),
        ssl_context_factory=None if tls is None else lambda config, default: tls,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    ready = asyncio.create_task(server.ready.wait())
    try:
        await asyncio.wait({ready, task}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield url_of(listener, tls=tls is not None)
    finally:
        ready.cancel()
        server.should_exit = True
        await asyncio.wait({task})
    task.result()


def url_of(listener: socket.socket, *, tls: bool) -> str:
    """Return where *listener* is reached."""
    host, port = listener.getsockname()[:2]
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
