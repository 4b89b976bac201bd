"""Circuit breakers: when they open, what they let through, how they close, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from netbox_pdns.errors import ConfigurationError, ConflictError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.resilience.breaker import (
    TRIAL_ENDS,
    Admission,
    BreakerChanged,
    BreakerPolicy,
    BreakerState,
    CircuitBreaker,
    CircuitOpenError,
)

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
POLICY = BreakerPolicy(failures=3, pause=30.0, longest=100.0)
NO_ANSWER = TransientError("connection refused")


@dataclass
class Stage:
    """A breaker with a clock that stands still, and what it told."""

    now: float = 1000.0
    told: list[BreakerChanged] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the breaker."""
        self.breaker = CircuitBreaker("PowerDNS (b)", POLICY, listener=self.told.append, clock=lambda: self.now)

    def call(self, ending: BaseException | None = None) -> str:
        """Return how a call that ends with *ending* came out: `done`, the error's class, or `not made`."""
        made = False

        async def work() -> None:
            nonlocal made
            made = True
            if ending is not None:
                raise ending

        try:
            asyncio.run(self._made(work))
        except CircuitOpenError:
            assert not made
            return "not made"
        except (NetboxPdnsError, ValueError, asyncio.CancelledError) as error:
            return type(error).__name__
        return "done"

    async def _made(self, work: Callable[[], Awaitable[None]]) -> None:
        await self.breaker.call(work)

    def opened(self) -> Stage:
        """Return it open."""
        for _ in range(POLICY.failures):
            self.call(NO_ANSWER)
        assert self.breaker.state is OPEN
        return self


@pytest.mark.parametrize(
    ("endings", "state"),
    [
        pytest.param([NO_ANSWER] * 2, CLOSED, id="fewer-than-it-takes"),
        pytest.param([NO_ANSWER] * 3, OPEN, id="as-many-as-it-takes"),
        pytest.param([NO_ANSWER, NO_ANSWER, None, NO_ANSWER, NO_ANSWER], CLOSED, id="an-answer-between"),
        pytest.param([TransientError("503")] * 3, OPEN, id="a-server-that-cannot"),
        pytest.param([TransientError("429", answered=True)] * 9, CLOSED, id="put-off-is-an-answer"),
        pytest.param([DataError("422")] * 9, CLOSED, id="refused-is-an-answer"),
        pytest.param([ConflictError("409")] * 9, CLOSED, id="there-already-is-an-answer"),
        pytest.param([ConfigurationError("401")] * 9, CLOSED, id="a-wrong-key-is-an-answer"),
        pytest.param([NO_ANSWER, NO_ANSWER, DataError("422"), NO_ANSWER], CLOSED, id="a-refusal-between"),
        pytest.param([asyncio.CancelledError()] * 9, CLOSED, id="cancelled-says-nothing"),
        pytest.param([NO_ANSWER, NO_ANSWER, asyncio.CancelledError(), NO_ANSWER], OPEN, id="cancelled-ends-no-row"),
        pytest.param([NO_ANSWER, NO_ANSWER, ValueError("a fault of ours"), NO_ANSWER], OPEN, id="nor-does-our-own-fault"),
    ],
)  # fmt: skip
def test_what_opens_it(endings: list[BaseException | None], state: BreakerState) -> None:
    """So many calls in a row that got no answer."""
    stage = Stage()
    for ending in endings:
        stage.call(ending)
    assert stage.breaker.state is state


def test_the_error_of_a_call_comes_through() -> None:
    """The breaker changes nothing of what a call raises or returns."""
    assert [Stage().call(NO_ANSWER), Stage().call(DataError("422")), Stage().call()] == [
        "TransientError", "DataError", "done",
    ]  # fmt: skip


def test_open_no_call_is_made_and_the_time_of_the_trial_is_told() -> None:
    """Whoever calls is told at once when it is worth while again."""
    stage = Stage().opened()
    stage.now += 10
    assert stage.call() == "not made"
    assert stage.breaker.until_trial() == 20
    with pytest.raises(CircuitOpenError, match=r"PowerDNS \(b\) is not asked.* due in 20 s") as caught:
        stage.breaker.admit()
    assert caught.value.retry_after == 20
    assert caught.value.hint


@pytest.mark.parametrize(
    ("ending", "after"),
    [
        pytest.param(None, CLOSED, id="well"),
        pytest.param(DataError("422"), CLOSED, id="refused"),
        pytest.param(NO_ANSWER, OPEN, id="no-answer"),
        pytest.param(asyncio.CancelledError(), HALF_OPEN, id="cancelled"),
    ],
)
def test_the_call_after_the_pause_is_the_trial(ending: BaseException | None, after: BreakerState) -> None:
    """An answer closes it, none opens it again, and what says nothing leaves the trial to the next call."""
    stage = Stage().opened()
    stage.now += 30
    assert stage.breaker.until_trial() == 0
    assert stage.call(ending) != "not made"
    assert stage.breaker.state is after
    assert (stage.breaker.until_trial() == 0) == (after is not OPEN)


def test_while_the_trial_is_under_way_no_other_call_is_made() -> None:
    """One call tells; the others are told to come back in a moment."""
    stage = Stage().opened()
    stage.now += 30
    trial = stage.breaker.admit()
    assert stage.call() == "not made"
    assert stage.breaker.until_trial() == TRIAL_ENDS
    stage.breaker.answered(trial)
    assert stage.call() == "done"


