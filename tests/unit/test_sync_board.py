"""The board counts as zones change: what it says of all of them together is what a recount would say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from service_stage import HELD, LEFT_OUT, filled_board, stage, zone_state

from netbox_pdns.service.gauges import BoardCollector
from netbox_pdns.service.status import status
from netbox_pdns.sync.board import Board, Condition, ZoneCounts, ZoneState

STATES = st.builds(
    ZoneState,
    target=st.sampled_from(["a", "b"]),
    zone=st.sampled_from(["one.", "two.", "three."]),
    condition=st.sampled_from(Condition),
    left_out=st.lists(st.just(LEFT_OUT), max_size=3).map(tuple),
    held=st.lists(st.just(HELD), max_size=3).map(tuple),
    differences=st.integers(0, 3),
    not_served=st.lists(st.just("www. A"), max_size=2).map(tuple),
)
STEPS = st.lists(st.tuples(st.booleans(), STATES), max_size=20)


def _recounted(board: Board) -> dict[str, ZoneCounts]:
    found: dict[str, ZoneCounts] = {}
    for state in board.zones():
        found.setdefault(state.target, ZoneCounts()).add(state)
    return found


@given(steps=STEPS)
def test_after_every_step_the_counts_are_those_of_a_recount(steps: list[tuple[bool, ZoneState]]) -> None:
    """However often a zone is put up, otherwise or the same, and taken down, known or not."""
    board = Board()
    for stays, state in steps:
        if stays:
            board.note(state)
        else:
            board.forget(state.target, state.zone)
        zones = tuple(board.zones())
        assert board.counts == _recounted(board)
        assert board.counted() == {each: sum(zone.condition is each for zone in zones) for each in Condition}
        troubled = [zone for zone in zones if zone.condition is Condition.FAILING or zone.not_served]
        assert list(board.troubled()) == troubled


def test_what_a_zone_counts_for() -> None:
    """Each of its parts by itself."""
    board = Board()
    state = replace(zone_state("a.example."), left_out=(LEFT_OUT,) * 2, held=(HELD,) * 3, differences=4)
    board.note(replace(state, condition=Condition.HELD, not_served=("www. A",) * 5))
    (counts,) = board.counts.values()
    assert (counts.left_out, counts.held, counts.differences, counts.not_served) == (2, 3, 4, 5)
    assert counts.conditions[Condition.HELD] == counts.conditions.total() == 1


class _Unread(dict[Any, Any]):
    """Zones that can be looked up, and not gone through."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("all zones were read")

    def values(self) -> Any:
        raise AssertionError("all zones were read")

    items = values


def test_a_scrape_and_the_status_read_no_zone() -> None:
    """What they cost does not grow with the zones."""
    here = stage()
    here.board._zones = _Unread(filled_board()._zones)
    assert b'condition="equal",target="pdns"} 1.0' in generate_latest(BoardCollector(here.board))
    assert status(here.service.parts, here.service.now).zones["equal"] == 1
