"""Trying again: three attempts, exponential back-off with jitter, told to whoever listens.

Only `TransientError` is tried again, and only calls that can safely be repeated are to be handed in.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from netbox_pdns.errors import TransientError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently; times in seconds."""

    attempts: int = 3
    base: float = 1.0
    factor: float = 2.0
    longest: float = 60.0

    def delay(self, attempt: int, chance: float) -> float:
        """Return the seconds to wait after *attempt*, counted from 0; *chance* is a random number from 0 to 1.

        `base * factor ** attempt * (0.5 + chance * 0.5)`, at most `longest`.
        """
        return min(self.longest, self.base * self.factor**attempt * (0.5 + chance * 0.5))


DEFAULT_POLICY = RetryPolicy()


@dataclass(frozen=True, slots=True)
class RetryDetails:
    """One failed attempt: `attempt` counts from 1, `delay` is None after the last."""

    name: str
    attempt: int
    attempts: int
    error: TransientError
    delay: float | None


class RetryHook(Protocol):
    """Whoever wants to know of failed attempts."""

    def __call__(self, details: RetryDetails) -> None:
        """Take note of *details*."""


def ignore(details: RetryDetails) -> None:
    """Take no note."""


async def retrying(
    call: Callable[[], Awaitable[T]],
    *,
    name: str,
    policy: RetryPolicy = DEFAULT_POLICY,
    hook: RetryHook = ignore,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    chance: Callable[[], float] = random.random,
) -> T:
    """Return what *call* returns, trying again after a `TransientError` as *policy* says; the last one is raised.

    A server that asked for more time (`retry_after`) gets it, up to `policy.longest`.
    """

    def wait(state: RetryCallState) -> float:
        asked = _error(state).retry_after or 0.0
        return min(policy.longest, max(asked, policy.delay(state.attempt_number - 1, chance())))

    def tell(state: RetryCallState) -> None:
        hook(RetryDetails(name, state.attempt_number, policy.attempts, _error(state), state.upcoming_sleep))

    async def once() -> T:  # tenacity awaits coroutine functions only, and *call* may be a lambda
        return await call()

    attempts = AsyncRetrying(
        stop=stop_after_attempt(policy.attempts),
        wait=wait,
        retry=retry_if_exception_type(TransientError),
        before_sleep=tell,
        sleep=sleep,
        reraise=True,
    )
    try:
        return await attempts(once)
    except TransientError as error:
        hook(RetryDetails(name, policy.attempts, policy.attempts, error, None))
        raise


def _error(state: RetryCallState) -> TransientError:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert isinstance(error, TransientError)
    return error
