"""Operation: schedules, the log's level, limits, health check, restarts, alerts and pages."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from netbox_pdns.errors import ConfigurationError, NetboxPdnsError
from netbox_pdns.service.metrics import Metrics
from netbox_pdns.settings import Settings, load_settings
from netbox_pdns.settings.crontab import Crontab
from netbox_pdns.sync.board import Tally

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy"
ALERTS = {
    each["alert"]: each
    for each in yaml.safe_load((DEPLOY / "prometheus/netbox-pdns.rules.yaml").read_text())["groups"][0]["rules"]
}
NEEDED = {
    "NETBOX_PDNS_NB_URL": "http://127.0.0.1:9",
    "NETBOX_PDNS_NB_TOKEN": "0" * 40,
    "NETBOX_PDNS_PDNS_URL": "http://127.0.0.1:9",
    "NETBOX_PDNS_PDNS_TOKEN": "a key",
}


def _settings(**variables: str) -> Settings:
    return load_settings({**NEEDED, **{f"NETBOX_PDNS_{name}": value for name, value in variables.items()}}, None)


def _compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["netbox-pdns"]
    return found


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        pytest.param("*/15 * * * *", ["15 10:15", "15 10:30", "15 10:45"], id="every-15-minutes"),
        pytest.param("0 */6 * * *", ["15 12:00", "15 18:00", "16 00:00"], id="every-6-hours"),
        pytest.param("0 2 * * *", ["16 02:00", "17 02:00", "18 02:00"], id="daily-at-2"),
    ],
)
def test_when_everything_is_synchronised(expression: str, times: list[str]) -> None:
    """NETBOX_PDNS_SYNC_CRONTAB, as seen on 15 January 2024 at ten o'clock."""
    crontab = Crontab(_settings(SYNC_CRONTAB=expression).triggers.sync_crontab, UTC)
    now: float | None = datetime(2024, 1, 15, 10, tzinfo=UTC).timestamp()
    found = []
    for _ in times:
        assert now is not None
        now = crontab.after(now)
        assert now is not None
        found.append(f"{datetime.fromtimestamp(now, UTC):%d %H:%M}")
    assert found == times


def test_every_six_hours_is_the_default() -> None:
    """Standard reliability needs no setting."""
    assert _settings().triggers.sync_crontab == "0 */6 * * *"


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_the_log_level_is_set_by_its_variable(level: str) -> None:
    """NETBOX_PDNS_LOG_LEVEL; INFO where it is not set, and what is no level is refused by name."""
    assert _settings(LOG_LEVEL=level).log_level == level
    assert _settings().log_level == "INFO"
    with pytest.raises(NetboxPdnsError, match="NETBOX_PDNS_LOG_LEVEL") as caught:
        _settings(LOG_LEVEL="LOUD")
    assert isinstance(caught.value, ConfigurationError)


def test_the_containers_resources() -> None:
    """As the example has them: one core and 512 MiB at most, half of each reserved."""
    assert _compose()["deploy"]["resources"] == {
        "limits": {"cpus": "1.0", "memory": "512M"},
        "reservations": {"cpus": "0.5", "memory": "256M"},
    }


def test_memory_is_watched_and_limited() -> None:
    """The process's memory is a metric, and systemd's limit is the container's."""
    assert Metrics().registry.get_sample_value("process_resident_memory_bytes")
    assert "MemoryMax=512M" in (DEPLOY / "systemd/netbox-pdns.service").read_text()


def test_it_is_started_anew() -> None:
    """`unless-stopped` for every container, `always` for the unit."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert {each["restart"] for each in services.values()} <= {"unless-stopped", "always"}
    assert "Restart=always" in (DEPLOY / "systemd/netbox-pdns.service").read_text()


def test_the_container_says_how_it_is() -> None:
    """Its health check asks whether the process works: a restart mends no outage of others."""
    image = (DEPLOY / "Containerfile").read_text()
    assert re.search(r"^HEALTHCHECK .*\\\n.*/livez", image, re.MULTILINE)


@pytest.mark.parametrize(
    ("alert", "threshold", "metrics"),
    [
        pytest.param(
            "NetboxPdnsRetryRate", "> 0.10", {"calls_retried_total", "calls_total"}, id="retry-rate-10-percent"
        ),
        pytest.param(
            "NetboxPdnsLockWait", "> 1", {"lock_wait_seconds_sum", "lock_wait_seconds_count"}, id="lock-wait-1-second"
        ),
        pytest.param("NetboxPdnsSyncSuccessRate", "< 0.95", {"syncs_total"}, id="sync-success-95-percent"),
        pytest.param("NetboxPdnsErrorRate", "> 0.01", {"errors_total", "syncs_total"}, id="error-rate-1-percent"),
    ],
)
def test_the_four_alerts_have_the_thresholds(alert: str, threshold: str, metrics: set[str]) -> None:
    """Retries above 10 %, waits above a second, success below 95 %, errors above 1 %."""
    expression = str(ALERTS[alert]["expr"])
    assert expression.endswith(f" {threshold}")
    assert set(re.findall(r"netbox_pdns_(\w+)", expression)) == metrics


def test_the_rates_of_the_status_are_those_of_the_metrics() -> None:
    """Of 20 calls one was tried again, of 50 looks one failed: 5 % and 98 %."""
    tally = Tally(syncs=50, failed_syncs=1, calls=20, retried_calls=1)
    metrics = Metrics()
    for number in range(20):
        metrics.call_done("pdns", attempts=2 if number == 0 else 1, seconds=0.01, error=None)
    label = {"server": "pdns"}
    calls = metrics.registry.get_sample_value("netbox_pdns_calls_total", label)
    retried = metrics.registry.get_sample_value("netbox_pdns_calls_retried_total", label)
    assert calls
    assert retried
    assert retried / calls == tally.retry_rate == 0.05
    assert tally.success_rate == 0.98


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_its_line_in_the_operators_page(alert: str) -> None:
    """What it means, where to look, what to do."""
    row = re.search(rf"^\| {alert} \|(.+)\|$", (PROJECT / "docs/operating.md").read_text(), re.MULTILINE)
    assert row is not None
    assert all(cell.strip() for cell in row[1].split("|"))


@pytest.mark.parametrize("metric", ["calls_retried_total", "lock_wait_seconds_sum", "syncs_total", "errors_total"])
def test_the_dashboard_shows_the_four_indicators(metric: str) -> None:
    """Retry rate, lock wait time, success rate and error rate have a panel each."""
    dashboard = json.loads((DEPLOY / "grafana/netbox-pdns.json").read_text())
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    assert any(f"netbox_pdns_{metric}" in expression for expression in shown)


@pytest.mark.parametrize(
    ("page", "heading"),
    [
        ("monitoring.md", "# Monitoring"),
        ("mqtt.md", "# "),
        ("deployment.md", "# Deployment"),
        ("deployment.md", "## Disaster recovery"),
        ("deployment.md", "## Capacity"),
        ("deployment.md", "## Updates without downtime"),
        ("operating.md", "**Back-ups.**"),
        ("putting-back.md", "# "),
    ],
)
def test_the_pages_that_the_specification_asks_for_are_there(page: str, heading: str) -> None:
    """Monitoring, MQTT, deployment with recovery, updates and capacity, back-ups, putting back."""
    assert any(line.startswith(heading) for line in (PROJECT / "docs" / page).read_text().splitlines())
