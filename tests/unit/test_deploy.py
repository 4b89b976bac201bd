"""What is in deploy/ fits the program and itself: metrics, settings, files, secrets, and what Debian's tools say of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import servers
import yaml

from netbox_pdns.service.gauges import BoardCollector
from netbox_pdns.service.metrics import Metrics
from netbox_pdns.settings import load_settings
from netbox_pdns.sync.board import Board

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy"
RULES = DEPLOY / "prometheus/netbox-pdns.rules.yaml"
RULES_TESTED = DEPLOY / "prometheus/netbox-pdns.test.yaml"
DASHBOARD = DEPLOY / "grafana/netbox-pdns.json"
UNIT = DEPLOY / "systemd/netbox-pdns.service"
IMAGE = (DEPLOY / "Containerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LARGEST_EXPOSURE = 2.0
"""Of systemd's own scale from 0 to 10; what serves the net is commonly between 4 and 9."""


def _program(name: str, package: str) -> str:
    """Return a program of Debian's; where it is missing the test is skipped."""
    found = shutil.which(name)
    if found is None:
        servers.missing(f"{name} is not there: apt-get install {package}")
    return found


def _ran(*command: str, cwd: Path = DEPLOY) -> str:
    """Return what a command printed; it must end well."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _validated(file: Path) -> subprocess.CompletedProcess[str]:
    """Hold a compose file against the schema of its specification, as check-jsonschema has it."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("file", [RULES, RULES_TESTED, DASHBOARD], ids=lambda file: file.name)
def test_every_metric_that_is_named_is_one_of_ours(file: Path) -> None:
    """A misspelt one would never show anything, and never raise an alarm."""
    metrics = Metrics()
    metrics.registry.register(BoardCollector(Board()))
    families = {family.name: family.type for family in metrics.registry.collect()}
    known = {"netbox_pdns_last_sync_timestamp_seconds"}
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    for name, kind in families.items():
        known.update(f"{name}{suffix}" for suffix in suffixes.get(kind, ("",)))
    named = set(re.findall(r"netbox_pdns_\w+", file.read_text()))
    assert named
    assert named - known == set()


def test_every_alert_is_tested() -> None:
    """By the cases for promtool, with its words."""
    alerts = {each["alert"] for each in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]}
    cases = [
        case for test in yaml.safe_load(RULES_TESTED.read_text())["tests"] for case in test.get("alert_rule_test", ())
    ]
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == alerts


def test_prometheus_takes_the_rules_and_they_do_as_they_are_to() -> None:
    """`promtool check rules` and `promtool test rules`, and the configuration of the compose file."""
    promtool = _program("promtool", "prometheus")
    _ran(promtool, "check", "rules", str(RULES))
    _ran(promtool, "test", "rules", str(RULES_TESTED), cwd=RULES_TESTED.parent)
    _ran(promtool, "check", "config", "--syntax-only", "prometheus.yaml", cwd=RULES.parent)


