"""The laws of the keeper: every hint is looked into, never two looks at one zone at once, what fails comes back.

And a pass over everything never puts back what a hint has brought meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
from keeping import Kept, hint, kept, people
from sync_memory import MemorySource, MemoryTarget, zone

from netbox_pdns.errors import DataError, NetboxPdnsError, TransientError
from netbox_pdns.planning.values import Gone, RecordKey
from netbox_pdns.sync.board import BreakerState, Condition
from netbox_pdns.sync.events import LookDone, PassDone
from netbox_pdns.sync.hints import Cause, Depth, Trigger

A, B = "a.example.", "b.example."
MANY = [f"z{number:02}.example." for number in range(40)]


def netbox(*names: str, address: str = "192.0.2.1", serial: int = 7) -> MemorySource:
    """Return a NetBox with these zones."""
    return MemorySource({None: [zone(name, address, serial=serial) for name in names or (A, B)]})


def looks(here: Kept, zone: str) -> int:
    """Return how many looks at *zone*, for hints, are over."""
    return sum(1 for event in here.told if isinstance(event, LookDone) and event.work.zone == zone and event.work.since)


def passes(here: Kept) -> int:
    """Return how many passes are over."""
    return sum(1 for event in here.told if isinstance(event, PassDone))


def www(target: MemoryTarget, name: str) -> tuple[str, ...]:
    """Return the addresses of www in a zone."""
    return target.served[name].zone.rrsets[f"www.{name}", "A"].rdatas


def run(work: Callable[[], object]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]


def test_a_hint_has_its_zone_brought_and_no_other(tmp_path: Path) -> None:
    target = MemoryTarget()

    async def work() -> None:
        async with kept(tmp_path, netbox(), target) as here:
            here.keeper.look(hint(A))
            await here.until(lambda: looks(here, A))
            assert target.done == [f"create {A}"]
            assert here.board.zone("one", A).condition is Condition.EQUAL

    run(work)


def test_a_hint_for_a_zone_that_neither_side_has_comes_to_nothing(tmp_path: Path) -> None:
    target = MemoryTarget()

    async def work() -> None:
        async with kept(tmp_path, netbox(), target) as here:
            here.keeper.look(hint("other.example."))
            await here.until(lambda: looks(here, "other.example."))
            assert (target.calls, list(here.board.zones())) == ([], [])

    run(work)


def test_never_two_looks_at_one_zone_at_once_and_one_more_for_all_that_came_meanwhile(tmp_path: Path) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()
    source = netbox()

    async def until() -> None:
        entered.set()
        await go_on.wait()

    target = MemoryTarget(until=until)

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            here.keeper.look(hint(A))
            await entered.wait()
            source.views = {None: [zone(A, "192.0.2.9", serial=8)]}
            for change in range(5):
                here.keeper.look(hint(A, change=change))
            here.keeper.look(hint(B))
            go_on.set()
            await here.until(lambda: looks(here, A) == 2)
            assert www(target, A) == ("192.0.2.9",)
            assert [
                event.work.changes for event in here.told if isinstance(event, LookDone) and event.work.zone == A
            ] == [
                frozenset(),
                frozenset(range(5)),
            ]

    run(work)


@pytest.mark.parametrize("error", [TransientError("no answer"), DataError("bad")], ids=["transient", "data"])
def test_what_fails_comes_back_until_it_is_done(tmp_path: Path, error: NetboxPdnsError) -> None:
    target = MemoryTarget(fails={A: error})

    async def work() -> None:
        async with kept(tmp_path, netbox(), target) as here:
            here.keeper.look(hint(A))
            await here.until(lambda: looks(here, A) == 3)
            state = here.board.zone("one", A)
            assert (state.condition, state.error, state.attempts) == (Condition.FAILING, str(error), 3)
            target.fails.clear()
            await here.until(lambda: here.board.zone("one", A).condition is Condition.EQUAL)
            assert www(target, A) == ("192.0.2.1",)

    run(work)


def test_a_fault_of_ours_in_one_zone_ends_nothing_else(tmp_path: Path) -> None:
    target = MemoryTarget(fails={A: ZeroDivisionError("oh")})  # type: ignore[dict-item]

    async def work() -> None:
        async with kept(tmp_path, netbox(), target) as here:
            here.keeper.look(hint(A))
            here.keeper.look(hint(B))
            await here.until(lambda: looks(here, A) > 1 and looks(here, B))
            state = here.board.zone("one", A)
            assert (state.condition, state.error_class) == (Condition.FAILING, "unexpected")
            assert list(target.served) == [B]
            target.fails.clear()
            await here.until(lambda: A in target.served)

    run(work)


def test_edits_of_records_in_zones_of_other_targets_cost_nothing(tmp_path: Path) -> None:
    """That a zone is not its own a target finds out once; an edit of the zone itself has it look again."""
    source, target = netbox(A), MemoryTarget()

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            for number in range(3):
                here.keeper.look(hint(B, f"www.{B}"))
                await here.until(lambda number=number: looks(here, B) == number + 1)
            assert source.asked == [B]
            source.views = {None: [zone(B, "192.0.2.1")]}
            here.keeper.look(hint(B))
            await here.until(lambda: B in target.served)

    run(work)


def test_a_target_that_hangs_delays_no_other(tmp_path: Path) -> None:
    never = asyncio.Event()
    hanging, alive = MemoryTarget("hanging", until=never.wait), MemoryTarget("alive")

    async def work() -> None:
        async with kept(tmp_path, netbox(*MANY), hanging, alive) as here:
            for name in MANY:
                here.keeper.look(hint(name))
            await here.until(lambda: len(alive.done) == len(MANY))
            assert here.board.target("hanging").queue.depth > 0
            never.set()

    run(work)


def test_a_hint_for_an_rrset_reads_and_writes_that_alone(tmp_path: Path) -> None:
    source, target = netbox(A), MemoryTarget()

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            here.keeper.look(hint(A))
            await here.until(lambda: looks(here, A) == 1)
            source.views = {None: [zone(A, "192.0.2.2", serial=8)]}
            here.keeper.look(hint(A, f"www.{A}"))
            await here.until(lambda: looks(here, A) == 2)
            assert www(target, A) == ("192.0.2.2",)
            assert target.served[A].zone.serial == 8
            assert (source.reads, source.names) == ([1], [frozenset({f"www.{A}"})])

    run(work)


def test_a_zone_that_is_not_known_yet_is_looked_at_as_a_whole(tmp_path: Path) -> None:
    source, target = netbox(A), MemoryTarget()
    target.has(zone(A, "192.0.2.7"))

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            here.keeper.look(hint(A, f"www.{A}"))
            await here.until(lambda: looks(here, A) == 1)
            assert (source.reads, source.names) == ([1], [])
            assert www(target, A) == ("192.0.2.1",)

    run(work)


def test_a_zone_that_goes_is_ended_with_its_reason(tmp_path: Path) -> None:
    target = MemoryTarget()
    target.has(zone(A, "192.0.2.1"))
    target.has(zone(B, "192.0.2.1"))
    source = netbox(B)
    source.gone = {A: Gone("deleted in NetBox")}

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            here.keeper.look(hint(A))
            await here.until(lambda: looks(here, A))
            assert list(target.served) == [B]
            assert here.board.zone("one", A).condition is Condition.UNKNOWN

    run(work)


def test_what_is_held_is_shown_on_the_board(tmp_path: Path) -> None:
    target = MemoryTarget()
    target.has(zone(A, "192.0.2.1"))
    target.has(zone(B, "192.0.2.1"))

    async def work() -> None:
        async with kept(tmp_path, netbox(B), target) as here:
            here.keeper.look(hint(A))
            await here.until(lambda: looks(here, A))
            state = here.board.zone("one", A)
            assert (state.condition, [str(held.reason) for held in state.held]) == (Condition.HELD, ["unexplained"])
            assert A in target.served

    run(work)


@pytest.mark.parametrize(
    ("depth", "stays", "reason"),
    [
        pytest.param(None, (), "source", id="a-hint-for-the-last-zone-of-a-view"),
        pytest.param(Depth.LISTS, (), "source", id="no-zone-is-left-in-the-lists"),
        pytest.param(Depth.CONTENT, (), "source", id="no-zone-is-left-to-compare"),
        pytest.param(Depth.CONTENT, (B,), "zones", id="too-many-would-go"),
    ],
)
def test_a_deletion_that_waits_is_held_like_any_change(
    tmp_path: Path, depth: Depth | None, stays: tuple[str, ...], reason: str
) -> None:
    """However it came about that the zone was looked at: on the board, in what is told, and in no drift."""
    target, gone = MemoryTarget(), [A, *MANY[:4]]
    for name in (*gone, *stays):
        target.has(zone(name, "192.0.2.1"))
    source = MemorySource({None: [zone(name, "192.0.2.1") for name in stays]})
    source.gone = {name: Gone("deleted in NetBox") for name in gone}

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            if depth is None:
                here.keeper.look(hint(A))
            else:
                here.keeper.look_everywhere(depth, people())
            done = lambda: [each for each in here.told if isinstance(each, LookDone) and each.work.zone == A]  # noqa: E731
            await here.until(done)
            state, outcome = here.board.zone("one", A), done()[-1].outcome
            assert outcome is not None
            assert outcome.plan is not None
            assert (state.condition, state.differences) == (Condition.HELD, 0)
            assert [str(each.reason) for each in state.held] == [reason]
            assert outcome.plan.held == state.held
            assert A in target.served

    run(work)


def test_a_first_pass_brings_everything_and_says_so(tmp_path: Path) -> None:
    target = MemoryTarget()

    async def work() -> None:
        async with kept(tmp_path, netbox(*MANY), target) as here:
            here.keeper.look_everywhere(Depth.CONTENT, Cause(Trigger.START, 0.0))
            await here.until(lambda: passes(here))
            assert sorted(target.served) == MANY
            assert here.board.initial_sync.completed
            assert here.board.counted()[Condition.EQUAL] == len(MANY)

    run(work)


@pytest.mark.parametrize("differing", [0, 3, 40])
def test_a_pass_over_the_lists_looks_at_what_differs_alone(tmp_path: Path, differing: int) -> None:
    source, target = netbox(*MANY), MemoryTarget()

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            here.keeper.look_everywhere(Depth.CONTENT, people())
            await here.until(lambda: passes(here) == 1)
            source.reads.clear()
            source.views = {
                None: [
                    zone(name, "192.0.2.1", serial=8 if number < differing else 7) for number, name in enumerate(MANY)
                ]
            }
            here.keeper.look_everywhere(Depth.LISTS, people())
            await here.until(lambda: passes(here) == 2)
            await here.until(lambda: all(target.served[name].zone.serial == 8 for name in MANY[:differing]))
            assert sum(source.reads) == differing

    run(work)


def test_a_pass_never_puts_back_what_a_hint_brought_meanwhile(tmp_path: Path) -> None:
    """It read NetBox before the edit, and comes to the zone after it."""
    source, target = netbox(*MANY), MemoryTarget()
    reading, go_on = asyncio.Event(), asyncio.Event()
    read = source.read

    async def slowly(zones):  # type: ignore[no-untyped-def]
        async for desired in read(zones):
            if len(zones) > 1 and desired.ref.name == MANY[0]:
                reading.set()
                await go_on.wait()
            yield desired

    source.read = slowly  # type: ignore[method-assign]

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            here.keeper.look_everywhere(Depth.CONTENT, people())
            await reading.wait()
            source.views = {None: [zone(name, "192.0.2.99", serial=9) for name in MANY[:1]]}
            here.keeper.look(hint(MANY[0]))
            await here.until(lambda: looks(here, MANY[0]))
            assert www(target, MANY[0]) == ("192.0.2.99",)
            go_on.set()
            await here.until(lambda: passes(here))
            await here.until(lambda: looks(here, MANY[0]) == 2)
            assert www(target, MANY[0]) == ("192.0.2.99",)

    run(work)


def test_a_pass_never_makes_anew_what_a_hint_found_gone_meanwhile(tmp_path: Path) -> None:
    """It read NetBox before the zone was deleted, and comes to it when neither side has it any more."""
    source, target = netbox(*MANY), MemoryTarget()
    reading, go_on = asyncio.Event(), asyncio.Event()
    read = source.read

    async def slowly(zones):  # type: ignore[no-untyped-def]
        async for desired in read(zones):
            if desired.ref.name == MANY[0]:
                reading.set()
                await go_on.wait()
            yield desired

    source.read = slowly  # type: ignore[method-assign]

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            here.keeper.look_everywhere(Depth.CONTENT, people())
            await reading.wait()
            source.views = {None: [zone(name, "192.0.2.1") for name in MANY[1:]]}
            here.keeper.look(hint(MANY[0]))
            await here.until(lambda: looks(here, MANY[0]))
            go_on.set()
            await here.until(lambda: passes(here))
            assert MANY[0] not in target.served

    run(work)


def test_nothing_is_kept_of_names_that_exist_nowhere(tmp_path: Path) -> None:
    """Whoever asks for ever new ones costs no memory: neither between passes nor when one is over."""

    async def work() -> None:
        async with kept(tmp_path, netbox(), MemoryTarget()) as here:
            for number in range(200):
                here.keeper.look(hint(f"no{number}.example."))
            here.keeper.look_everywhere(Depth.CONTENT, people())
            await here.until(lambda: passes(here) and looks(here, "no199.example."))
            here.keeper.look(hint("no200.example."))
            await here.until(lambda: looks(here, "no200.example."))
            (worker,) = here.workers
            kept_names = [each for each in vars(worker).values() if isinstance(each, (dict, set)) and each]
            assert kept_names == []
            assert [state.zone for state in here.board.zones()] == [A, B]

    run(work)


def test_a_zone_that_a_pass_could_not_bring_is_tried_again_by_itself(tmp_path: Path) -> None:
    target = MemoryTarget(fails={A: DataError("bad")})

    async def work() -> None:
        async with kept(tmp_path, netbox(), target) as here:
            here.keeper.look_everywhere(Depth.CONTENT, people())
            await here.until(lambda: passes(here))
            target.fails.clear()
            await here.until(lambda: here.board.zone("one", A).condition is Condition.EQUAL)
            assert sorted(target.served) == [A, B]

    run(work)


def test_netbox_that_cannot_be_read_fails_the_pass_and_is_told(tmp_path: Path) -> None:
    source, target = netbox(), MemoryTarget(lists=TransientError("no answer"))

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            here.keeper.look_everywhere(Depth.CONTENT, Cause(Trigger.START, 0.0))
            await here.until(lambda: passes(here))
            state = here.board.initial_sync
            assert (state.started, state.completed, state.error) == (True, False, "no answer")
            target.lists = None
            here.keeper.look_everywhere(Depth.LISTS, people())
            await here.until(lambda: passes(here) == 2)
            await here.until(lambda: sorted(target.served) == [A, B])
            assert (state.completed, state.error) == (True, None)

    run(work)


def test_while_netbox_is_not_to_be_believed_nothing_is_written_and_all_is_shown(tmp_path: Path) -> None:
    target = MemoryTarget()

    async def work() -> None:
        async with kept(tmp_path, netbox(), target) as here:
            here.keeper.distrust("restored from a backup")
            here.keeper.look(hint(A))
            here.keeper.look_everywhere(Depth.CONTENT, people())
            await here.until(lambda: passes(here) and looks(here, A))
            assert target.calls == []
            assert [state.condition for state in here.board.zones()] == [Condition.DIFFERS] * 2
            here.keeper.accept_source()
            await here.until(lambda: sorted(target.served) == [A, B])

    run(work)


@pytest.mark.parametrize(("drift", "after"), [("mend", "192.0.2.1"), ("report", "192.0.2.66")])
def test_drift_is_mended_or_reported_as_is_wished(tmp_path: Path, drift: Literal["mend", "report"], after: str) -> None:
    target = MemoryTarget()
    target.has(zone(A, "192.0.2.66"))

    async def work() -> None:
        async with kept(tmp_path, netbox(A), target, drift=drift) as here:
            here.keeper.look_everywhere(Depth.CONTENT, Cause(Trigger.SCHEDULE, 0.0))
            await here.until(lambda: passes(here))
            assert www(target, A) == (after,)
            condition = here.board.zone("one", A).condition
            assert condition is (Condition.EQUAL if drift == "mend" else Condition.DIFFERS)

    run(work)


def test_what_is_under_way_is_finished_when_it_stops(tmp_path: Path) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def until() -> None:
        entered.set()
        await go_on.wait()

    target = MemoryTarget(until=until)

    async def work() -> None:
        async with kept(tmp_path, netbox(*MANY), target, concurrency=1) as here:
            for name in MANY:
                here.keeper.look(hint(name))
            await entered.wait()
            here.keeper.stop()
            go_on.set()
        assert len(target.served) == 1

    run(work)


@dataclass
class Switch:
    """A breaker that a test moves."""

    state: BreakerState = BreakerState.CLOSED
    wait: float = 0.0

    def until_trial(self) -> float:
        return self.wait


def test_an_open_breaker_keeps_hints_waiting_and_half_open_lets_one_zone_try(tmp_path: Path) -> None:
    switch = Switch(BreakerState.OPEN, 1000.0)
    active: list[int] = []
    target = MemoryTarget(after=lambda: active.append(here_.workers[0].queue.state(0).active))
    here_: Kept

    async def work() -> None:
        nonlocal here_
        async with kept(tmp_path, netbox(*MANY), target, gates=(switch,)) as here:
            here_ = here
            for name in MANY:
                here.keeper.look(hint(name))
            await here.until(lambda: here.board.target("one").queue.depth == len(MANY))
            assert target.calls == []
            switch.state, switch.wait = BreakerState.HALF_OPEN, 0.0
            here.keeper.look(hint(A))
            await here.until(lambda: len(target.calls) >= 5)
            assert Counter(active) == {1: len(active)}
            switch.state = BreakerState.CLOSED
            here.keeper.look(hint(A))
            await here.until(lambda: sorted(target.served) == MANY)

    run(work)


def test_who_tries_whether_a_server_is_back_makes_one_call_at_a_time(tmp_path: Path) -> None:
    """A part of a zone is read by several at once, of which all but one would be refused."""
    source, target, switch = netbox(A), MemoryTarget(), Switch()

    async def work() -> None:
        async with kept(tmp_path, source, target, gates=(switch,)) as here:
            here.keeper.look(hint(A))
            await here.until(lambda: looks(here, A) == 1)
            switch.state = BreakerState.HALF_OPEN
            here.keeper.look(hint(A, f"www.{A}"))
            await here.until(lambda: looks(here, A) == 2)
            assert (len(source.reads), source.names) == (2, [])

    run(work)


def test_when_a_server_is_back_nobody_waits_for_the_end_of_a_back_off(tmp_path: Path) -> None:
    """One zone tries as soon as the breaker lets it, and when it closes all of them go on at once."""
    switch = Switch()
    target = MemoryTarget(fails={name: TransientError("no answer") for name in MANY})

    async def work() -> None:
        async with kept(tmp_path, netbox(*MANY), target, gates=(switch,), backoff=1000.0) as here:
            for name in MANY:
                here.keeper.look(hint(name))
            await here.until(lambda: all(looks(here, name) for name in MANY))
            target.fails.clear()
            switch.state = BreakerState.OPEN
            target.after = lambda: setattr(switch, "state", BreakerState.CLOSED)
            here.keeper.look(hint(A))
            await here.until(lambda: sorted(target.served) == MANY)

    run(work)


class Counted:
    """The guard's counts, in memory."""

    def __init__(self) -> None:
        self.gone = 0

    def records_gone(self, target: str, zone: str, wanted: Iterable[RecordKey] = ()) -> int:
        return self.gone

    def zones_gone(self, target: str, wanted: Iterable[str] = ()) -> int:
        return 0

    async def reserve(
        self, target: str, zone: str, records: Iterable[RecordKey] = (), *, whole_zone: bool = False
    ) -> str:
        self.gone += len(list(records))
        return "1"

    def settle(self, removal_id: str) -> None: ...

    def take_back(self, removal_id: str) -> None: ...


