"""The lock that keeps two runs of one data directory apart."""

import asyncio
import os
from pathlib import Path

import pytest

from netbox_pdns.errors import ConflictError
from netbox_pdns.resilience.locks import LockAcquired, LockEvent, LockReleased, LockTimedOut, LockWanted
from netbox_pdns.store.run_lock import run_lock


def test_a_second_run_gives_up_with_the_first_ones_process(tmp_path: Path) -> None:
    """Who has the lock is named to who cannot have it."""
    told: list[LockEvent] = []

    async def two_runs() -> None:
        async with run_lock(tmp_path):
            with pytest.raises(ConflictError, match=f"process {os.getpid()}"):
                async with run_lock(tmp_path, patience=0, listener=told.append):
                    pass

    asyncio.run(two_runs())
    assert told == [LockWanted("sync"), LockTimedOut("sync", 0)]


def test_a_waiting_run_starts_when_the_first_one_ends(tmp_path: Path) -> None:
    """The lock passes on; how long it was waited for and held is told."""
    order: list[str] = []
    told: list[LockEvent] = []

    async def second() -> None:
        async with run_lock(tmp_path, operation="second", listener=told.append):
            order.append("second")

    async def both() -> None:
        async with asyncio.TaskGroup() as group, run_lock(tmp_path):
            group.create_task(second())
            await asyncio.sleep(0)  # the second asks, in vain
            order.append("first")

    asyncio.run(both())
    assert order == ["first", "second"]
    wanted, acquired, released = told
    assert wanted == LockWanted("second")
    assert isinstance(acquired, LockAcquired)
    assert isinstance(released, LockReleased)
    assert released.waited == acquired.waited > 0
    assert released.held >= 0