def test_the_dashboard_is_whole() -> None:
    """Each panel has an id and a place of its own, within the 24 columns, and asks the data source that is picked."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [
        (panel["gridPos"]["x"] + column, panel["gridPos"]["y"] + row)
        for panel in panels
        for column in range(panel["gridPos"]["w"])
        for row in range(panel["gridPos"]["h"])
    ]
    assert len(set(places)) == len(places)
    assert max(column for column, _ in places) == 23
    asked = {target["datasource"]["uid"] for panel in panels for target in panel["targets"]}
    assert asked == {"${datasource}"}


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    """With nothing to say of it, and hardly anything that it may do."""
    analyze = _program("systemd-analyze", "systemd")
    unit = tmp_path / UNIT.name
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT.read_text(), flags=re.MULTILINE))
    assert _ran(analyze, "verify", str(unit), cwd=tmp_path) == ""
    said = _ran(analyze, "security", "--offline=true", str(unit), cwd=tmp_path)
    exposure = re.search(r"Overall exposure level for \S+: (\d+\.\d)", said)
    assert exposure is not None
    assert float(exposure[1]) <= LARGEST_EXPOSURE


def test_the_unit_waits_longer_than_the_service_takes_to_stop() -> None:
    """So does the container: work in hand is finished, never cut off."""
    stop = load_settings(_needed(), None).keeper.stop_timeout
    for text, pattern in (
        (UNIT.read_text(), r"TimeoutStopSec=(\d+)"),
        (str(SERVICES["netbox-pdns"]), r"stop_grace_period': '(\d+)s"),
    ):
        found = re.search(pattern, text)
        assert found is not None
        assert int(found[1]) > stop


def test_the_settings_of_the_container_are_settings(tmp_path: Path) -> None:
    """Of the image and the compose file, with the secrets in files: a misspelt one would be refused."""
    for name in COMPOSE["secrets"]:
        (tmp_path / name).write_text("a-secret-of-some-length")
    variables = {**_of_the_image(), **SERVICES["netbox-pdns"]["environment"]}
    given = {
        name: _interpolated(str(value)).replace("/run/secrets/", f"{tmp_path}/")
        for name, value in variables.items()
        if name.startswith("NETBOX_PDNS_")
    }
    settings = load_settings(given, None)
    assert settings.netbox.url == "http://netbox:8080"
    assert settings.mqtt.mqtt_enabled
    assert settings.service.listen_host == "0.0.0.0"  # noqa: S104 - inside the container
    assert settings.service.api_keys == ("a-secret-of-some-length",)


def test_all_that_the_compose_file_leads_to_is_there() -> None:
    """Files, named volumes, secrets, other services, variables: none is missing, none is idle."""
    volumes, secrets, needed, files = set(), set(), set(), set()
    for service in SERVICES.values():
        secrets.update(service.get("secrets", ()))
        needed.update(service.get("depends_on", ()))
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            (files if source.startswith(".") else volumes).add(source)
    assert volumes == set(COMPOSE["volumes"])
    assert secrets == set(COMPOSE["secrets"])
    assert needed <= set(SERVICES)
    assert [file for file in files if not (DEPLOY / file).exists()] == []
    page = (PROJECT / "docs/deployment.md").read_text()
    assert [name for name in secrets if f"`{name}`" not in page] == []
    variables = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    examples = {line.partition("=")[0] for line in (DEPLOY / "example.env").read_text().splitlines() if line}
    assert variables == examples


def test_the_compose_file_is_one_that_compose_takes() -> None:
    """By the JSON schema of the Compose specification; ports, of which that says little, are as they are written here."""
    assert "validation done" in _validated(DEPLOY / "compose.yaml").stdout
    for service in SERVICES.values():
        for port in service.get("ports", ()):
            assert re.fullmatch(r"(127\.0\.0\.1:)?\d+:\d+(/(tcp|udp))?", port)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        pytest.param("restart: ", "restarts: ", "'restarts' ", id="a-misspelt-word"),
        pytest.param("cap_drop: [ALL]", "cap_drop: ALL", "cap_drop", id="no-list"),
        pytest.param("\nvolumes:\n  data", "\nvolume:\n  data", "'volume' ", id="no-section"),
        pytest.param("{ file: secrets/api_key }", "secrets/api_key", "secrets.api_key", id="no-file"),
    ],
)
def test_a_compose_file_that_compose_does_not_take(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    """The schema finds it, and names the place."""
    text = (DEPLOY / "compose.yaml").read_text()
    assert right in text
    (tmp_path / "compose.yaml").write_text(text.replace(right, wrong, 1))
    done = _validated(tmp_path / "compose.yaml")
    assert (done.returncode, said in done.stdout) == (1, True), done.stdout


def test_the_container_may_do_little() -> None:
    """Not root, nothing to write but its data, no capabilities, no way to more."""
    service = SERVICES["netbox-pdns"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.search(r"^USER (?!0|root)\d+:\d+$", IMAGE, re.MULTILINE)


def test_the_image_starts_what_the_health_check_asks() -> None:
    """The program is `serve`, on the port that is exposed and checked; all that is copied is there."""
    assert 'ENTRYPOINT ["netbox-pdns"]\nCMD ["serve"]' in IMAGE
    port = str(load_settings(_needed(), None).service.listen_port)
    assert f"EXPOSE {port}\n" in IMAGE
    assert f"'NETBOX_PDNS_LISTEN_PORT', '{port}'" in IMAGE
    assert SERVICES["netbox-pdns"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    check = re.search(r'CMD \["python3", "-c", (".*")\]', IMAGE)
    assert check is not None
    compile(json.loads(check[1]), "health check", "exec")


def _of_the_image() -> dict[str, str]:
    return dict(_environment(IMAGE.replace("\\\n", " ")))


def _environment(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line.startswith("ENV "):
            yield from (word.split("=", 1) for word in line.split()[1:])  # type: ignore[misc]  # two each


def _interpolated(value: str) -> str:
    """Put the values of example.env in the place of variables, as compose does."""
    examples = dict(line.split("=", 1) for line in (DEPLOY / "example.env").read_text().splitlines() if line)
    return re.sub(r"\$\{(\w+)[^}]*\}", lambda found: examples[found[1]], value)


def _needed() -> dict[str, str]:
    return {
        "NETBOX_PDNS_NB_URL": "http://netbox:8080",
        "NETBOX_PDNS_NB_TOKEN": "0" * 40,
        "NETBOX_PDNS_PDNS_URL": "http://powerdns:8081",
        "NETBOX_PDNS_PDNS_TOKEN": "a key",
    }