def test_many_small_removals_trip_the_guard_as_one_large_one_does(tmp_path: Path) -> None:
    """One unexplained record may always go; the second within a day is held, however small its scope."""
    target = MemoryTarget()
    counted = Counted()

    async def work() -> None:
        source = MemorySource({None: [zone(A, *(f"192.0.2.{number}" for number in range(1, 6)))]})
        async with kept(tmp_path, source, target, counts=counted) as here:
            here.keeper.look(hint(A))
            await here.until(lambda: looks(here, A) == 1)
            for left, addresses in ((4, 4), (3, 4)):
                source.views = {None: [zone(A, *(f"192.0.2.{number}" for number in range(1, left + 1)), serial=9)]}
                before = looks(here, A)
                here.keeper.look(hint(A, f"www.{A}"))
                await here.until(lambda before=before: looks(here, A) > before)
                assert len(www(target, A)) == addresses
            assert here.board.zone("one", A).condition is Condition.HELD

    run(work)


def test_what_a_hint_explains_is_not_asked_for_and_not_held(tmp_path: Path) -> None:
    """Five addresses of six go, each deleted in NetBox as the hints say; NetBox itself would not answer."""
    addresses = [f"192.0.2.{number}" for number in range(1, 7)]
    source, target = MemorySource({None: [zone(A, *addresses)]}), MemoryTarget()

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            here.keeper.look(hint(A))
            await here.until(lambda: looks(here, A) == 1)
            source.views = {None: [zone(A, addresses[0], serial=8)]}
            source.explains = TransientError("no answer")
            gone = tuple(((f"www.{A}", "A", address), "deleted") for address in addresses[1:])
            here.keeper.look(replace(hint(A, f"www.{A}"), gone=gone))
            await here.until(lambda: looks(here, A) == 2)
            assert www(target, A) == (addresses[0],)
            assert here.board.zone("one", A).condition is Condition.EQUAL

    run(work)
