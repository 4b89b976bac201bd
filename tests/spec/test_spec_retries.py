"""Exponential back-off: the numbers, the waits, the jitter, the log."""

from __future__ import annotations

import asyncio
import random
import re

import pytest

from netbox_pdns.cli.logs import log_retries, make_logger
from netbox_pdns.errors import TransientError
from netbox_pdns.resilience.retry import DEFAULT_POLICY, RetryHook, RetryPolicy, ignore, retrying


class Failing:
    """A call that fails so many times, then succeeds; and the seconds that were waited meanwhile."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.calls = 0
        self.waits: list[float] = []

    async def __call__(self) -> str:
        """Fail, or succeed."""
        self.calls += 1
        if self.left:
            self.left -= 1
            raise TransientError("Connection timeout")
        return "done"

    def tried(self, chance: float = 1.0, hook: RetryHook = ignore) -> str:
        """Return what comes of it with retries; no time passes."""

        async def wait(seconds: float) -> None:
            self.waits.append(seconds)

        return asyncio.run(retrying(self, name="patch_zone", sleep=wait, chance=lambda: chance, hook=hook))


def test_the_numbers_are_built_in() -> None:
    """max_attempts 3, base_delay 1 s, backoff_factor 2, max_delay 60 s: nobody needs to set them."""
    assert RetryPolicy(attempts=3, base=1.0, factor=2.0, longest=60.0) == DEFAULT_POLICY


@pytest.mark.parametrize("failures", [1, 2])
def test_a_passing_failure_is_never_seen_by_the_caller(failures: int) -> None:
    """What fails once or twice is done in the end."""
    call = Failing(failures)
    assert call.tried() == "done"
    assert call.calls == failures + 1


@pytest.mark.parametrize(
    ("chance", "waits"),
    [pytest.param(0.0, [0.5, 1.0], id="the-shortest"), pytest.param(1.0, [1.0, 2.0], id="the-longest")],
)
def test_at_once_then_about_one_and_about_two_seconds_then_the_error(chance: float, waits: list[float]) -> None:
    """Three attempts, two waits, and the last error is the caller's."""
    call = Failing(9)
    with pytest.raises(TransientError, match="Connection timeout"):
        call.tried(chance)
    assert call.calls == 3
    assert call.waits == pytest.approx(waits)


def test_the_delay_is_the_formula() -> None:
    """base_delay * backoff_factor ** attempt * (0.5 + random() * 0.5), at most max_delay."""
    for attempt in range(12):
        for chance in (0.0, 0.25, 0.5, 0.999):
            delay = 1.0 * 2.0**attempt * (0.5 + chance * 0.5)
            assert DEFAULT_POLICY.delay(attempt, chance) == pytest.approx(min(60.0, delay))


def test_many_that_failed_together_do_not_come_back_together(sampled: random.Random) -> None:
    """Of 1,000 callers no tenth of a second of the half second has more than three times its share."""
    delays = [DEFAULT_POLICY.delay(0, sampled.random()) for _ in range(1000)]
    assert all(0.5 <= delay <= 1.0 for delay in delays)
    shares = [sum(start <= delay < start + 0.1 for delay in delays) for start in (0.5, 0.6, 0.7, 0.8, 0.9)]
    assert max(shares) < 600
    assert min(shares) > 0


def test_the_log_shows_each_attempt(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning for each attempt in vain, with its number, reason and wait; after the last an error."""
    with pytest.raises(TransientError):
        Failing(9).tried(hook=log_retries(make_logger("INFO", "console")))
    lines = [re.sub(r"^\S+ ", "", line) for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "[warning] Function patch_zone failed (attempt 1/3): Connection timeout. Retrying in 1.0s",
        "[warning] Function patch_zone failed (attempt 2/3): Connection timeout. Retrying in 2.0s",
        "[error] Function patch_zone failed after 3 attempts: Connection timeout",
    ]
