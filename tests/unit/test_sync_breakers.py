"""While a server is away hints wait; one zone tries whether it is back, and then all go on at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from keeping import MANY, A, Kept, hint, kept, looks, netbox, run
from sync_memory import MemoryTarget

from netbox_pdns.errors import TransientError
from netbox_pdns.sync.board import BreakerState


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
