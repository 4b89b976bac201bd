"""Healthy, Warning, Degraded: the specification's rules, and what each of them says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from service_stage import HELD, LEFT_OUT, NOW, filled_board, stage, zone_state

from netbox_pdns.service.health import Health, judged
from netbox_pdns.sync.board import Board, BreakerState, Condition, InitialSync, TriggerState

Change = Callable[[Board], object]


def _initial(**fields: object) -> Change:
    return lambda board: setattr(board, "initial_sync", InitialSync(**fields))  # type: ignore[arg-type]  # by name


def _started(seconds: float, then: Change) -> Change:
    def change(board: Board) -> None:
        board.started = NOW - seconds
        then(board)

    return change


def _zone(**fields: object) -> Change:
    return lambda board: board.note(zone_state("example.com.", **fields))


def _target(**fields: object) -> Change:
    return lambda board: board.targets.update(pdns=replace(board.targets["pdns"], **fields))  # type: ignore[arg-type]


def _source(**fields: object) -> Change:
    return lambda board: [setattr(board, name, value) for name, value in fields.items()]


def _trigger(board: Board) -> None:
    board.triggers["feed"] = TriggerState("feed", working=False, detail="the token may not see the change log")


def _trigger_at_the_start(board: Board) -> None:
    board.triggers["feed"] = TriggerState("feed", working=False, detail="not begun", begun=False)


OPEN = BreakerState.OPEN
FAILING = {"condition": Condition.FAILING, "error": "it does not answer"}


@pytest.mark.parametrize(
    ("change", "health", "reason"),
    [
        pytest.param(lambda board: None, "Healthy", None, id="normal-operation"),
        pytest.param(_started(299, _initial(started=True)), "Healthy", None, id="sync-incomplete-before-5-minutes"),
        pytest.param(
            _started(301, _initial(started=True)),
            "Warning",
            "the initial sync is not complete after 5 minutes",
            id="sync-incomplete-after-5-minutes",
        ),
        pytest.param(_started(301, _initial()), "Warning", "not complete", id="sync-not-even-started-after-5-minutes"),
        pytest.param(
            _initial(started=True, error="NetBox says 403"),
            "Degraded",
            "the initial sync failed: NetBox says 403",
            id="sync-failed-with-errors",
        ),
        pytest.param(_zone(left_out=(LEFT_OUT,)), "Healthy", None, id="a-record-left-out"),
        pytest.param(_zone(condition=Condition.HELD, held=(HELD,)), "Healthy", None, id="a-change-held"),
        pytest.param(_zone(condition=Condition.FOREIGN, differences=3), "Healthy", None, id="a-foreign-zone"),
        pytest.param(
            _zone(**FAILING, attempts=1), "Warning", "1 zone failed and will be tried again", id="a-zone-once"
        ),
        pytest.param(_zone(**FAILING, attempts=3), "Degraded", "1 zone failed 3 times and more", id="a-zone-for-good"),
        pytest.param(_zone(not_served=("www.example.com. A",)), "Warning", "DNS does not show", id="not-served"),
        pytest.param(
            _target(breaker=OPEN, breaker_since=NOW - 299), "Warning", "pdns does not answer", id="a-breaker-open"
        ),
        pytest.param(
            _target(breaker=BreakerState.HALF_OPEN, breaker_since=NOW - 300),
            "Degraded",
            "pdns has not answered for 5 minutes",
            id="a-breaker-open-for-long",
        ),
        pytest.param(
            _source(source_breaker=OPEN, source_breaker_since=NOW - 3000),
            "Degraded",
            "NetBox has not answered",
            id="netbox",
        ),
        pytest.param(_source(source_error="time-out"), "Warning", "NetBox cannot be read: time-out", id="netbox-once"),
        pytest.param(_target(error="wrong key"), "Warning", "pdns: wrong key", id="a-targets-error"),
        pytest.param(
            _source(suspect="its newest change is older than one that was applied"),
            "Degraded",
            "nothing is written: its newest change is older",
            id="netbox-went-back",
        ),
        pytest.param(
            _trigger, "Warning", "feed: the token may not see the change log", id="a-trigger-that-does-not-work"
        ),
        pytest.param(_trigger_at_the_start, "Healthy", None, id="a-trigger-that-has-not-begun"),
    ],
)
def test_health(change: Change, health: str, reason: str | None) -> None:
    """Only Degraded is answered with 503; the reason is in `/status`."""
    service = stage()
    change(service.board)
    with service.client(key=None) as client:
        answer, status = client.get("/health"), client.get("/status").json()
        ready, alive = client.get("/readyz"), client.get("/livez")
    assert answer.json() == {"status": health}
    assert answer.status_code == (503 if health == "Degraded" else 200)
    assert (ready.status_code, alive.status_code) == (200, 200)
    assert status["status"] == health
    assert (reason or "") in " ".join(status["reasons"])
    assert bool(status["reasons"]) is (reason is not None)


def test_the_worst_goes_first() -> None:
    """Of several reasons those that make it Degraded stand before those that warn."""
    board = filled_board()
    board.suspect, board.source_error = "it went back", "time-out"
    verdict = judged(board, NOW)
    assert verdict.health is Health.DEGRADED
    assert verdict.reasons[0] == "nothing is written: it went back"
    assert len(verdict.reasons) == 2
