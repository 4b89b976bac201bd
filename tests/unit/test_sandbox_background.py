"""What `in_background` promises to code without an event loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.serving import serving

APP = Starlette(routes=[Route("/", lambda _: PlainTextResponse("hello"))])


def test_a_server_answers_within_the_block_and_no_longer_after_it() -> None:
    """What the block is given is reached by ordinary blocking calls; at its end the server is gone."""
    with in_background(serving(APP)) as url:
        assert httpx2.get(url + "/").text == "hello"
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url + "/")


def test_a_server_that_does_not_start_says_why() -> None:
    """The error of entering is raised where the block would begin."""

    @asynccontextmanager
    async def broken() -> AsyncIterator[str]:
        raise OSError("the address is taken")
        yield ""

    with pytest.raises(OSError, match="taken"), in_background(broken()):
        pass
