"""Looks at the change log: what appeared between two of them, and what they cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from netbox_pdns.errors import TransientError
from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.netbox.overtaken import ChangeWindow
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import NetBoxSettings

OVERLAP = 900.0
PAGE, OLD = 5, 2
RECORD, OTHER = "netbox_dns.record", "ipam.prefix"


@dataclass
class Log:
    """A change log with *entries* (ids and kinds) of the last minutes, and an older one; `asked` are the requests so far."""

    entries: dict[int, str]
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        self.asked.append(str(request.query_params))
        query = request.query_params
        ids = {int(each) for each in query.getlist("id")}
        kinds = set(query.getlist("changed_object_type"))
        first = int(query.get("start", query.get("id__gte", 0)))
        there = {OLD: RECORD} if "time_before" in query else self.entries
        found = [
            {"id": each, "time": "2026-01-01T00:00:00Z", "request_id": "r", "changed_object_type": kind}
            for each, kind in sorted(there.items())
            if first <= each <= int(query.get("id__lte", 10**9)) and (not ids or each in ids)
            if not kinds or kind in kinds
        ]
        following = "more" if len(found) > PAGE else None
        return JSONResponse({"count": None, "next": following, "results": found[:PAGE]})


@dataclass
class Clock:
    """A clock that is set."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def looked(log: Log, *between: Callable[[Log, Clock], None]) -> tuple[list[Sequence[int]], list[int]]:
    """Look once, and again after each of *between*; return what appeared before each further look, and its requests."""

    async def work() -> tuple[list[Sequence[int]], list[int]]:
        clock, found, asked = Clock(), [], []
        async with _client(log) as client:
            window = ChangeWindow(client, OVERLAP, clock)
            before = await window.look()
            for happens in between:
                happens(log, clock)
                log.asked.clear()
                after = await window.look()
                found.append(list(window.appeared(before, after)))
                asked.append(len(log.asked))
                before = after
        return found, asked

    return asyncio.run(work())


@asynccontextmanager
async def _client(log: Log) -> AsyncIterator[NetBoxClient]:
    async with (
        serving(Starlette(routes=[Route("/{path:path}", log.answer)])) as url,
        NetBoxClient(NetBoxSettings(url=url, token=SecretStr("x"))) as client,
    ):
        yield client


def comes(*ids: int, kind: str = RECORD) -> Callable[[Log, Clock], None]:
    """Have entries appear."""
    return lambda log, clock: log.entries.update(dict.fromkeys(ids, kind))


def passes(seconds: float) -> Callable[[Log, Clock], None]:
    """Have time pass."""

    def work(log: Log, clock: Clock) -> None:
        clock.now += seconds

    return work


FEW = {3: RECORD, 5: RECORD}
MANY = dict.fromkeys([*range(3, 20), *range(21, 30)], RECORD)


@pytest.mark.parametrize("there", [pytest.param(FEW, id="a-page"), pytest.param(MANY, id="more-than-a-page")])
@pytest.mark.parametrize(
    ("happens", "appeared"),
    [
        pytest.param([comes(200, 201)], [[200, 201]], id="new-ones"),
        pytest.param([comes(40), comes(20)], [[40], [20]], id="one-that-was-given-its-id-before"),
        pytest.param([comes(203), comes(200, 202), comes(201)], [[203], [200, 202], [201]], id="one-after-the-other"),
        pytest.param([comes(200, kind=OTHER), comes(201)], [[], [201]], id="entries-about-other-things"),
        pytest.param([passes(1), passes(OVERLAP + 1), comes(200)], [[], [], [200]], id="after-a-quarter-of-an-hour"),
    ],
)
def test_what_appeared_between_two_looks(
    there: dict[int, str], happens: list[Callable[[Log, Clock], None]], appeared: list[list[int]]
) -> None:
    """Each entry about zones and records once, whenever it was committed; ids tell nothing about that."""
    found, _ = looked(Log(dict(there)), *happens)
    assert found == appeared


def test_a_long_log_is_read_once() -> None:
    """After an import the first look costs pages, each other one a request for what is new and one for what was missing."""
    _, asked = looked(Log(dict(MANY)), comes(40), comes(41, 42), comes(20))
    assert asked == [2, 2, 2]


@pytest.mark.parametrize("there", [pytest.param(FEW, id="a-page"), pytest.param(MANY, id="more-than-a-page")])
def test_a_look_that_is_too_long_ago_tells_nothing(there: dict[int, str]) -> None:
    """What appeared since is not kept for ever: a reading that takes so long is given up."""

    async def work() -> None:
        clock, log = Clock(), Log(dict(there))
        async with _client(log) as client:
            window = ChangeWindow(client, OVERLAP, clock)
            before = await window.look()
            for _ in range(4):
                log.entries[max(log.entries) + 1] = RECORD
                clock.now += OVERLAP
                after = await window.look()
            window.appeared(before, after)

    with pytest.raises(TransientError, match="took longer than 1800 s"):
        asyncio.run(work())
