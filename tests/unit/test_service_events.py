"""The event bus: nobody waits for a reader, who is slow loses the oldest and is told; and its text for browsers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_stage import NOW, KeptReceipt, filled_board, stage, zone_state

from netbox_pdns.service.announcing import Announcer
from netbox_pdns.service.events import EventBus, Message, as_text
from netbox_pdns.service.routes import events as events_route

Run = Callable[[Any], Any]


@given(st.lists(st.one_of(st.just("publish"), st.just("read")), max_size=60), st.integers(1, 5))
def test_a_reader_gets_the_newest_in_order_and_is_told_of_the_rest(steps: list[str], size: int) -> None:
    """What it read and what it was told is lost make up all that was published, and no more than its size waits."""
    bus, read, lost = EventBus(), list[int](), 0
    with bus.subscribe(size) as reader:
        published = 0
        for step in [*steps, *["read"] * (size + 1)]:
            if step == "publish":
                published += 1
                bus.publish("zone", {"n": published})
            elif (message := reader.take()) is not None:
                if message.kind == "lost":
                    lost += message.data["messages"]
                else:
                    read.append(message.data["n"])
    assert read == sorted(read)
    assert len(read) + lost == published
    assert len(set(read)) == len(read)


def test_readers_do_not_mind_each_other() -> None:
    """One that does not read costs the others nothing."""
    bus = EventBus()
    with bus.subscribe(2) as idle, bus.subscribe(10) as busy:
        for number in range(5):
            bus.publish("zone", {"n": number})
        assert [message.data["n"] for message in iter(busy.take, None)] == [0, 1, 2, 3, 4]
        told = idle.take()
        assert told is not None
        assert (told.kind, told.data) == ("lost", {"messages": 3})


def test_waiting_for_the_next(run: Run) -> None:
    """A message wakes the reader, silence ends its patience, the end of the bus ends it."""

    async def read() -> list[str | None]:
        bus, found = EventBus(), list[str | None]()
        with bus.subscribe() as reader:
            waiting = asyncio.create_task(reader.next(60))
            await asyncio.sleep(0)
            bus.publish("zone", {})
            message = await waiting
            found.append(message and message.kind)
            found.append(await reader.next(0.001) and "something")
            bus.close()
            found.append(await reader.next(60) and "something")
            assert reader.ended
        return found

    assert run(read()) == ["zone", None, None]


def test_nothing_is_kept_of_readers_that_left() -> None:
    """The bus forgets them."""
    bus = EventBus()
    with bus.subscribe():
        assert bus.readers == 1
    assert bus.readers == 0


def test_text() -> None:
    """An event is three lines and an empty one; a line's end in the data does not end it."""
    text = as_text(Message(7, "zone", {"error": "two\nlines", "zone": "ü."}))
    first, second, third, *rest = text.split("\n")
    assert (first, second, rest) == ("id: 7", "event: zone", ["", ""])
    assert json.loads(third.removeprefix("data: ")) == {"error": "two\nlines", "zone": "ü."}


def test_what_is_told(run: Run) -> None:
    """A listener hears of zones, targets and changes in the shapes of the API, without secrets, and then of the end."""
    service = stage(secrets=["canary-4be1"])
    board, bus = service.board, service.service.parts.events

    async def read() -> list[str]:
        parts: AsyncIterator[str] = events_route._told(service.service)
        found = [await anext(parts)]
        announcer = Announcer(bus, board)
        announcer.zone(zone_state("a.example.", error="the key canary-4be1 is wrong"))
        announcer.target(board.targets["pdns"])
        announcer.change(KeptReceipt("1"))
        bus.close()
        return [*found, *[each async for each in parts]]

    hello, zone, target, change = run(read())
    assert hello == ": listening\n\n"
    data = [json.loads(each.split("data: ")[1]) for each in (zone, target, change)]
    assert (data[0]["zone"], data[0]["error"]) == ("a.example.", "the key ******** is wrong")
    assert (data[1]["name"], data[1]["queue"]["depth"]) == ("pdns", 1)
    assert (data[2]["id"], data[2]["served"]) == ("1", "2024-01-15T10:30:00.250000Z")


def test_nothing_is_made_where_nobody_listens() -> None:
    """Announcing costs next to nothing then."""
    bus = EventBus()
    Announcer(bus, filled_board()).zone(zone_state("a.example.", looked_at=NOW))
    with bus.subscribe() as reader:
        assert reader.take() is None


def test_readers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than there may be is told to come back."""
    monkeypatch.setattr(events_route, "MOST_READERS", 1)
    service = stage()
    with service.service.parts.events.subscribe(), service.client() as client:
        answer = client.get("/api/v1/events")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
