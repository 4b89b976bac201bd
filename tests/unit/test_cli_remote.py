"""Commands that call the running service: status, watch, sync --remote, accept-source."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from cli_servers import answering, login_page
from click.testing import Result
from documents_promised import as_promised
from program import NOWHERE
from rich.console import Console
from service_stage import HELD, KEY, LEFT_OUT, KeptReceipt, RememberedHints, Stage, stage, zone_state
from typer.testing import CliRunner

from netbox_pdns.cli.app import app
from netbox_pdns.cli.remote import open_remote, url_of
from netbox_pdns.cli.remote_sync import RemoteSync
from netbox_pdns.cli.status import duration
from netbox_pdns.cli.watch import View, line_of, page
from netbox_pdns.errors import TransientError
from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import load_settings
from netbox_pdns.sync.board import BreakerState, Condition, QueueState
from netbox_pdns.sync.hints import Cause, Depth, Hint, Trigger


@dataclass
class Keeper(RememberedHints):
    """Looks as soon as it is told to: what it is to find is in `finds`, which becomes the zone's state."""

    stage: Stage | None = None
    finds: dict[str, dict[str, Any]] = field(default_factory=dict)
    stuck: frozenset[str] = frozenset()
    """The zones at which it never looks; with "" there is one always, so that no pass ends."""

    def look(self, hint: Hint) -> None:
        """Look at the zone."""
        super().look(hint)
        if hint.zone in self.stuck:
            return
        assert self.stage is not None
        board = self.stage.board
        board.note(zone_state(hint.zone, **{"looked_at": board.clock(), **self.finds.get(hint.zone, {})}))

    def look_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        """Look at all zones that there are."""
        super().look_everywhere(depth, cause, target)
        assert self.stage is not None
        board = self.stage.board
        for zone in [*self.finds, *(each.zone for each in list(board.zones()))]:
            self.look(Hint(zone, cause))
        for name, state in board.targets.items():
            if name != "stuck" and "" not in self.stuck:
                board.targets[name] = replace(state, last_pass=board.clock())


@dataclass(frozen=True)
class Running:
    """A service that is served, and the command line beside it."""

    stage: Stage
    keeper: Keeper
    url: str

    def run(self, *arguments: str, **variables: str) -> Result:
        """Run a command that knows where the service is, and its key."""
        settings = {**NOWHERE, "NETBOX_PDNS_REMOTE_URL": self.url, "NETBOX_PDNS_API_KEY": KEY}
        return CliRunner().invoke(app, list(arguments), env={**settings, **variables})


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A service with one zone, which is well."""
    monkeypatch.chdir(tmp_path)
    keeper = Keeper()
    made = stage()
    parts = replace(made.service.parts, hints=keeper)
    keeper.stage = made = replace(made, service=replace(made.service, parts=parts))
    made.board.clock = time.time
    made.board.started = time.time() - 15
    with in_background(serving(made.app())) as url:
        yield Running(made, keeper, url)


def test_status(running: Running) -> None:
    """The verdict first, then the numbers, targets and triggers; exit status 0 where all is well."""
    done = running.run("status")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"Healthy: netbox-pdns 0.1.0 at {running.url}, up 1")
    assert "initial sync complete" in done.stdout
    assert "zones: 1 equal; 0 left out, 0 held, 0 not served" in done.stdout
    assert as_promised(json.loads(running.run("status", "--json").stdout))["service"]["status"] == "Healthy"


def test_status_that_is_not_well(running: Running) -> None:
    """The reasons stand below the verdict, and the exit status is 3."""
    running.stage.board.suspect = "its newest change is older than one that was applied"
    done = running.run("status")
    assert done.exit_code == 3
    assert done.stdout.splitlines()[1].strip().startswith("nothing is written: its newest change")


def test_accept_source(running: Running) -> None:
    """The word is passed on."""
    assert running.run("accept-source").exit_code == 0
    assert running.stage.accepted == [True]


def test_sync_of_everything(running: Running) -> None:
    """The service looks at all zones, and what came of it is printed as a run of our own is."""
    state = {"left_out": (LEFT_OUT,), "held": (HELD,), "condition": Condition.HELD}
    running.keeper.finds = {"a.example.": state, "b.example.": {}}
    running.stage.receipts.receipts.extend(
        [KeptReceipt("1", zone="b.example."), KeptReceipt("2", zone="b.example.", applied=time.time() + 5)]
    )
    done = running.run("sync", "--remote")
    assert done.exit_code == 3, done.output
    assert "Left out (1): cannot be served; the rest is" in done.stdout
    assert f"to let it through: {HELD.command}" in done.stdout
    assert "- www.example.com." in done.stdout
    assert "3 zones: 1 changed (1 RRset), 1 left out, 1 held, 0 failed" in done.stdout
    assert running.keeper.passes[0][0] is Depth.LISTS


def test_sync_of_some_zones(running: Running) -> None:
    """Each that fits is looked at, no other; exit status 0 where all is as NetBox wants it."""
    running.stage.board.note(zone_state("a.example."))
    done = running.run("sync", "--remote", "--zone", "*.example")
    assert done.exit_code == 0, done.output
    assert [hint.zone for hint in running.keeper.zones] == ["a.example."]
    assert "1 zone: nothing was changed, 0 left out, 0 held, 0 failed" in done.stdout


def test_sync_of_a_zone_that_fails(running: Running) -> None:
    """Its error and hint are the service's own."""
    failing = {
        "condition": Condition.FAILING,
        "error": "it does not answer",
        "error_class": "transient",
        "hint": "is it on?",
    }
    running.keeper.finds = {"example.com.": {**failing, "attempts": 1}}
    done = running.run("sync", "--remote", "--zone", "example.com")
    assert done.exit_code == 3
    assert "example.com. on pdns: it does not answer" in done.stdout
    assert "hint: is it on?" in done.stdout
    document = as_promised(json.loads(running.run("sync", "--remote", "--zone", "example.com", "--json").stdout))
    assert document["summary"]["failed"] == 1


