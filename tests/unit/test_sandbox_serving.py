"""What `serving` promises to both sandboxes."""

import asyncio
import time

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from netbox_pdns.sandbox.serving import serving


async def _hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", _hello)])


def test_an_application_answers_within_the_block_and_no_longer_after_it() -> None:
    """The base URL answers inside the block; outside of it nothing listens."""

    async def story() -> None:
        async with serving(APP) as url, httpx2.AsyncClient() as client:
            assert (await client.get(url + "/")).text == "hello"
        async with httpx2.AsyncClient() as client:
            with pytest.raises(httpx2.ConnectError):
                await client.get(url + "/")

    asyncio.run(story())


def test_a_kept_connection_is_answered_without_delay() -> None:
    """Answers leave at once, not when the client has acknowledged the half before: that takes 40 ms each."""

    async def story() -> float:
        async with serving(APP) as url, httpx2.AsyncClient() as client:
            await client.get(url + "/")
            begun = time.monotonic()
            for _ in range(25):
                await client.get(url + "/")
            return time.monotonic() - begun

    assert asyncio.run(story()) < 0.8


def test_a_taken_port_is_an_os_error() -> None:
    """A port that is in use is refused at once, and what holds it goes on."""

    async def story() -> None:
        async with serving(APP) as url:
            port = int(url.rsplit(":", 1)[1])
            with pytest.raises(OSError, match="in use"):
                async with serving(APP, port=port):
                    pass

    asyncio.run(story())
