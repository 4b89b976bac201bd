"""Retries: what is tried again, how often, after how long, and who is told."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from netbox_pdns.errors import ConfigurationError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.resilience.breaker import BreakerPolicy, CircuitBreaker, CircuitOpenError
from netbox_pdns.resilience.retry import CallDetails, RetryDetails, RetryPolicy, retrying


def failing(*errors: NetboxPdnsError) -> Callable[[], Awaitable[str]]:
    """Return a call that raises *errors*, one a time, then succeeds."""
    left = list(errors)

    async def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


def run(
    call: Callable[[], Awaitable[str]], chance: float = 1.0
) -> tuple[str | NetboxPdnsError, list[float], list[RetryDetails]]:
    """Return the result, the seconds slept and what the hook was told; no time passes."""
    slept: list[float] = []
    told: list[RetryDetails] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def tried() -> str | NetboxPdnsError:
        try:
            return await retrying(call, name="f", sleep=sleep, chance=lambda: chance, hook=told.append)
        except NetboxPdnsError as error:
            return error

    return asyncio.run(tried()), slept, told


LOST = TransientError("connection lost")


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"),
    [
        pytest.param(0, 0.0, 0.5, id="first-shortest"),
        pytest.param(0, 1.0, 1.0, id="first-longest"),
        pytest.param(1, 1.0, 2.0, id="doubles"),
        pytest.param(3, 0.5, 6.0, id="jitter-multiplies"),
        pytest.param(20, 0.0, 60.0, id="never-more-than-a-minute"),
    ],
)
def test_the_delay_follows_the_formula(attempt: int, chance: float, seconds: float) -> None:
    """base * factor ** attempt * (0.5 + chance / 2), at most 60 s, attempts from 0."""
    assert RetryPolicy().delay(attempt, chance) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("errors", "result", "slept"),
    [
        pytest.param([], "done", [], id="well-at-once"),
        pytest.param([LOST], "done", [1.0], id="well-the-second-time"),
        pytest.param([LOST, LOST], "done", [1.0, 2.0], id="well-the-third-time"),
        pytest.param([LOST, LOST, LOST], LOST, [1.0, 2.0], id="three-times-is-enough"),
        pytest.param([TransientError("busy", retry_after=7.0)], "done", [7.0], id="the-server-asks-for-more-time"),
        pytest.param([TransientError("busy", retry_after=900.0)], "done", [60.0], id="but-not-for-ever"),
    ],
)
def test_transient_errors_are_tried_again(
    errors: list[NetboxPdnsError], result: str | NetboxPdnsError, slept: list[float]
) -> None:
    """A transient error is tried again, twice at most."""
    assert run(failing(*errors))[:2] == (result, slept)


@pytest.mark.parametrize("error", [ConfigurationError("key"), DataError("record")], ids=["configuration", "data"])
def test_other_errors_fail_at_once(error: NetboxPdnsError) -> None:
    """What trying again cannot help is not tried again, and is no failed attempt."""
    assert run(failing(error)) == (error, [], [])


def test_every_failed_attempt_is_told() -> None:
    """The hook hears of each failure with its wait, and of the last without."""
    _, _, told = run(failing(LOST, LOST, LOST))
    assert [(details.attempt, details.delay) for details in told] == [(1, 1.0), (2, 2.0), (3, None)]


def test_any_callable_that_returns_an_awaitable_will_do() -> None:
    """A lambda around a coroutine function is a call like any other."""
    call = failing(LOST)
    assert run(lambda: call())[0] == "done"  # noqa: PLW0108 - the lambda is what is tested


def counted(
    *errors: Exception, opens_after: int | None = None
) -> tuple[list[CallDetails], list[float], list[RetryDetails]]:
    """Return what the observer is told of a call that fails with *errors*, what was slept, and what the hook heard.

    A second passes with each reading of the clock.
    """
    told: list[CallDetails] = []
    slept: list[float] = []
    heard: list[RetryDetails] = []
    left = list(errors)
    seconds = iter(range(100))
    breaker = CircuitBreaker("s", BreakerPolicy(failures=opens_after)) if opens_after is not None else None

    async def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def tried() -> None:
        with contextlib.suppress(Exception):
            await retrying(
                call if breaker is None else lambda: breaker.call(call),
                name="f", server="s", breaker=breaker, observe=told.append, hook=heard.append,
                sleep=sleep, chance=lambda: 1.0, clock=lambda: float(next(seconds)),
            )  # fmt: skip

    asyncio.run(tried())
    return told, slept, heard


WRONG = ConfigurationError("key")
FAULT = ValueError("a fault of ours")
KEPT = CircuitOpenError("not asked", retry_after=9.0)


@pytest.mark.parametrize(
    ("errors", "attempts", "error"),
    [
        pytest.param([], 1, None, id="well-at-once"),
        pytest.param([LOST, LOST], 3, None, id="well-the-third-time"),
        pytest.param([LOST, LOST, LOST], 3, LOST, id="never-well"),
        pytest.param([WRONG], 1, WRONG, id="fails-at-once"),
        pytest.param([LOST, FAULT], 2, FAULT, id="a-fault-of-ours"),
        pytest.param([KEPT], 0, KEPT, id="kept-from-being-made"),
        pytest.param([LOST, KEPT], 1, KEPT, id="kept-from-being-made-again"),
    ],
)
def test_every_call_that_ends_is_told_once(errors: list[Exception], attempts: int, error: Exception | None) -> None:
    """With how often it was made and how long it took; the share that was made again is the retry rate."""
    assert counted(*errors)[0] == [CallDetails("s", "f", attempts, 1.0, error)]


def test_a_call_that_is_cancelled_is_not_told() -> None:
    """It has not come to anything."""
    told: list[CallDetails] = []

    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(retrying(cancelled, name="f", observe=told.append))
    assert told == []


@pytest.mark.parametrize(
    ("opens_after", "attempts"),
    [pytest.param(1, 1, id="at-once"), pytest.param(2, 2, id="between"), pytest.param(3, 3, id="with-the-last")],
)
def test_when_the_breaker_opens_no_further_attempt_is_made_or_waited_for(opens_after: int, attempts: int) -> None:
    """The call's own error is raised, and told as the last."""
    told, slept, heard = counted(LOST, LOST, LOST, opens_after=opens_after)
    assert [(details.attempts, details.error) for details in told] == [(attempts, LOST)]
    assert len(slept) == attempts - 1
    assert (heard[-1].attempt, heard[-1].delay) == (attempts, None)


def test_what_the_breaker_keeps_from_being_made_is_not_tried_again() -> None:
    """It is no failed attempt either."""
    assert run(failing(KEPT)) == (KEPT, [], [])
