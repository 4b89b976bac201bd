"""Circuit breakers: a server that does not answer is left alone for a while, then asked with one call.

    closed ──`failures` calls in a row without an answer──▶ open ──`pause` seconds, then the next call──▶ half-open
       ▲                                                     ▲                                              │   │
       │                                                     └── no answer: the pause doubles ──────────────┘   │
       └──────────────────────────────────────────── an answer, whatever it says ───────────────────────────────┘

What decides is plain methods without a loop: `admit`, `answered`, `failed`, `abandoned`. `call` is the one that waits.
A call counts for the state in which it was admitted: one that ends after the breaker has moved on says nothing new.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from netbox_pdns.errors import NetboxPdnsError, TransientError

T = TypeVar("T")

TRIAL_ENDS = 1.0
"""Seconds after which it is worth while to ask again while a trial is under way: it may end at any moment."""


class BreakerState(StrEnum):
    """A circuit breaker's state."""

    CLOSED = "closed"
    """Calls are made."""
    OPEN = "open"
    """No call is made."""
    HALF_OPEN = "half-open"
    """One call is made, the trial; the others are not."""


class CircuitOpenError(TransientError):
    """The call was not made: the server has not answered for a while. `retry_after` is when the next trial is due."""


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a breaker opens, and for how many seconds: the pause doubles with each trial in vain, up to `longest`."""

    failures: int = 5
    pause: float = 30.0
    longest: float = 300.0


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """The breaker called `name` went from one state to another; `pause` is how long it stays open, 0 where it is not."""

    name: str
    before: BreakerState
    after: BreakerState
    reason: str
    pause: float = 0.0


class BreakerListener(Protocol):
    """Whoever wants to know how breakers stand. It must not block, and must not raise."""

    def __call__(self, event: BreakerChanged) -> None:
        """Take note of *event*."""


def silent(event: BreakerChanged) -> None:
    """Take no note."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The leave to make one call; `era` tells what it counts for."""

    era: int


class CircuitBreaker:
    """The breaker of one server; *name* is the server's, for people. *clock* is in seconds and never goes back."""

    def __init__(
        self,
        name: str,
        policy: BreakerPolicy = BreakerPolicy(),
        *,
        listener: BreakerListener = silent,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._policy = policy
        self._listener = listener
        self._clock = clock
        self._state = BreakerState.CLOSED
        self._era = 0
        """Grows with each change of state and each trial: what was admitted before is of the past."""
        self._in_a_row = 0
        self._pause = policy.pause
        self._due = 0.0
        self._on_trial = False

    @property
    def state(self) -> BreakerState:
        """How it stands. It stays open past its pause, until somebody calls."""
        return self._state

    def until_trial(self) -> float:
        """Return the seconds until it is worth while to call: 0 where a call would be made now."""
        match self._state:
            case BreakerState.CLOSED:
                return 0.0
            case BreakerState.OPEN:
                return max(0.0, self._due - self._clock())
            case BreakerState.HALF_OPEN:
                return TRIAL_ENDS if self._on_trial else 0.0

    async def call(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what *call* returns; raises `CircuitOpenError` at once, and makes no call, where none is to be made."""
        admission = self.admit()
        try:
            result = await call()
        except TransientError as error:
            if error.answered:
                self.answered(admission)
            else:
                self.failed(admission, str(error))
            raise
        except NetboxPdnsError:
            self.answered(admission)
            raise
        except BaseException:  # cancelled, or a fault of ours: it says nothing about the server
            self.abandoned(admission)
            raise
        self.answered(admission)
        return result

    def admit(self) -> Admission:
        """Return the leave to make one call, which must come to `answered`, `failed` or `abandoned`.

        Raises `CircuitOpenError`.
        """
        if (seconds := self.until_trial()) > 0:
            raise CircuitOpenError(
                f"{self.name} is not asked: it did not answer; the next trial is due in {seconds:.0f} s",
                hint="it is asked again by itself; see what was logged when its calls began to fail",
                retry_after=seconds,
            )
        if self._state is not BreakerState.CLOSED:
            self._begin_trial()
        return Admission(self._era)

    def answered(self, admission: Admission) -> None:
        """Take note that the server answered, be it with an error."""
        if admission.era != self._era:
            return
        self._in_a_row = 0
        if self._on_trial:
            self._pause = self._policy.pause
            self._become(BreakerState.CLOSED, "it answers again")

    def failed(self, admission: Admission, reason: str) -> None:
        """Take note that the server did not answer."""
        if admission.era != self._era:
            return
        self._in_a_row += 1
        if self._on_trial:
            self._pause = min(self._policy.longest, self._pause * 2)
            self._open(f"the trial failed: {reason}")
        elif self._in_a_row >= self._policy.failures:
            self._open(f"no answer {self._in_a_row} times in a row: {reason}")

    def abandoned(self, admission: Admission) -> None:
        """Take note that the call ended before it could tell; the next one is the trial where this was."""
        if admission.era == self._era:
            self._on_trial = False

    def _begin_trial(self) -> None:
        if self._state is BreakerState.HALF_OPEN:  # a trial was abandoned: nothing to tell
            self._era += 1
        else:
            self._become(BreakerState.HALF_OPEN, "one call tries whether it answers again")
        self._on_trial = True

    def _open(self, reason: str) -> None:
        self._due = self._clock() + self._pause
        self._become(BreakerState.OPEN, reason, self._pause)

    def _become(self, state: BreakerState, reason: str, pause: float = 0.0) -> None:
        before, self._state = self._state, state
        self._era += 1
        self._in_a_row = 0
        self._on_trial = False
        self._listener(BreakerChanged(self.name, before, state, reason, pause))
