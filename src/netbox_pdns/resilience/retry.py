"""Trying again: three attempts, exponential back-off with jitter, told to whoever listens.

Only `TransientError` is tried again, and only calls that can safely be repeated are to be handed in.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from netbox_pdns.errors import TransientError
from netbox_pdns.resilience.breaker import BreakerState, CircuitBreaker, CircuitOpenError

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
    """One failed attempt: `attempt` counts from 1, `delay` is None after the last.

    The last one may come before `attempts` are made: a server whose circuit breaker opens is not tried again.
    """

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


@dataclass(frozen=True, slots=True)
class CallDetails:
    """One call to `server` that has ended, well or with `error`.

    `attempts` is how often it was made: 0 where the circuit breaker kept it from being made. `seconds` has the waits in it.
    """

    server: str
    name: str
    attempts: int
    seconds: float
    error: Exception | None = None


class CallObserver(Protocol):
    """Whoever counts calls. It must not block, and must not raise."""

    def __call__(self, details: CallDetails) -> None:
        """Take note of *details*."""


def unobserved(details: CallDetails) -> None:
    """Take no note."""


async def retrying(
    call: Callable[[], Awaitable[T]],
    *,
    name: str,
    server: str = "",
    policy: RetryPolicy = DEFAULT_POLICY,
    hook: RetryHook = ignore,
    observe: CallObserver = unobserved,
    breaker: CircuitBreaker | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    chance: Callable[[], float] = random.random,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """Return what *call* returns, trying again after a `TransientError` as *policy* says; the last one is raised.

    A server that asked for more time (`retry_after`) gets it, up to `policy.longest`. *call* itself goes through *breaker*;
    here it only ends the tries when it opens. *observe* is told of the call when it has ended, unless it was cancelled.
    """
    made, started = 0, clock()

    def wait(state: RetryCallState) -> float:
        asked = _error(state).retry_after or 0.0
        return min(policy.longest, max(asked, policy.delay(state.attempt_number - 1, chance())))

    def tell(state: RetryCallState) -> None:
        hook(RetryDetails(name, state.attempt_number, policy.attempts, _error(state), state.upcoming_sleep))

    def is_over(state: RetryCallState) -> bool:
        is_open = breaker is not None and breaker.state is BreakerState.OPEN
        return is_open or state.attempt_number >= policy.attempts

    async def once() -> T:  # tenacity awaits coroutine functions only, and *call* may be a lambda
        nonlocal made
        made += 1
        try:
            return await call()
        except CircuitOpenError:
            made -= 1
            raise

    attempts = AsyncRetrying(
        stop=is_over,
        wait=wait,
        retry=retry_if_exception(lambda error: isinstance(error, TransientError) and not _was_kept(error)),
        before_sleep=tell,
        sleep=sleep,
        reraise=True,
    )
    try:
        result: T = await attempts(once)
    except Exception as error:
        if isinstance(error, TransientError) and not _was_kept(error):
            hook(RetryDetails(name, made, policy.attempts, error, None))
        observe(CallDetails(server, name, made, clock() - started, error))
        raise
    observe(CallDetails(server, name, made, clock() - started))
    return result


@dataclass(frozen=True, slots=True)
class Caller:
    """How calls to one server are made: how often they are tried, through which breaker, and who is told.

    `server` is its name for people.
    """

    server: str
    policy: RetryPolicy = DEFAULT_POLICY
    hook: RetryHook = ignore
    breaker: CircuitBreaker | None = None
    observe: CallObserver = unobserved

    async def retried(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        """Return what *call* returns, trying again; whatever it asks of the server goes through `once`."""
        return await retrying(
            call,
            name=name,
            server=self.server,
            policy=self.policy,
            hook=self.hook,
            observe=self.observe,
            breaker=self.breaker,
        )

    async def tried(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        """Return what *call* returns, as `retried` does, but try once: who calls has another way."""
        return await replace(self, policy=replace(self.policy, attempts=1)).retried(name, call)

    async def once(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what *call*, one request to the server and its answer, returns; raises `CircuitOpenError`.

        What a request waits for on our side is to be waited for before: the breaker may open meanwhile.
        """
        return await (call() if self.breaker is None else self.breaker.call(call))


def _was_kept(error: BaseException) -> bool:
    """Tell whether the call was not made at all."""
    return isinstance(error, CircuitOpenError)


def _error(state: RetryCallState) -> TransientError:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert isinstance(error, TransientError)
    return error
