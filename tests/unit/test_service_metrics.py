"""Metrics: what is counted, what is read off the board, and that docs/monitoring.md lists all of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cli_reports import CHANGED, DOWN, FAILED
from prometheus_client import generate_latest
from service_stage import HELD, LEFT_OUT, NOW, RememberedHints, filled_board, sign, stage, zone_state

from netbox_pdns.errors import DataError
from netbox_pdns.service.gauges import BoardCollector, Together
from netbox_pdns.service.metrics import CountedHints, Metrics
from netbox_pdns.sync.board import Board, BreakerState, Condition, QueueState
from netbox_pdns.sync.events import LookDone, TargetFailed
from netbox_pdns.sync.hints import WHOLE, Cause, Depth, Hint, Trigger
from netbox_pdns.sync.outcome import ZoneOutcome
from netbox_pdns.sync.queue import Work

PAGE = Path(__file__).parents[2] / "docs" / "monitoring.md"


def _looked(outcome: ZoneOutcome) -> LookDone:
    """Return what is told of a look for a hint."""
    work = Work(outcome.zone, WHOLE, (Cause(Trigger.WEBHOOK, 0.0),), frozenset(), 1.0)
    return LookDone(outcome.target, work, outcome, outcome.error, 0.1)


def _lines(metrics: Metrics, board: Board | None = None, *, by_zone: bool = False) -> list[str]:
    board = board or filled_board()
    gauges = BoardCollector(board, by_zone=by_zone, clock=board.clock)
    text = generate_latest(Together(metrics.registry, gauges)).decode()
    return [line.removeprefix("netbox_pdns_") for line in text.splitlines()]


def _pdns_queue(metrics: Metrics, board: Board) -> None:
    queue = QueueState(depth=5, active=2, backing_off=1, oldest=12.5)
    board.targets["pdns"] = replace(board.targets["pdns"], queue=queue, breaker=BreakerState.OPEN)


def _live_queue(metrics: Metrics, board: Board) -> None:
    board.queues["pdns"] = lambda: QueueState(depth=7, active=3, backing_off=2, oldest=1.5)


def _zones(metrics: Metrics, board: Board) -> None:
    failing = {"condition": Condition.FAILING, "not_served": ("a. A", "b. A"), "differences": 4}
    board.note(zone_state("a.example.", left_out=(LEFT_OUT, LEFT_OUT), held=(HELD,), **failing))


@pytest.mark.parametrize(
    ("happens", "lines"),
    [
        pytest.param(
            lambda m, b: m.call_done("netbox", 3, 2.0, DOWN),
            [
                'calls_total{server="netbox"} 1.0',
                'calls_retried_total{server="netbox"} 1.0',
                'retries_total{server="netbox"} 2.0',
                'calls_failed_total{kind="transient",server="netbox"} 1.0',
                'call_seconds_count{server="netbox"} 1.0',
            ],
            id="a-call-that-failed-after-three-tries",
        ),
        pytest.param(
            lambda m, b: m.call_done("pdns", 1, 0.1, None),
            [
                'calls_total{server="pdns"} 1.0',
                'calls_retried_total{server="pdns"} 0.0',
                'retries_total{server="pdns"} 0.0',
            ],
            id="a-call-that-went-well",
        ),
        pytest.param(
            lambda m, b: (
                m.lock_had("zone_sync", 2.0),
                m.lock_released("zone_sync", 45.2),
                m.lock_timed_out("zone_sync", 30),
            ),
            [
                'lock_wait_seconds_sum{operation="zone_sync"} 32.0',
                'lock_hold_seconds_sum{operation="zone_sync"} 45.2',
                'lock_timeouts_total{operation="zone_sync"} 1.0',
            ],
            id="locks",
        ),
        pytest.param(
            lambda m, b: m(_looked(replace(CHANGED, applied=True))),
            [
                'syncs_total{outcome="success",target="pdns"} 1.0',
                'changes_applied_total{target="pdns"} 1.0',
                'rrsets_applied_total{target="pdns"} 1.0',
            ],
            id="a-zone-changed",
        ),
        pytest.param(
            lambda m, b: m(_looked(FAILED)),
            ['syncs_total{outcome="error",target="pdns"} 1.0', 'errors_total{kind="transient"} 1.0'],
            id="a-zone-failed",
        ),
        pytest.param(
            lambda m, b: m(TargetFailed("pdns", DataError("no"))),
            ['errors_total{kind="data"} 1.0'],
            id="a-target-failed",
        ),
        pytest.param(
            lambda m, b: (m.edit_applied("pdns", 0.2), m.edit_served("pdns", 0.4)),
            [
                'edit_to_applied_seconds_bucket{le="0.25",target="pdns"} 1.0',
                'edit_to_served_seconds_bucket{le="0.25",target="pdns"} 0.0',
                'edit_to_served_seconds_bucket{le="0.5",target="pdns"} 1.0',
            ],
            id="lag",
        ),
        pytest.param(
            lambda m, b: m.breaker_changed("pdns", "open"),
            ['breaker_changes_total{server="pdns",state="open"} 1.0'],
            id="a-breaker-opens",
        ),
        pytest.param(
            _pdns_queue,
            [
                'queue_depth{target="pdns"} 5.0',
                'queue_active{target="pdns"} 2.0',
                'queue_backing_off{target="pdns"} 1.0',
                'queue_oldest_seconds{target="pdns"} 12.5',
                'breaker_state{server="pdns",state="open"} 1.0',
                'breaker_state{server="pdns",state="closed"} 0.0',
                'breaker_state{server="netbox",state="closed"} 1.0',
                'health{status="Healthy"} 0.0',
                'health{status="Warning"} 1.0',
            ],
            id="queue-and-breaker",
        ),
        pytest.param(
            _live_queue,
            [
                'queue_depth{target="pdns"} 7.0',
                'queue_active{target="pdns"} 3.0',
                'queue_backing_off{target="pdns"} 2.0',
                'queue_oldest_seconds{target="pdns"} 1.5',
                "tasks 0.0",
            ],
            id="a-queue-is-counted-when-it-is-asked-for",
        ),
        pytest.param(
            _zones,
            [
                'zones{condition="failing",target="pdns"} 1.0',
                'zones{condition="equal",target="pdns"} 1.0',
                'left_out_records{target="pdns"} 2.0',
                'held_changes{target="pdns"} 1.0',
                'differing_rrsets{target="pdns"} 4.0',
                'not_served_rrsets{target="pdns"} 2.0',
            ],
            id="zones",
        ),
        pytest.param(
            lambda m, b: setattr(b.tally, "contention", 3), ["lock_contention_total 3.0"], id="contention-of-the-board"
        ),
    ],
)
def test_what_is_shown(happens: Callable[[Metrics, Board], object], lines: list[str]) -> None:
    """Each event, and each state of the board, is in the lines that Prometheus reads."""
    metrics, board = Metrics(), filled_board()
    happens(metrics, board)
    shown = _lines(metrics, board)
    assert [line for line in lines if line not in shown] == []


def test_hints_are_counted_by_what_made_them() -> None:
    """On their way to the keeper, each once."""
    metrics, hints = Metrics(), RememberedHints()
    counted = CountedHints(hints, metrics)
    counted.look(Hint("a.", Cause(Trigger.WEBHOOK, NOW)))
    counted.look(Hint("b.", Cause(Trigger.WEBHOOK, NOW)))
    counted.look_everywhere(Depth.LISTS, Cause(Trigger.SCHEDULE, NOW), "pdns")
    shown = _lines(metrics)
    assert 'hints_total{trigger="webhook"} 2.0' in shown
    assert 'hints_total{trigger="schedule"} 1.0' in shown
    assert (len(hints.zones), hints.passes[0][2]) == (2, "pdns")


def test_zones_are_a_label_on_request_alone() -> None:
    """Many zones make many series, so nobody gets them who did not ask."""
    zone = "example.com."
    assert [line for line in _lines(Metrics()) if zone in line] == []
    assert 'zone_condition{condition="equal",target="pdns",zone="example.com."} 1.0' in _lines(Metrics(), by_zone=True)


def test_requests_and_webhooks_are_counted() -> None:
    """By method and status, by what became of them; whatever method is made up."""
    service = stage()
    body = b'{"a": 1}'
    with service.client(key=None) as client:
        client.post("/webhooks/netbox", content=body, headers={"X-Hook-Signature": sign(body, "sha512")})
        client.post("/webhooks/netbox", content=body)
        client.request("BREW", "/status")
        text = client.get("/metrics").text
    assert 'netbox_pdns_webhooks_total{interface="netbox",outcome="accepted"} 1.0' in text
    assert 'netbox_pdns_webhooks_total{interface="netbox",outcome="refused"} 1.0' in text
    assert 'netbox_pdns_http_requests_total{method="POST",status="202"} 1.0' in text
    assert 'netbox_pdns_http_requests_total{method="other",status="405"} 1.0' in text


def test_the_page_lists_every_metric() -> None:
    """Name, type and labels of docs/monitoring.md are those that are shown, and there is none beside them."""
    board = filled_board()
    board.targets["pdns"] = replace(board.targets["pdns"], last_pass=NOW)
    gauges = BoardCollector(board, by_zone=True, clock=board.clock)
    families = [*Metrics().registry.collect(), *gauges.collect()]
    ours = {family.name: family.type for family in families if family.name.startswith("netbox_pdns_")}
    shown = {name + ("_total" if type == "counter" else ""): type for name, type in ours.items()}
    rows = re.findall(r"^\| `(netbox_pdns_\w+)` \| (\w+) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert dict(rows) == shown
    assert len(rows) == len(shown)
