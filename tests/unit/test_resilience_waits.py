"""How long both clients wait: for a connection as their settings say, and before another attempt as a server asks."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from email.utils import formatdate
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from netbox_pdns.errors import TransientError
from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.powerdns.client import PowerDNSClient
from netbox_pdns.resilience.retry import RetryDetails, RetryHook, RetryPolicy, ignore
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import NetBoxSettings, TargetSettings

LIMIT = 20.0
ONCE = RetryPolicy(attempts=1)
Calling = Callable[[str, RetryPolicy, RetryHook], AbstractAsyncContextManager[Callable[[], Awaitable[object]]]]


@asynccontextmanager
async def netbox(url: str, policy: RetryPolicy, hook: RetryHook) -> Any:
    """Yield a call of the NetBox at *url*."""
    settings = NetBoxSettings(url=url, token=SecretStr("x"), connect_timeout=0.2)
    async with NetBoxClient(settings, policy=policy, hook=hook) as client:
        yield client.status


@asynccontextmanager
async def powerdns(url: str, policy: RetryPolicy, hook: RetryHook) -> Any:
    """Yield a call of the PowerDNS at *url*."""
    settings = TargetSettings(name="b", url=url, token=SecretStr("x"), connect_timeout=0.2)
    async with PowerDNSClient(settings, policy=policy, hook=hook) as client:
        yield client.server


CLIENTS = pytest.mark.parametrize("client", [pytest.param(netbox, id="netbox"), pytest.param(powerdns, id="powerdns")])


@contextmanager
def full(scheme: str) -> Iterator[str]:
    """Yield the URL of a server that takes no further connection: its queue is full, and whoever comes gets no answer."""
    waiting = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        try:
            for _ in range(3):
                one = socket.socket()
                one.setblocking(False)
                with suppress(BlockingIOError):
                    one.connect(listening.getsockname())
                waiting.append(one)
            yield f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            for one in waiting:
                one.close()


@CLIENTS
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_must_stand_in_time(client: Calling, scheme: str) -> None:
    """Not only when the whole call would have taken too long; what may help is named."""

    async def work(url: str) -> None:
        async with client(url, ONCE, ignore) as call, asyncio.timeout(LIMIT):
            await call()

    with full(scheme) as url, pytest.raises(TransientError) as raised:
        asyncio.run(work(url))
    assert "connect_timeout" in str(raised.value.hint).lower()


@CLIENTS
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        pytest.param(lambda: "7", 7.0, 7.0, id="seconds"),
        pytest.param(lambda: formatdate(time.time() + 20, usegmt=True), 10.0, 20.0, id="date"),
        pytest.param(lambda: "3600", 30.0, 30.0, id="longer-than-we-wait"),
        pytest.param(lambda: "soon", 0.0, 0.0, id="no-time"),
    ],
)
def test_a_server_that_asks_for_time_gets_it(
    client: Calling, status: int, asked: Callable[[], str], least: float, most: float
) -> None:
    """No longer than the setting for that."""

    async def answer(request: Request) -> Response:
        return PlainTextResponse("busy", status, {"Retry-After": asked()})

    async def work() -> float:
        told: asyncio.Queue[RetryDetails] = asyncio.Queue()
        app = Starlette(routes=[Route("/{path:path}", answer)])
        async with (
            serving(app) as url,
            client(url, RetryPolicy(base=0.0, longest=30.0), told.put_nowait) as call,
            asyncio.timeout(LIMIT),
        ):
            trying = asyncio.ensure_future(call())
            first = await told.get()
            trying.cancel()
            await asyncio.gather(trying, return_exceptions=True)
        assert first.delay is not None
        return first.delay

    assert least <= asyncio.run(work()) <= most
