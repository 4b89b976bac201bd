"""The change feed against a log whose transactions commit late, out of order, or never."""

from __future__ import annotations

from typing import Any

import pytest
from feed_world import OVERLAP, FeedWorld
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netbox_pdns.errors import TransientError
from netbox_pdns.netbox.client import NotPermittedError
from netbox_pdns.sync.hints import WHOLE, Depth, Scope, Trigger
from netbox_pdns.triggers.feed import MOST_UNREAD
from netbox_pdns.triggers.meaning import NAMESERVER, RECORD, ZONE
from netbox_pdns.triggers.zone_names import ZoneNames

PREFIX = "ipam.prefix"
Step = tuple[Any, ...]

_STEP = st.one_of(
    st.tuples(st.just("begin"), st.integers(1, 4)),
    st.tuples(st.just("commit"), st.integers(0, 5)),
    st.tuples(st.just("take back"), st.integers(0, 5)),
    st.tuples(st.just("other")),
    st.tuples(st.just("poll")),
    st.tuples(st.just("fail"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 60.0, 400.0, 899.0])),
    st.tuples(st.just("restart")),
    st.tuples(st.just("stop")),
    st.tuples(st.just("edit")),
    st.tuples(st.just("reconcile")),
)

LATE: list[Step] = [("begin", 2), ("edit",), ("poll",), ("wait", 899.0), ("commit", 0), ("poll",)]
"""Two ids that were given out before another one, and appear after it."""


class Story:
    """Transactions that begin and end as the steps say, none longer than the overlap; beside them the feed."""

    def __init__(self) -> None:
        self.world = FeedWorld()
        self.open: list[tuple[float, range]] = []
        self.committed: list[int] = []

    def tell(self, step: Step) -> None:
        """Let one step happen."""
        getattr(self, step[0].replace(" ", "_"))(*step[1:])

    def begin(self, number: int) -> None:
        self.open.append((self.world.log.now, self.world.log.given(number)))

    def commit(self, which: int) -> None:
        if which < len(self.open):
            begun, ids = self.open.pop(which)
            self.world.log.commit(ids, time=begun)
            self.committed += ids

    def take_back(self, which: int) -> None:
        if which < len(self.open):
            self.open.pop(which)

    def other(self) -> None:
        self.world.log.edit(PREFIX)

    def poll(self) -> None:
        self.world.poll()

    def fail(self, after: int) -> None:
        """Let a look come to an end after some requests."""
        log = self.world.log
        log.broken, log.breaks_after = TransientError("no answer"), after
        try:
            self.world.poll()
        except TransientError:
            pass
        finally:
            log.broken = None

    def wait(self, seconds: float) -> None:
        oldest = min((begun for begun, _ in self.open), default=self.world.log.now)
        if self.world.log.now + seconds - oldest < OVERLAP:
            self.world.wait(seconds)

    def restart(self) -> None:
        self.world.restart()

    def stop(self) -> None:
        self.world.feed.save()
        self.world.restart()

    def edit(self) -> None:
        self.committed.append(self.world.log.edit())

    def reconcile(self) -> None:
        """Let all that was hinted at be done."""
        hints = [hint for hint in self.world.notebook.hints if hint.cause.change is not None]
        for hint in hints:
            self.world.progress.done("one", hint.zone, {hint.cause.change or 0})

    def end(self) -> None:
        while self.open:
            self.commit(0)
        for _ in range(2):
            self.world.poll()


def _told(steps: list[Step]) -> tuple[list[int], list[int]]:
    story = Story()
    story.world.begun()
    for step in steps:
        story.tell(step)
    story.end()
    return story.world.notebook.changes(), story.committed


@settings(deadline=None)
@given(st.lists(_STEP.filter(lambda step: step[0] not in {"restart", "stop"}), max_size=40))
@example(LATE)
@example([*LATE, ("poll",), ("poll",)])
def test_every_committed_entry_is_hinted_at_exactly_once(steps: list[Step]) -> None:
    """In whatever order transactions commit that take no longer than the overlap, and whichever requests fail."""
    told, committed = _told(steps)
    assert sorted(told) == sorted(committed)


@settings(deadline=None)
@given(st.lists(_STEP, max_size=40))
@example([("edit",), ("fail", 1), ("stop",)])
@example([*LATE, ("restart",)])
@example([("begin", 1), ("edit",), ("poll",), ("stop",)])
def test_no_crash_loses_an_entry(steps: list[Step]) -> None:
    """Whatever was not reconciled before it is hinted at again; nothing that never committed is."""
    told, committed = _told(steps)
    assert set(told) == set(committed)


