"""Locks by key: one holder at a time, none kept that nobody wants, and how they were waited for is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netbox_pdns.errors import TransientError
from netbox_pdns.resilience.locks import (
    KeyedLocks,
    LockAcquired,
    LockEvent,
    LockReleased,
    LockTimedOut,
    LockTimeoutError,
    LockWanted,
)


def _clock(*readings: float) -> Iterator[float]:
    yield from readings


def test_an_operation_is_told_with_its_times() -> None:
    """When it asks, when it has the lock and when it gives it back: asked at 10, had at 12.5, given back at 50."""
    told: list[LockEvent] = []
    readings = _clock(10.0, 12.5, 12.5, 50.0)

    async def work() -> None:
        async with KeyedLocks[str](listener=told.append, clock=lambda: next(readings)).hold("k", "full_sync"):
            assert told[-1] == LockAcquired("full_sync", 2.5)

    asyncio.run(work())
    assert told == [LockWanted("full_sync"), LockAcquired("full_sync", 2.5), LockReleased("full_sync", 2.5, 37.5)]


@pytest.mark.parametrize(
    ("waited", "contended"), [(0.0, False), (1.0, False), (1.01, True)], ids=["at-once", "a-second", "longer"]
)
def test_a_wait_of_more_than_a_second_is_contention(waited: float, contended: bool) -> None:
    """It is what is warned of, and counted."""
    assert LockAcquired("x", waited).was_contended is contended


def test_a_lock_that_is_not_had_in_time_fails_the_operation() -> None:
    """Its error is one to try again after; the holder is not disturbed, and the next one gets the lock."""
    told: list[LockEvent] = []

    async def work() -> None:
        locks = KeyedLocks[str](0, listener=told.append)
        async with locks.hold("k", "first"):
            with pytest.raises(LockTimeoutError, match="Failed to acquire lock for second within 0 seconds") as caught:
                async with locks.hold("k", "second"):
                    pytest.fail("two at once")
            assert isinstance(caught.value, TransientError)
            assert caught.value.hint
        async with locks.hold("k", "third"):
            assert locks.is_held("k")

    asyncio.run(work())
    assert [event for event in told if isinstance(event, LockTimedOut)] == [LockTimedOut("second", 0)]
    assert [event.operation for event in told if isinstance(event, LockAcquired)] == ["first", "third"]


def test_other_keys_are_not_waited_for() -> None:
    """Each has a lock of its own."""

    async def work() -> None:
        locks = KeyedLocks[tuple[str, str]](0)
        async with locks.hold(("a", "zone"), "one"), locks.hold(("b", "zone"), "other"):
            assert len(locks) == 2

    asyncio.run(work())


def test_they_have_it_in_the_order_in_which_they_asked() -> None:
    """Nobody is passed over."""
    order: list[int] = []

    async def work() -> None:
        locks = KeyedLocks[str]()

        async def operation(number: int) -> None:
            async with locks.hold("k", str(number)):
                order.append(number)
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(operation(number))

    asyncio.run(work())
    assert order == list(range(10))


@pytest.mark.parametrize("error", [ValueError("a fault"), asyncio.CancelledError()], ids=["fault", "cancelled"])
def test_however_an_operation_ends_its_lock_is_given_back(error: BaseException) -> None:
    """An error goes on as it is."""
    told: list[LockEvent] = []

    async def work() -> None:
        locks = KeyedLocks[str](0, listener=told.append)
        with pytest.raises(type(error)):
            async with locks.hold("k", "x"):
                raise error
        assert not locks.is_held("k")
        assert len(locks) == 0

    asyncio.run(work())
    assert isinstance(told[-1], LockReleased)


@given(st.data())
def test_one_at_a_time_and_none_is_left(data: st.DataObject) -> None:
    """Whatever operations come, whichever are cancelled: a key has one holder, and in the end no lock is left."""
    plans = data.draw(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=12))
    victims = data.draw(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 11)), max_size=6))
    holders: dict[str, int] = {}

    async def work() -> None:
        locks = KeyedLocks[str](60.0)

        async def operation(key: str, steps: int) -> None:
            async with locks.hold(key, key):
                holders[key] = holders.get(key, 0) + 1
                try:
                    assert holders[key] == 1
                    for _ in range(steps):
                        await asyncio.sleep(0)
                finally:
                    holders[key] -= 1

        tasks = [asyncio.ensure_future(operation(*plan)) for plan in plans]
        for steps, number in victims:
            for _ in range(steps):
                await asyncio.sleep(0)
            if number < len(tasks):
                tasks[number].cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        assert len(locks) == 0

    asyncio.run(work())