@pytest.mark.parametrize(
    ("target", "said"),
    [
        pytest.param({}, "it is still at work", id="at-work"),
        pytest.param({"error": "PowerDNS: 401 Unauthorized"}, "PowerDNS: 401 Unauthorized", id="its-passes-fail"),
    ],
)
@pytest.mark.parametrize("zones", [(), ("--zone", "example.com")], ids=["everything", "a-zone"])
def test_a_target_that_never_looks(running: Running, target: dict[str, Any], said: str, zones: tuple[str, ...]) -> None:
    """After the time that it gets the wait is over: exit status 1, how the target stands, and what waits longer."""
    running.keeper.stuck = frozenset({"", "example.com."})
    running.stage.board.targets["pdns"] = replace(running.stage.board.targets["pdns"], queue=QueueState(), **target)
    done = running.run("sync", "--remote", "--timeout", "0.01", *zones)
    assert done.exit_code == 1, done.output
    assert f"the service has looked at nothing within 0.01 s: pdns: {said}" in " ".join(done.stderr.split())
    assert "--timeout SECONDS" in done.stderr


def test_a_zone_whose_target_does_not_answer(running: Running) -> None:
    """The circuit breaker that keeps the service from looking at it is what is said, and how many zones wait."""
    running.keeper.stuck = frozenset({"example.com."})
    pdns = running.stage.board.targets["pdns"]
    running.stage.board.targets["pdns"] = replace(pdns, breaker=BreakerState.OPEN, error="no answer within 5 s")
    done = running.run("sync", "--remote", "--zone", "example.com", "--timeout", "0.01")
    assert done.exit_code == 1, done.output
    assert "pdns: its circuit breaker is open, no answer within 5 s, 2 zones wait" in " ".join(done.stderr.split())


def test_a_target_that_is_not_called_has_failed(running: Running) -> None:
    """It is not waited for; that its breaker is open is told, also where no look has failed yet."""
    running.keeper.stuck = frozenset({""})
    pdns = running.stage.board.targets["pdns"]
    running.stage.board.targets["pdns"] = replace(pdns, breaker=BreakerState.OPEN)
    done = running.run("sync", "--remote")
    assert done.exit_code == 3, done.output
    assert "pdns: its circuit breaker is open: not all zones of it were looked at" in " ".join(done.stdout.split())


def test_one_target_of_two_that_never_looks(running: Running) -> None:
    """The others are reported as ever, it has failed: exit status 3, in the document too."""
    board = running.stage.board
    board.targets["stuck"] = replace(board.targets["pdns"], name="stuck", queue=QueueState(), error="it is full")
    board.note(replace(zone_state("example.com."), target="stuck"))
    done = running.run("sync", "--remote", "--timeout", "0.01")
    assert done.exit_code == 3, done.output
    assert "stuck: not looked at within 0.01 s: it is full" in " ".join(done.stdout.split())
    assert "2 zones: nothing was changed, 0 left out, 0 held, 1 failed" in done.stdout
    document = as_promised(json.loads(running.run("sync", "--remote", "--timeout", "0.01", "--json").stdout))
    assert document["summary"]["failed"] == 1


def test_one_zone_of_two_that_is_never_looked_at(running: Running) -> None:
    """It alone has failed."""
    running.stage.board.note(zone_state("a.example."))
    running.stage.board.note(zone_state("b.example."))
    running.keeper.stuck = frozenset({"b.example."})
    done = running.run("sync", "--remote", "--zone", "*.example", "--timeout", "0.01")
    assert done.exit_code == 3, done.output
    assert "2 zones: nothing was changed, 0 left out, 0 held, 1 failed" in done.stdout
    assert "b.example. on pdns: not looked at within 0.01 s" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("limit", "hours"),
    [pytest.param(0.0, 3, id="without-end"), pytest.param(2 * 3600.0, 2, id="two-hours")],
)
def test_how_long_it_waits(running: Running, limit: float, hours: int) -> None:
    """As long as it is told to, for a service that looks in the third hour."""
    running.keeper.stuck = frozenset({""})
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            running.keeper.stuck = frozenset()
            running.keeper.look_everywhere(Depth.LISTS, Cause(Trigger.PEOPLE, 0.0))

    async def wait() -> None:
        environ = {**NOWHERE, "NETBOX_PDNS_REMOTE_URL": running.url, "NETBOX_PDNS_API_KEY": KEY}
        async with open_remote(load_settings(environ, None)) as remote:
            await RemoteSync(remote, limit, clock=lambda: 3600.0 * len(slept), sleep=sleep).run(())

    if limit:
        with pytest.raises(TransientError, match="nothing within 7200 s"):
            asyncio.run(wait())
    else:
        asyncio.run(wait())
    assert len(slept) == hours