def test_after_a_cancelled_trial_the_next_call_is_the_trial() -> None:
    """Nobody waits for one that will not end; the late end of it tells nothing."""
    stage = Stage().opened()
    stage.now += 30
    cancelled = stage.breaker.admit()
    stage.breaker.abandoned(cancelled)
    assert stage.breaker.until_trial() == 0
    trial = stage.breaker.admit()
    stage.breaker.answered(cancelled)
    assert stage.breaker.state is HALF_OPEN
    stage.breaker.answered(trial)
    assert stage.breaker.state is CLOSED


def test_the_pause_doubles_up_to_its_longest_and_begins_anew_after_an_answer() -> None:
    """30, 60, 100 and 100 seconds; then 30 again."""
    stage = Stage().opened()
    for pause in (30, 60, 100, 100):
        assert stage.breaker.until_trial() == pause
        stage.now += pause
        stage.call(NO_ANSWER)
    stage.now += 100
    assert stage.call() == "done"
    assert stage.opened().breaker.until_trial() == 30


def test_calls_that_end_after_it_opened_tell_nothing_new() -> None:
    """Those that were under way then neither close it nor put the trial off."""
    stage = Stage()
    early = [stage.breaker.admit() for _ in range(5)]
    for admission in early[:3]:
        stage.breaker.failed(admission, "time-out")
    stage.now += 10
    stage.breaker.failed(early[3], "time-out")
    stage.breaker.answered(early[4])
    assert (stage.breaker.state, stage.breaker.until_trial()) == (OPEN, 20)


def test_every_change_of_state_is_told() -> None:
    """With the name, both states, and why; a pause where it opens."""
    stage = Stage().opened()
    stage.now += 30
    stage.call(NO_ANSWER)
    stage.now += 60
    stage.call()
    trial = "one call tries whether it answers again"
    assert stage.told == [
        BreakerChanged("PowerDNS (b)", CLOSED, OPEN, "no answer 3 times in a row: connection refused", 30),
        BreakerChanged("PowerDNS (b)", OPEN, HALF_OPEN, trial),
        BreakerChanged("PowerDNS (b)", HALF_OPEN, OPEN, "the trial failed: connection refused", 60),
        BreakerChanged("PowerDNS (b)", OPEN, HALF_OPEN, trial),
        BreakerChanged("PowerDNS (b)", HALF_OPEN, CLOSED, "it answers again"),
    ]


class BreakerMachine(RuleBasedStateMachine):
    """Calls that begin and end in any order, and time that passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.told: list[BreakerChanged] = []
        policy = BreakerPolicy(failures=2, pause=30.0, longest=100.0)
        self.breaker = CircuitBreaker("x", policy, listener=self.told.append, clock=lambda: self.now)
        self.under_way: list[Admission] = []
        self.trial: Admission | None = None
        self.opened_at = 0.0

    @rule()
    def begin(self) -> None:
        """Closed lets all through; open none before its pause is over; half-open one at a time."""
        state, due = self.breaker.state, self.breaker.until_trial() == 0
        if not due:
            assert state is not CLOSED
            with pytest.raises(CircuitOpenError):
                self.breaker.admit()
            return
        admission = self.breaker.admit()
        self.under_way.append(admission)
        if state is not CLOSED:
            assert self.trial is None, "two trials at once"
            assert self.now >= self.opened_at + POLICY.pause
            self.trial = admission

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), how=st.sampled_from(["failed", "failed", "answered", "abandoned"]))
    def end(self, data: st.DataObject, how: str) -> None:
        """A trial decides; any other call closes nothing."""
        admission = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        was_trial = admission is self.trial
        before = self.breaker.state
        if how == "failed":
            self.breaker.failed(admission, "why")
        elif how == "answered":
            self.breaker.answered(admission)
        else:
            self.breaker.abandoned(admission)
        after = self.breaker.state
        if was_trial:
            self.trial = None
            assert after is {"answered": CLOSED, "failed": OPEN, "abandoned": HALF_OPEN}[how]
        elif before is not CLOSED:
            assert after is before
        if after is OPEN and before is not OPEN:
            assert how == "failed"
            self.opened_at = self.now

    @rule(seconds=st.sampled_from([0.5, 29.0, 30.0, 60.0, 100.0]))
    def pass_time(self, seconds: float) -> None:
        """The clock goes on; no state changes by it alone."""
        before = self.breaker.state
        self.now += seconds
        assert self.breaker.state is before

    @invariant()
    def never_shut_for_good(self) -> None:
        """Within the longest pause a call is made again; closed, or with a trial to be had, at once."""
        assert 0 <= self.breaker.until_trial() <= POLICY.longest
        assert self.breaker.state is not CLOSED or self.breaker.until_trial() == 0
        assert self.breaker.state is not HALF_OPEN or (self.trial is not None) == (self.breaker.until_trial() > 0)

    @invariant()
    def what_was_told_is_a_chain(self) -> None:
        """Each change begins where the last one ended, the first one closed; the last one is how it stands."""
        chain = [CLOSED, *(event.after for event in self.told)]
        assert [event.before for event in self.told] == chain[:-1]
        assert chain[-1] is self.breaker.state
        assert all(event.before is not event.after for event in self.told)


TestBreakerLaws = BreakerMachine.TestCase
TestBreakerLaws.__doc__ = "Whatever the order: never two trials at once, no call while open, never shut for good."
