"""The laws of the keeper: every hint is looked into, never two looks at one zone at once, what fails comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from keeping import MANY, A, B, hint, kept, looks, netbox, people, run, www
from sync_memory import MemorySource, MemoryTarget, zone

from netbox_pdns.errors import DataError, NetboxPdnsError, TransientError
from netbox_pdns.planning.values import Gone, RecordKey
from netbox_pdns.sync.board import Condition
from netbox_pdns.sync.events import LookDone
from netbox_pdns.sync.hints import Depth


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
