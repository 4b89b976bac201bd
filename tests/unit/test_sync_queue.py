"""The laws of the queue: hints merge, a zone is never out twice, nothing is forgotten, who waited longest goes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from netbox_pdns.sync.hints import WHOLE, Cause, Scope, Trigger
from netbox_pdns.sync.queue import Backoff, Work, ZoneQueue

A, B = "a.example.", "b.example."
WWW, MAIL = ("www.a.example.", "A"), ("mail.a.example.", "MX")


def cause(change: int | None = None, request: str = "") -> Cause:
    return Cause(Trigger.FEED, 0.0, change=change, request=request)


def queue(pause: float = 0.0, first: float = 2.0) -> ZoneQueue:
    return ZoneQueue(pause, Backoff(first), chance=lambda: 1.0)


def taken(waiting: ZoneQueue, now: float) -> Work:
    work = waiting.take(now)
    assert work is not None
    return work


def test_hints_for_one_zone_are_one_look_for_all_of_them() -> None:
    waiting = queue()
    waiting.add(A, Scope(frozenset({WWW})), [cause(1, "x")], 0)
    waiting.add(A, Scope(frozenset({MAIL})), [cause(2, "y")], 1)
    work = taken(waiting, 1)
    assert work.scope == Scope(frozenset({WWW, MAIL}))
    assert [each.request for each in work.causes] == ["x", "y"]
    assert work.changes == {1, 2}
    assert waiting.take(9) is None


def test_a_hint_for_the_zone_widens_one_for_an_rrset() -> None:
    waiting = queue()
    waiting.add(A, Scope(frozenset({WWW})), [cause()], 0)
    waiting.add(A, WHOLE, [cause()], 0)
    assert taken(waiting, 0).scope.is_whole


def test_hints_for_a_zone_under_way_are_one_more_look_afterwards() -> None:
    waiting = queue()
    waiting.add(A, WHOLE, [cause()], 0)
    work = taken(waiting, 0)
    for change in range(5):
        waiting.add(A, WHOLE, [cause(change)], 1)
    assert waiting.take(2) is None
    waiting.done(work, 3)
    assert taken(waiting, 3).changes == set(range(5))
    assert waiting.take(9) is None


def test_looks_at_one_zone_are_a_pause_apart_and_others_do_not_wait() -> None:
    waiting = queue(pause=0.3)
    waiting.add(A, WHOLE, [cause()], 0)
    waiting.done(taken(waiting, 0), 0.1)
    waiting.add(A, WHOLE, [cause()], 0.2)
    waiting.add(B, WHOLE, [cause()], 0.2)
    assert taken(waiting, 0.2).zone == B
    assert waiting.take(0.39) is None
    assert taken(waiting, 0.4).zone == A


def test_who_waited_longest_goes_first() -> None:
    waiting = queue()
    waiting.add(A, WHOLE, [cause()], 0)
    waiting.add(B, WHOLE, [cause()], 1)
    waiting.add(A, WHOLE, [cause()], 2)
    assert [taken(waiting, 3).zone, taken(waiting, 3).zone] == [A, B]


def test_what_failed_comes_back_with_a_longer_wait_each_time_and_all_its_causes() -> None:
    waiting, now, delays = queue(), 0.0, []
    waiting.add(A, WHOLE, [cause(7)], now)
    for _ in range(9):
        work = taken(waiting, now)
        assert work.changes == {7}
        delays.append(waiting.failed(work, now))
        assert waiting.take(now + delays[-1] - 0.01) is None
        now += delays[-1]
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 300]


def test_a_new_hint_brings_forward_what_is_backed_off_from() -> None:
    waiting = queue(first=100.0)
    waiting.add(A, WHOLE, [cause(1)], 0)
    waiting.failed(taken(waiting, 0), 0)
    waiting.add(A, WHOLE, [cause(2)], 5)
    work = taken(waiting, 5)
    assert (work.changes, work.attempts) == ({1, 2}, 1)


def test_what_is_backed_off_from_can_be_brought_forward_the_next_due_first() -> None:
    waiting = queue(first=10.0)
    for zone in (A, B):
        waiting.add(zone, WHOLE, [cause()], 0)
    first = taken(waiting, 0)
    waiting.failed(taken(waiting, 0), 1)
    waiting.failed(first, 0)
    waiting.hurry(2, 1)
    assert taken(waiting, 2).zone == A
    assert waiting.take(2) is None
    waiting.hurry(3)
    assert taken(waiting, 3).zone == B


def test_a_success_forgets_the_failures() -> None:
    waiting = queue()
    waiting.add(A, WHOLE, [cause()], 0)
    delay = waiting.failed(taken(waiting, 0), 0)
    waiting.done(taken(waiting, delay), delay)
    waiting.add(A, WHOLE, [cause()], 10)
    assert taken(waiting, 10).attempts == 0


def test_the_numbers_that_are_shown() -> None:
    waiting = queue()
    waiting.add(A, WHOLE, [cause()], 0)
    waiting.add(B, WHOLE, [cause()], 2)
    waiting.failed(taken(waiting, 2), 3)
    work = taken(waiting, 3)
    state = waiting.state(4)
    assert (work.zone, state.depth, state.active, state.backing_off, state.oldest) == (B, 1, 1, 1, 4)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_wait_is_within_its_bounds(attempt: int, chance: float) -> None:
    assert 0.5 * 2.0 <= Backoff().delay(attempt, chance) <= 300.0


class Laws(RuleBasedStateMachine):
    """Whatever comes in any order: no change is forgotten, no zone is out twice, `wait` tells the truth."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = ZoneQueue(0.5, Backoff(1.0), chance=lambda: 0.5)
        self.now = 0.0
        self.out: dict[str, Work] = {}
        self.open: dict[str, set[int]] = {A: set(), B: set()}
        self.number = 0

    @rule(zone=st.sampled_from([A, B]), whole=st.booleans())
    def hint(self, zone: str, whole: bool) -> None:
        self.number += 1
        self.open[zone].add(self.number)
        self.queue.add(zone, WHOLE if whole else Scope(frozenset({WWW})), [cause(self.number)], self.now)

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0, 50.0]))
    def later(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def take(self) -> None:
        wait = self.queue.wait(self.now)
        work = self.queue.take(self.now)
        assert (work is not None) == (wait == 0)
        if work is not None:
            assert work.zone not in self.out
            self.out[work.zone] = work

    @precondition(lambda self: self.out)
    @rule(well=st.booleans(), data=st.data())
    def end(self, well: bool, data: st.DataObject) -> None:
        work = self.out.pop(data.draw(st.sampled_from(sorted(self.out.values(), key=lambda each: each.zone))).zone)
        if well:
            self.queue.done(work, self.now)
            self.open[work.zone] -= work.changes
        else:
            self.queue.failed(work, self.now)

    @invariant()
    def nothing_is_forgotten(self) -> None:
        for zone, changes in self.open.items():
            assert not changes or self.queue.holds(zone)

    def teardown(self) -> None:
        for work in self.out.values():
            self.queue.done(work, self.now)
            self.open[work.zone] -= work.changes
        self.now += 1_000
        while (work := self.queue.take(self.now)) is not None:
            self.queue.done(work, self.now)
            self.open[work.zone] -= work.changes
            self.now += 1
        assert not any(self.open.values())


TestLaws = Laws.TestCase
