"""Locks: one operation at a time for a zone, and what is told of waiting and holding."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest

from netbox_pdns.cli.logs import log_locks, make_logger
from netbox_pdns.resilience.locks import KeyedLocks, LockAcquired, LockEvent, LockTimedOut, LockTimeoutError
from netbox_pdns.service.metrics import Metrics
from netbox_pdns.settings.service import KeeperOptions


def _log(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines of the log without their times."""
    return [re.sub(r"^\S+ ", "", line) for line in capsys.readouterr().err.splitlines()]


def _readings(*seconds: float) -> Iterator[float]:
    yield from seconds


def test_one_zone_is_written_by_one_operation_at_a_time() -> None:
    """A scheduled pass, a webhook and a message that want one zone have it one after the other, each whole."""
    steps: list[str] = []

    async def work(locks: KeyedLocks[tuple[str, str]], operation: str) -> None:
        async with locks.hold(("pdns", "example.com."), operation):
            steps.append(f"{operation} begins")
            await asyncio.sleep(0)
            steps.append(f"{operation} ends")

    async def all_at_once() -> None:
        locks: KeyedLocks[tuple[str, str]] = KeyedLocks()
        names = ("full_sync_zone", "webhook_zone_sync", "mqtt_zone_sync")
        await asyncio.gather(*(work(locks, name) for name in names))

    asyncio.run(all_at_once())
    assert [step.rpartition(" ")[2] for step in steps] == ["begins", "ends"] * 3
    assert [step.partition(" ")[0] for step in steps[::2]] == [step.partition(" ")[0] for step in steps[1::2]]


def test_the_log_of_an_operation(capsys: pytest.CaptureFixture[str]) -> None:
    """It is asked for, had after so many seconds, given back after so many in all: waited 0.001 s, held 45.233 s."""
    readings = _readings(100.0, 100.001, 100.001, 145.234)
    listener = log_locks(make_logger("DEBUG", "console"))

    async def work() -> None:
        async with KeyedLocks[str](listener=listener, clock=lambda: next(readings)).hold("", "full_sync"):
            pass

    asyncio.run(work())
    assert _log(capsys) == [
        "[debug] Attempting to acquire lock for operation: full_sync",
        "[debug] Lock acquired for full_sync (waited 0.001s)",
        "[debug] Lock released for full_sync (total operation time: 45.234s)",
    ]


def test_a_long_wait_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """Beyond a second; up to then it is a line for those who debug."""
    listen = log_locks(make_logger("INFO", "console"))
    listen(LockAcquired("mqtt_zone_update", 1.0))
    listen(LockAcquired("mqtt_zone_update", 2.34))
    assert _log(capsys) == ["[warning] Lock acquired for mqtt_zone_update after 2.34s wait"]


def test_a_wait_in_vain_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """It is logged, and the operation fails with the same words."""
    told: list[LockEvent] = []

    async def work() -> None:
        locks = KeyedLocks[str](0.0, listener=told.append)
        async with locks.hold("", "webhook_zone_sync"), locks.hold("", "full_sync"):
            pytest.fail("two had it")

    with pytest.raises(LockTimeoutError, match=r"^Failed to acquire lock for full_sync within 0 seconds$"):
        asyncio.run(work())
    assert LockTimedOut("full_sync", 0.0) in told
    log_locks(make_logger("ERROR", "console"))(LockTimedOut("full_sync", 30.0))
    assert _log(capsys) == ["[error] Failed to acquire lock for full_sync within 30 seconds"]


def test_half_a_minute_is_the_limit() -> None:
    """Where nothing is set."""
    assert KeeperOptions().lock_timeout == 30.0


def test_holding_and_waiting_are_metrics() -> None:
    """By operation: histograms of both, and a count of those that waited in vain."""
    metrics = Metrics()
    metrics.lock_had("full_sync", 2.5)
    metrics.lock_released("full_sync", 45.0)
    metrics.lock_timed_out("full_sync", 30.0)
    label = {"operation": "full_sync"}

    def value(name: str) -> float | None:
        return metrics.registry.get_sample_value(f"netbox_pdns_{name}", label)

    assert (value("lock_hold_seconds_sum"), value("lock_hold_seconds_count")) == (45.0, 1)
    assert (value("lock_wait_seconds_sum"), value("lock_wait_seconds_count")) == (32.5, 2)
    assert value("lock_timeouts_total") == 1