def test_idle_costs_one_request() -> None:
    """Where nothing happened there is nothing else to ask."""
    world = FeedWorld()
    world.log.edit()
    world.begun()
    before = world.log.requests
    world.poll()
    assert world.log.requests - before == 1
    assert world.state.working


def test_the_cause_names_the_edit() -> None:
    """User, request, the time of the edit and the entry's id."""
    world = FeedWorld().begun()
    number = world.log.edit(time=999_990.0)
    world.poll()
    (hint,) = world.notebook.hints
    cause = hint.cause
    assert (cause.trigger, cause.user, cause.request, cause.change) == (
        Trigger.FEED,
        "amy",
        f"request-{number}",
        number,
    )
    assert (cause.came, cause.edited) == (1_000_000.0, 999_990.0)
    assert (hint.zone, hint.target) == ("example.com.", None)
    assert hint.scope == Scope(frozenset({("www.example.com.", "A")}))
    assert world.state.hints == 2  # the first look at everything, and this


def test_the_first_start_begins_now_and_has_everything_looked_at() -> None:
    """What is in the log is the first pass's; what is yet to commit below is the feed's."""
    world = FeedWorld()
    early = world.log.given()
    world.log.edit()
    world.poll()
    assert (world.notebook.hints, world.notebook.everywhere) == ([], [(Depth.CONTENT, "one")])
    world.log.commit(early)
    world.poll()
    assert world.notebook.changes() == [*early]


def test_a_deleted_zone_s_records_are_told_by_its_name() -> None:
    """NetBox does not have the zone any more, the log does."""
    world = FeedWorld().begun()
    record = {"zone": 9, "fqdn": "www.gone.example.", "type": "A"}
    world.log.edit(RECORD, before=record)
    world.log.edit(ZONE, before={"name": "gone.example"}, object_id=9)
    world.poll()
    assert [(hint.zone, hint.scope.is_whole) for hint in world.notebook.hints] == [
        ("gone.example.", False),
        ("gone.example.", True),
    ]


def test_names_that_others_learn_are_shared() -> None:
    """What a webhook told of a zone need not be asked for."""
    world = FeedWorld()
    world.names = ZoneNames()
    world.restart()
    world.begun()
    world.names.learn(9, "gone.example")
    world.log.edit(RECORD, before={"zone": 9, "fqdn": "www.gone.example.", "type": "A"})
    world.poll()
    assert [hint.zone for hint in world.notebook.hints] == ["gone.example."]


def test_a_record_of_a_zone_that_is_nowhere_is_left_to_the_zone_s_own_entry() -> None:
    """So records of zones that the token may not see make no work."""
    world = FeedWorld().begun()
    world.log.edit(RECORD, before={"zone": 77, "fqdn": "www.gone.example.", "type": "A"})
    world.poll()
    assert not world.notebook.hints
    assert not world.notebook.everywhere


def test_a_renamed_nameserver_has_the_lists_looked_at() -> None:
    """The log does not tell whose it is."""
    world = FeedWorld().begun()
    number = world.log.edit(NAMESERVER, before={"name": "ns1.example.com"}, after={"name": "ns2.example.com"})
    world.poll()
    assert world.notebook.everywhere == [(Depth.LISTS, None)]
    assert number in world.progress.pending("one").changes


def test_a_flood_is_a_look_at_everything() -> None:
    """Beyond a bound entries are not read one by one, and the target owes the look until it is passed, over restarts."""
    world = FeedWorld().begun()
    world.log.page = 1000
    world.log.commit(world.log.given(MOST_UNREAD + 1))
    world.poll()
    assert (world.notebook.hints, world.notebook.everywhere) == ([], [(Depth.CONTENT, None)])
    world.notebook.clear()
    world.restart()
    world.poll()
    assert world.notebook.everywhere == [(Depth.CONTENT, "one")]
    world.progress.passed("one", world.progress.pending("one"))
    world.poll()
    world.restart()
    world.begun().poll()
    assert not world.notebook.everywhere