def test_a_timeout_is_for_the_service_alone() -> None:
    """A run of our own has time limits for each call, in the settings."""
    done = CliRunner().invoke(app, ["sync", "--timeout", "5"])
    assert (done.exit_code, "--remote" in done.output) == (2, True)


@pytest.mark.parametrize("option", [["--dry-run"], ["--force", "all"], ["--adopt", "all"], ["--plan", "p.json"]])
def test_what_the_service_is_not_asked_for(option: list[str]) -> None:
    """It decides by its settings; whoever wants it otherwise runs it here."""
    done = CliRunner().invoke(app, ["sync", "--remote", *option])
    assert done.exit_code == 2


@pytest.mark.parametrize("command", [["status"], ["watch"], ["sync", "--remote"], ["accept-source"]], ids=" ".join)
@pytest.mark.parametrize("what", ["nobody", "another-key", "another-service"])
def test_a_service_that_is_not_there(running: Running, command: list[str], what: str) -> None:
    """Exit status 1, what is wrong, and the setting to look at."""
    if what == "another-service":
        with answering(lambda asked: login_page(asked.path)) as url:
            done = running.run(*command, NETBOX_PDNS_REMOTE_URL=url)
    elif what == "nobody":
        done = running.run(*command, NETBOX_PDNS_REMOTE_URL="http://127.0.0.1:9")
    elif command == ["status"]:
        running.stage.service.access.reload(["another-key"])
        assert running.run(*command, NETBOX_PDNS_API_KEY="").exit_code == 0
        return
    else:
        done = running.run(*command, NETBOX_PDNS_API_KEY="the-wrong-key-4711")
    assert done.exit_code == 1, done.output
    assert "NETBOX_PDNS_API_KEY" in done.stderr or "NETBOX_PDNS_REMOTE_URL" in done.stderr
    assert "wrong-key" not in done.output


@pytest.mark.parametrize(
    ("given", "url"),
    [
        pytest.param({}, "http://127.0.0.1:8000", id="default"),
        pytest.param({"LISTEN_HOST": "0.0.0.0", "LISTEN_PORT": "1"}, "http://127.0.0.1:1", id="every-address"),  # noqa: S104
        pytest.param({"LISTEN_HOST": "::"}, "http://[::1]:8000", id="every-address-of-ipv6"),
        pytest.param({"TLS_CERT": "/c.pem", "LISTEN_HOST": "a.example"}, "https://a.example:8000", id="tls"),
        pytest.param({"REMOTE_URL": "https://b.example/pdns/"}, "https://b.example/pdns", id="named"),
    ],
)
def test_where_the_service_is(given: dict[str, str], url: str) -> None:
    """By default where `serve` listens with the same settings."""
    environ = {**NOWHERE, **{f"NETBOX_PDNS_{name}": value for name, value in given.items()}}
    assert url_of(load_settings(environ, None)) == url


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (61, "1 min 1 s"), (3600, "1 h"), (90_061, "1 d 1 h"), (7_200.5, "2 h")],
)
def test_durations(seconds: float, words: str) -> None:
    """Two units are enough."""
    assert duration(seconds) == words


def test_the_page_of_watch(running: Running) -> None:
    """It shows the verdict, targets, zones in trouble, changes with their lag, and says when it is old."""
    running.stage.receipts.receipts.append(KeptReceipt("1"))
    with running.stage.client() as client:
        status = client.get("/status").json()
        changes = client.get("/api/v1/changes").json()["changes"]
        zones = client.get("/api/v1/zones").json()["zones"]
    troubles = [{**zones[0], "condition": "failing", "error": "\x1b[2Jno"}]
    out = io.StringIO()
    Console(file=out, width=100).print(page(View("http://s", status, troubles, changes), "it is restarted"))
    shown = out.getvalue()
    for words in ("Healthy: netbox-pdns", "not answered any more: it is restarted", "pdns", "failing", "2.25 s"):
        assert words in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        ("lost", {"messages": 3}, "3 events were lost: this reader is too slow"),
        ("new", {"a": 1}, "new: {'a': 1}"),
    ],
)
def test_a_line_of_watch(kind: str, data: dict[str, Any], line: str) -> None:
    """An event that a newer service tells is shown as it is."""
    assert line_of(kind, data) == line
