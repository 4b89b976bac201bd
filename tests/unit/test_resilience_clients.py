"""Both clients and their circuit breakers: a server that is away is not asked again and again, and one that is back is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from netbox_pdns.errors import NetboxPdnsError, TransientError
from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker, CircuitOpenError
from netbox_pdns.resilience.retry import CallDetails, RetryPolicy
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import NetBoxSettings, TargetSettings

AT_ONCE = RetryPolicy(base=0.0)
NETBOX_STATUS = {"netbox-version": "4.7.3", "plugins": {}}
PDNS_SERVER = {"id": "localhost", "version": "4.7.3", "daemon_type": "authoritative"}


@dataclass
class Watched:
    """A breaker that opens after 4 calls in a row, on a clock that stands still, and the calls that were told."""

    now: float = 0.0
    calls: list[CallDetails] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the breaker."""
        self.breaker = CircuitBreaker("it", BreakerPolicy(failures=4), clock=lambda: self.now)


Opened = Callable[[str, Watched], Any]


@asynccontextmanager
async def netbox(url: str, watched: Watched) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """Yield a call of NetBox at *url*."""
    settings = NetBoxSettings(url=url, token=SecretStr("x"))
    async with NetBoxSource(settings, policy=AT_ONCE, breaker=watched.breaker, observe=watched.calls.append) as source:
        yield source.client.status


@asynccontextmanager
async def powerdns(url: str, watched: Watched) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """Yield a call of PowerDNS at *url*."""
    settings = TargetSettings(name="b", url=url, token=SecretStr("x"))
    async with PowerDNSTarget(
        settings, "mark", policy=AT_ONCE, breaker=watched.breaker, observe=watched.calls.append
    ) as target:
        yield target.client.server


BOTH = pytest.mark.parametrize(
    ("opened", "server"),
    [pytest.param(netbox, "NetBox", id="netbox"), pytest.param(powerdns, "PowerDNS (b)", id="powerdns")],
)


@contextmanager
def dead_port() -> Iterator[str]:
    """Yield the URL of a port that nobody listens on, and nobody else is given."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


async def outcomes(call: Callable[[], Awaitable[object]], times: int) -> list[str]:
    """Return the class of what each of *times* calls came to."""
    found = []
    for _ in range(times):
        try:
            await call()
            found.append("done")
        except NetboxPdnsError as error:
            found.append(type(error).__name__)
    return found


@BOTH
def test_a_server_that_is_away_is_left_alone(opened: Opened, server: str) -> None:
    """After 4 attempts, of two calls, no more are made, and no retry is waited for; each call is told."""
    watched = Watched()

    async def test() -> None:
        with dead_port() as url:
            async with opened(url, watched) as call:
                assert await outcomes(call, 4) == ["TransientError"] * 2 + ["CircuitOpenError"] * 2

    asyncio.run(test())
    assert [(details.server, details.attempts) for details in watched.calls] == [
        (server, 3), (server, 1), (server, 0), (server, 0),
    ]  # fmt: skip
    assert isinstance(watched.calls[0].error, TransientError)
    assert isinstance(watched.calls[-1].error, CircuitOpenError)


@BOTH
@pytest.mark.parametrize(
    ("status", "state"),
    [
        pytest.param(500, BreakerState.OPEN, id="500"),
        pytest.param(503, BreakerState.OPEN, id="503"),
        pytest.param(429, BreakerState.CLOSED, id="429"),
        pytest.param(408, BreakerState.CLOSED, id="408"),
        pytest.param(400, BreakerState.CLOSED, id="400"),
        pytest.param(401, BreakerState.CLOSED, id="401"),
        pytest.param(404, BreakerState.CLOSED, id="404"),
    ],
)
def test_a_server_that_cannot_answer_is_as_good_as_away(
    opened: Opened, server: str, status: int, state: BreakerState
) -> None:
    """5xx is no answer; a refusal of whatever kind is one."""
    watched = Watched()

    async def app(request: Request) -> Response:
        return JSONResponse({"detail": "words", "error": "words"}, status)

    async def test() -> None:
        async with (
            serving(Starlette(routes=[Route("/{path:path}", app)])) as url,
            opened(url, watched) as call,
        ):
            await outcomes(call, 4)

    asyncio.run(test())
    assert watched.breaker.state is state


@BOTH
def test_one_call_finds_out_that_the_server_is_back(opened: Opened, server: str) -> None:
    """Of many side by side after the pause one is made; when it has come back they all are."""
    watched = Watched()
    asked = 0
    is_up = False

    async def app(request: Request) -> Response:
        nonlocal asked
        asked += 1
        if not is_up:
            return JSONResponse({}, 503)
        return JSONResponse(NETBOX_STATUS if server == "NetBox" else PDNS_SERVER)

    async def test() -> None:
        nonlocal asked, is_up
        async with (
            serving(Starlette(routes=[Route("/{path:path}", app)])) as url,
            opened(url, watched) as call,
        ):
            await outcomes(call, 2)
            asked, is_up = 0, True
            watched.now += 30
            side_by_side = await asyncio.gather(*(outcomes(call, 1) for _ in range(5)))
            assert sorted(ended for (ended,) in side_by_side) == ["CircuitOpenError"] * 4 + ["done"]
            assert asked == 1
            assert await outcomes(call, 3) == ["done"] * 3

    asyncio.run(test())
    assert watched.breaker.state is BreakerState.CLOSED


def test_requests_that_wait_for_their_turn_are_not_made_when_the_breaker_opens_meanwhile() -> None:
    """NetBox is asked two things at a time: what waits behind them asks the breaker when its turn comes."""
    watched = Watched()
    asked = 0

    async def app(request: Request) -> Response:
        nonlocal asked
        asked += 1
        return JSONResponse({}, 503)

    async def test() -> None:
        async with (
            serving(Starlette(routes=[Route("/{path:path}", app)])) as url,
            netbox(url, watched) as call,
        ):
            await asyncio.gather(*(outcomes(call, 1) for _ in range(20)))

    asyncio.run(test())
    assert 4 <= asked <= 5