def test_a_flood_that_a_failure_interrupts_is_not_forgotten() -> None:
    """The look is hinted at by the next poll."""
    world = FeedWorld().begun()
    world.log.page = MOST_UNREAD + 1
    world.log.commit(world.log.given(MOST_UNREAD + 2))
    world.log.broken, world.log.breaks_after = TransientError("no answer"), 1
    with pytest.raises(TransientError):
        world.poll()
    world.log.broken = None
    world.poll()
    assert world.notebook.everywhere == [(Depth.CONTENT, None)]


def test_a_wide_gap_is_asked_for_by_its_ends() -> None:
    """A bulk that was taken back costs one request a look, not one for each hundred of its ids."""
    world = FeedWorld().begun()
    world.log.given(100_000)
    world.log.edit()
    world.poll()
    before = world.log.requests
    world.poll()
    assert world.log.requests - before == 2
    world.wait(OVERLAP + 1)
    world.poll()
    assert not world.progress.sight.gaps


@pytest.mark.parametrize(
    ("restored", "back"),
    [
        pytest.param(lambda log: log.entries.pop(3), True, id="the-newest-entry-is-gone"),
        pytest.param(lambda log: log.commit([3], time=5.0), True, id="its-id-is-another-entry-s"),
        pytest.param(lambda log: (log.entries.pop(3), log.commit([4, 5])), True, id="gone-and-later-ones-are-there"),
        pytest.param(lambda log: log.entries.pop(2), False, id="an-older-one-is-gone"),
        pytest.param(lambda log: log.entries.clear(), False, id="the-log-was-emptied"),
        pytest.param(lambda log: (log.entries.clear(), log.commit([9])), False, id="the-log-keeps-less-than-we-missed"),
    ],
)
def test_netbox_that_went_back_is_told_once_and_makes_no_hints(restored: Any, back: bool) -> None:
    """NetBox drops entries from the oldest on: where the newest that was seen is missing beside an older one, it is back."""
    world = FeedWorld()
    for _ in range(3):
        world.log.edit()
    world.begun()
    restored(world.log)
    world.restart()
    for _ in range(2):
        world.poll()
    assert bool(world.back) == back
    assert len(world.back) <= 1
    if back:
        assert (world.notebook.hints, world.notebook.everywhere) == ([], [])
        assert not world.state.working
        assert "went back: change 3 of 1970-01-12" in world.state.detail


def test_what_was_accepted_is_followed_from_where_it_is_now() -> None:
    """After a look at everything."""
    import asyncio

    world = FeedWorld()
    world.log.edit()
    world.log.edit()
    world.begun()
    world.log.entries.pop(2)
    world.poll()
    asyncio.run(world.feed.accept())
    assert world.notebook.everywhere == [(Depth.CONTENT, "one")]
    world.log.commit([2])
    world.poll()
    assert world.notebook.changes() == [2]
    assert world.state.working


def test_a_cursor_older_than_the_log_has_all_content_looked_at() -> None:
    """What happened in between nobody knows; then the log is followed again."""
    world = FeedWorld()
    world.log.edit()
    world.begun()
    world.log.entries.clear()
    world.log.given(50)
    world.log.edit()
    world.poll()
    assert world.notebook.everywhere == [(Depth.CONTENT, "one")]
    number = world.log.edit()
    world.poll()
    assert world.notebook.changes() == [number]


def test_a_log_that_may_not_be_viewed_is_said_and_tried_again() -> None:
    """With what that means for deletions; when it may be, everything is looked at."""
    world = FeedWorld()
    world.log.broken = NotPermittedError("the token may not view the change log", hint="give it", setting="X")
    with pytest.raises(NotPermittedError, match="deleted in NetBox may be found by the full sync alone") as raised:
        world.poll()
    assert (raised.value.hint, raised.value.setting) == ("give it", "X")
    world.log.broken = None
    world.poll()
    assert world.notebook.everywhere == [(Depth.CONTENT, "one")]


def test_a_target_that_comes_later_is_told_of_its_own_alone() -> None:
    """The others have been looked at; a change that both miss is one hint."""
    world = FeedWorld(("one",))
    world.log.edit()
    world.begun()
    first = world.log.edit()
    world.poll()
    world.notebook.clear()
    world.targets = ("one", "two")
    world.restart()
    world.poll()
    assert world.notebook.everywhere == [(Depth.CONTENT, "two")]
    assert [(hint.cause.change, hint.target) for hint in world.notebook.hints] == [(first, "one")]
    world.log.edit()
    world.poll()
    assert world.notebook.hints[-1].target is None
    assert world.notebook.hints[-1].scope != WHOLE
