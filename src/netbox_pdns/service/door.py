"""What answers before the application is there: loading it takes longer than an orchestrator likes to wait."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

_ANSWERS = {"/health": b'{"status":"Healthy"}', "/livez": b'{"status":"alive"}', "/readyz": b'{"status":"ready"}'}
"""Nothing is wrong yet, and hints are welcome: they wait at the door."""
_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


class Door:
    """Answers probes by itself, and lets all others wait, until the application is there."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        self._there = asyncio.Event()

    def open(self, app: ASGIApp) -> None:
        """Let *app* answer from now on."""
        self._app = app
        self._there.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if self._app is None and (body := _ANSWERS.get(scope.get("path", ""))) is not None:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": body})
            return
        await self._there.wait()
        assert self._app is not None
        await self._app(scope, receive, send)
