"""A pass over everything brings what differs, and never puts back what a hint has brought meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest
from keeping import MANY, A, B, hint, kept, looks, netbox, passes, people, run, www
from sync_memory import MemoryTarget, zone

from netbox_pdns.errors import DataError, TransientError
from netbox_pdns.sync.board import Condition
from netbox_pdns.sync.hints import Cause, Depth, Trigger


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
