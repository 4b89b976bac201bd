"""What is counted of a look while the service works."""

from __future__ import annotations

import pytest

from netbox_pdns.cli.logs import make_logger
from netbox_pdns.cli.telling import Telling
from netbox_pdns.planning.values import Action, ZonePlan
from netbox_pdns.service.announcing import Announcer
from netbox_pdns.service.events import EventBus
from netbox_pdns.service.metrics import Metrics
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.events import LookDone
from netbox_pdns.sync.hints import WHOLE, Cause, Trigger
from netbox_pdns.sync.outcome import ZoneOutcome
from netbox_pdns.sync.queue import Work

A = "a.example."


@pytest.mark.parametrize(
    ("edits", "applied", "seconds"),
    [
        pytest.param([95.0, 97.0], True, 5.0, id="since-the-first-of-its-edits"),
        pytest.param([95.0], False, None, id="nothing-was-written"),
        pytest.param([None], True, None, id="nobody-knows-when-it-was-made"),
        pytest.param([101.0], True, 0.0, id="by-a-clock-that-is-ahead"),
    ],
)
def test_the_time_from_an_edit_to_written(edits: list[float | None], applied: bool, seconds: float | None) -> None:
    """It is the operator's wait, at 100 s."""
    board, metrics = Board(clock=lambda: 100.0), Metrics()
    tell = Telling(board, metrics, Announcer(EventBus(), board), make_logger("CRITICAL", "console"))
    causes = tuple(Cause(Trigger.FEED, 98.0, edited=edited) for edited in edits)
    outcome = ZoneOutcome("one", A, ZonePlan(A, "one", Action.UPDATE, ()), applied=applied)
    tell(LookDone("one", Work(A, WHOLE, causes, frozenset(), 98.0), outcome, None, 0.1))
    assert metrics.registry.get_sample_value("netbox_pdns_edit_to_applied_seconds_sum", {"target": "one"}) == seconds
