"""`/status` and its like: what the specification shows, in exactly that shape."""

from __future__ import annotations

from dataclasses import replace

import pytest
from service_stage import HELD, KEY, LEFT_OUT, NOW, stage, zone_state

from netbox_pdns.service.documents import MqttState, SchedulerState, StoreState
from netbox_pdns.sync.board import InitialSync, Tally


def test_startup_progress() -> None:
    """`status`, `uptime_seconds` and `initial_sync` come first, and are as in the example."""
    service = stage()
    service.board.initial_sync = InitialSync(started=True)
    with service.client(key=None) as client:
        found = client.get("/status").json()
    assert dict(list(found.items())[:3]) == {
        "status": "Healthy",
        "uptime_seconds": 15.3,
        "initial_sync": {"started": True, "completed": False, "error": None},
    }


def test_reliability() -> None:
    """`.reliability` is as in the example: rates from 0 to 1, the time in whole seconds of UTC."""
    service = stage()
    service.board.last_sync = NOW + 0.7
    service.board.tally = Tally(syncs=50, failed_syncs=1, calls=20, retried_calls=1, contention=2)
    with service.client(key=None) as client:
        found = client.get("/status").json()
    assert found["reliability"] == {
        "last_sync": "2024-01-15T10:30:00Z",
        "sync_success_rate": 0.98,
        "average_retry_rate": 0.05,
        "lock_contention_events": 2,
    }


def test_before_the_first_sync() -> None:
    """Nothing was done, nothing failed."""
    service = stage()
    service.board.last_sync = None
    with service.client(key=None) as client:
        found = client.get("/status").json()["reliability"]
    assert found["last_sync"] is None
    assert (found["sync_success_rate"], found["average_retry_rate"]) == (1.0, 0.0)


def test_every_part() -> None:
    """Scheduler, MQTT, targets, triggers, breakers, zones and the store stand beside it."""
    service = stage()
    service.board.note(zone_state("a.example.", left_out=(LEFT_OUT, LEFT_OUT), held=(HELD,), not_served=("a. A",)))
    mqtt = MqttState(enabled=True, connected=True, broker="mqtt://broker:1883", messages=3)
    parts = replace(
        service.service.parts,
        scheduler=lambda: SchedulerState(running=True, jobs_count=2),
        mqtt=lambda: mqtt,
        store=lambda: StoreState(ok=False, detail="the disk is full", behind=7),
    )
    with replace(service, service=replace(service.service, parts=parts)).client(key=None) as client:
        found = client.get("/status").json()
        assert client.get("/mqtt/status").json() == found["mqtt"]
    assert found["scheduler"] == {"running": True, "jobs_count": 2}
    assert (found["mqtt"]["connected"], found["mqtt"]["messages"]) == (True, 3)
    shown = [(each["name"], each["breaker"], each["queue_depth"], each["held"]) for each in found["targets"]]
    assert shown == [("pdns", "closed", 1, 1)]
    assert [(each["name"], each["working"], each["hints"]) for each in found["triggers"]] == [("feed", True, 4)]
    assert (found["zones"]["equal"], found["left_out"], found["held"], found["not_served"]) == (2, 2, 1, 1)
    assert (found["store"]["ok"], found["store"]["detail"], found["store"]["behind"]) == (False, "the disk is full", 7)
    assert found["netbox"]["breaker"] == "closed"


@pytest.mark.parametrize("path", ["/status", "/mqtt/status", "/metrics"])
def test_a_key_where_it_is_asked_for(path: str) -> None:
    """By setting, status and metrics are for those with a key; health never is."""
    with stage(status_needs_key=True, metrics_needs_key=True).client(key=None) as client:
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"X-NetBox-PDNS-API-Key": KEY}).status_code == 200
        assert client.get("/health").status_code == 200


def test_not_alive() -> None:
    """Where the keeper has ended the orchestrator is to start the process anew; health and readiness are another matter."""
    service = stage()
    parts = replace(service.service.parts, alive=lambda: False)
    with replace(service, service=replace(service.service, parts=parts)).client(key=None) as client:
        assert client.get("/livez").status_code == 503
        assert client.get("/readyz").status_code == 200


def test_not_ready_while_it_stops() -> None:
    """A balancer is told to send nobody any more."""
    service = stage()
    service.service.stopping.set()
    with service.client(key=None) as client:
        assert client.get("/readyz").status_code == 503


@pytest.mark.parametrize("path", ["/health", "/livez", "/readyz", "/status", "/metrics"])
def test_probes_by_head(path: str) -> None:
    """Some balancers ask by HEAD."""
    with stage().client(key=None) as client:
        assert client.head(path).status_code == 200
