"""What is counted of a look while the service works."""

from __future__ import annotations

import pytest
import structlog
from structlog.testing import LogCapture

from netbox_pdns.cli.logs import make_logger
from netbox_pdns.cli.telling import Telling
from netbox_pdns.errors import DataError
from netbox_pdns.planning.values import Action, Held, HoldReason, ZonePlan
from netbox_pdns.service.announcing import Announcer
from netbox_pdns.service.events import EventBus
from netbox_pdns.service.metrics import Metrics
from netbox_pdns.sync.board import Board, ZoneState
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


ONE = Held(HoldReason.SOURCE, A, "NetBox shows not a single zone for this target, which serves 1 zone of ours")
OTHER = Held(HoldReason.UNEXPLAINED, A, "9 records would go and NetBox does not say why")


@pytest.mark.parametrize(
    ("looks", "lines"),
    [
        pytest.param([(ONE,)], ["held source"], id="what-is-held"),
        pytest.param([(ONE,), (ONE,)], ["held source"], id="at-every-look"),
        pytest.param([(ONE,), (ONE, OTHER)], ["held source", "held unexplained"], id="something-more"),
        pytest.param([(ONE,), ()], ["held source", "nothing is held any more"], id="let-through"),
        pytest.param([(ONE,), (), (ONE,)], ["held source", "nothing is held any more", "held source"], id="anew"),
        pytest.param([(ONE,), None, (ONE,)], ["held source"], id="a-look-that-fails-between"),
        pytest.param([()], [], id="nothing"),
    ],
)
def test_what_is_held_is_logged_when_it_is_new(looks: list[tuple[Held, ...] | None], lines: list[str]) -> None:
    """With its numbers and the command that lets it through; a zone that stays as it is costs no line."""
    board, log = Board(clock=lambda: 100.0), LogCapture()
    logger = structlog.wrap_logger(None, processors=[log], wrapper_class=structlog.stdlib.BoundLogger)
    tell = Telling(board, Metrics(), Announcer(EventBus(), board), logger)
    work = Work(A, WHOLE, (Cause(Trigger.FEED, 98.0),), frozenset(), 98.0)
    for held in looks:
        error = DataError("no") if held is None else None
        board.note(ZoneState("one", A, held=board.zone("one", A).held if held is None else held))
        tell(LookDone("one", work, None, error, 0.1))
    told = [entry for entry in log.entries if "held" in entry["event"]]
    assert [" ".join(filter(None, (entry["event"], entry.get("reason")))) for entry in told] == lines
    for entry in told[:1]:
        assert (entry["log_level"], entry["zone"], entry["target"]) == ("warning", A, "one")
        assert (entry["detail"], entry["let_through_by"]) == (ONE.detail, ONE.command)
