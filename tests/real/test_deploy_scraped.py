"""A real Prometheus scrapes the service at work: every expression of the alerts and the dashboard finds what it asks for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import servers
import yaml
from servers import eventually
from service_process import PATIENCE, Service, free_port

from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus/netbox-pdns.rules.yaml"
DASHBOARD = json.loads((DEPLOY / "grafana/netbox-pdns.json").read_text())
ALERTS = {each["alert"]: each["expr"] for each in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]}
PANELS = {
    f"{panel['title']} {target['refId']}": target["expr"].replace("$target", ".*")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
}

pytestmark = pytest.mark.long


class Prometheus:
    """A Prometheus that scrapes at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, expression: str) -> list[Any]:
        """Return what an expression finds now; fails where it is none."""
        answer = servers.plain_http("GET", f"{self.url}/api/v1/query", params={"query": expression}).json()
        assert answer["status"] == "success", answer
        return list(answer["data"]["result"])

    def is_ready(self) -> bool:
        """Tell whether it answers queries yet."""
        try:
            return servers.plain_http("GET", f"{self.url}/-/ready").is_success
        except httpx2.HTTPError:
            return False

    def finds(self, expression: str) -> bool:
        """Tell whether an expression finds anything."""
        return bool(self.query(expression))


def _settings_file(path: Path, **values: Any) -> Path:
    """Write settings to a TOML file: JSON's texts, numbers and lists of texts are TOML's, too."""
    targets = values.pop("targets")
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    for target in targets:
        lines += ["[[targets]]", *(f"{name} = {json.dumps(value)}" for name, value in target.items())]
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n")
    return path


def _edit(netbox: RunningNetBox, kind: str, **fields: Any) -> int:
    """Make an object in NetBox and return its id."""
    url = f"{netbox.url}/api/plugins/netbox-dns/{kind}/"
    answer = servers.plain_http("POST", url, {"Authorization": f"Token {netbox.token}"}, json=fields)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningNetBox, RunningPowerDNS]]:
    """A NetBox and a PowerDNS of the sandbox."""
    from netbox_pdns.sandbox.background import in_background
    from netbox_pdns.sandbox.netbox import running_netbox
    from netbox_pdns.sandbox.powerdns import running_powerdns

    with in_background(running_netbox()) as netbox, in_background(running_powerdns()) as powerdns:
        yield netbox, powerdns


@pytest.fixture(scope="module")
def service(
    stage: tuple[RunningNetBox, RunningPowerDNS], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service with something done and something failed: one edit is served, and one of its targets is away."""
    netbox, powerdns = stage
    here = {"name": "here", "url": powerdns.url, "token": powerdns.api_key, "dns_address": powerdns.dns_address}
    away = {"name": "away", "url": f"http://127.0.0.1:{free_port()}", "token": "a-key-of-nobody"}
    options = {"nb_url": netbox.url, "nb_token": netbox.token_v2, "targets": [here, away], "feed_interval": 0.2}
    found = Service(tmp_path_factory.mktemp("scraped"), options, _settings_file)
    found.start()
    try:
        found.until(lambda seen: any(each["last_pass"] for each in seen["targets"]), "the first pass is over")
        nameserver = _edit(netbox, "nameservers", name="ns1.example.com")
        soa = {"soa_mname": nameserver, "soa_rname": "hostmaster.example.com", "nameservers": [nameserver]}
        zone = _edit(netbox, "zones", name="example.com", **soa)
        _edit(netbox, "records", zone=zone, name="www", type="A", value="192.0.2.1")
        found.until(lambda seen: seen["zones"]["equal"] > 0 and seen["zones"]["failing"] > 0, "one serves, one fails")
        yield found
    finally:
        found.end()


@pytest.fixture(scope="module")
def prometheus(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that scrapes the service twice a second, with our rules."""
    program = shutil.which("prometheus")
    if program is None:
        servers.missing("prometheus is not there: apt-get install prometheus")
    home = tmp_path_factory.mktemp("prometheus")
    scraped = {"job_name": "netbox-pdns", "static_configs": [{"targets": [service.url.removeprefix("http://")]}]}
    often = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
    config = {"global": often, "rule_files": [str(RULES)], "scrape_configs": [scraped]}
    (home / "prometheus.yaml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    command = [program, f"--config.file={home / 'prometheus.yaml'}", f"--storage.tsdb.path={home / 'data'}"]
    with (
        (home / "log").open("wb") as log,
        subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log) as process,
    ):
        try:
            found = Prometheus(f"http://{address}")
            served = 'netbox_pdns_edit_to_served_seconds_count{target="here"} > 0'
            eventually(found.is_ready, timeout=PATIENCE, what="Prometheus is ready")
            eventually(lambda: found.finds("count_over_time(up[1m]) > 2"), timeout=PATIENCE, what="it is scraped")
            eventually(lambda: found.finds(served), timeout=PATIENCE, what="an edit is served")
            yield found
        finally:
            process.terminate()


def test_every_rule_is_evaluated_without_an_error(prometheus: Prometheus) -> None:
    """As Prometheus itself says of it."""

    def rules() -> list[dict[str, Any]]:
        groups = servers.plain_http("GET", f"{prometheus.url}/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    eventually(lambda: all(rule["health"] != "unknown" for rule in rules()), timeout=PATIENCE, what="all are evaluated")
    assert {rule["name"]: rule.get("lastError", "") for rule in rules()} == dict.fromkeys(ALERTS, "")


@pytest.mark.parametrize("name", [*ALERTS, *PANELS])
def test_every_expression_is_one(name: str, prometheus: Prometheus) -> None:
    """Nothing in it is misspelt, and no two sides of an operator have several series that fit."""
    prometheus.query({**ALERTS, **PANELS}[name])


def test_every_metric_that_is_asked_for_has_series(prometheus: Prometheus) -> None:
    """With the labels that it is asked by, but for what only happens where something goes wrong that here did not."""
    selectors = {
        selector
        for expression in (*ALERTS.values(), *PANELS.values())
        for selector in re.findall(r"(?:netbox_pdns_|process_)\w+(?:\{[^}]*\})?", expression)
    }
    assert {selector for selector in selectors if not prometheus.finds(selector)} == set()


def test_the_variables_of_the_dashboard_are_found(prometheus: Prometheus) -> None:
    """The targets that can be picked are the service's."""
    (variable,) = [each for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]
    found = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"])
    assert found is not None
    assert {series["metric"][found[2]] for series in prometheus.query(found[1])} == {"here", "away"}


@pytest.mark.parametrize(
    "panel", [name for name, expression in PANELS.items() if "_bucket" in expression or "/" in expression]
)
def test_panels_of_rates_show_numbers(panel: str, prometheus: Prometheus) -> None:
    """While something happens; the edits of one moment are counted by the scrape after it."""
    eventually(lambda: prometheus.finds(PANELS[panel]), timeout=PATIENCE, what=panel)


def test_a_target_that_is_away_is_an_alert(prometheus: Prometheus) -> None:
    """Its circuit breaker is open: the alert waits for its five minutes."""
    eventually(
        lambda: prometheus.finds('ALERTS{alertname="NetboxPdnsBreakerOpen",server="away"}'),
        timeout=PATIENCE,
        what="the breaker of the target that is away is open",
    )
