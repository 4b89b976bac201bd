"""Waiting for several things side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from netbox_pdns.errors import TransientError, chained
from netbox_pdns.resilience.together import both, gathered

TOGETHER = pytest.mark.parametrize(
    "together", [pytest.param(both, id="both"), pytest.param(lambda *works: gathered(works), id="gathered")]
)


async def _failing() -> None:
    raise TransientError("away") from ConnectionRefusedError("nobody there")


async def _plainly() -> None:
    raise TransientError("away")


async def _forever(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


@TOGETHER
@pytest.mark.parametrize(
    ("failing", "chain"),
    [
        pytest.param(_failing, ["TransientError", "ConnectionRefusedError"], id="with-a-cause"),
        pytest.param(_plainly, ["TransientError"], id="without-one"),
    ],
)
def test_an_error_comes_as_it_was_raised(
    together: Callable[..., Awaitable[Any]], failing: Callable[[], Awaitable[None]], chain: list[str]
) -> None:
    """With its cause, without the group that it came in; and the other is ended."""
    ended: list[str] = []

    async def work() -> None:
        await together(_forever(ended), failing())

    with pytest.raises(TransientError) as caught:
        asyncio.run(work())
    assert [type(each).__name__ for each in chained(caught.value)] == chain
    assert ended == ["ended"]
