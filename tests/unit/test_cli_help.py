"""The command line itself: its help, what it takes, and how it says that it does not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from netbox_pdns import __version__
from netbox_pdns.cli.app import app
from netbox_pdns.planning.values import HoldReason

COMMANDS = [
    "plan",
    "sync",
    "serve",
    "status",
    "watch",
    "accept-source",
    "verify",
    "explain",
    "zones",
    "check",
    "settings",
    "setup",
    "demo",
    "version",
]
SUBCOMMANDS = ["setup netbox"]
HEAVY = [
    "httpx2",
    "fastapi",
    "uvicorn",
    "prometheus_client",
    "dns",
    "msgspec",
    "structlog",
    "starlette",
    "yaml",
    "netbox_pdns.settings",
    "netbox_pdns.planning",
]


def _words(text: str) -> str:
    """Return *text* without its frame and the breaks of its lines."""
    return " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize("command", [*COMMANDS, *SUBCOMMANDS])
def test_help_shows_an_example(command: str) -> None:
    """`--help` of every command shows at least one line to copy, with that command."""
    done = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "100"})
    assert done.exit_code == 0
    lines = [line.strip() for line in done.output.partition("Example:")[2].splitlines()]
    assert any(line.startswith(f"netbox-pdns {command}") for line in lines)


def test_help_lists_the_commands_and_the_exit_status() -> None:
    """Who asks for help sees what there is, and what every exit status means."""
    done = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100"})
    assert all(command in done.output for command in COMMANDS)
    statuses = [line.strip()[:1] for line in done.output.partition("Exit status:")[2].splitlines() if line.strip()]
    assert statuses == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param([], "Usage", id="nothing"),
        pytest.param(["plam"], "No such command 'plam'", id="unknown-command"),
        pytest.param(["plan", "--zones", "x"], "No such option: --zones", id="unknown-option"),
        pytest.param(["plan", "--zone"], "requires an argument", id="option-without-value"),
        pytest.param(["plan", "--output", "xml"], "'text', 'json', 'yaml', 'markdown'", id="unknown-form"),
        pytest.param(["plan", "--json", "--output", "yaml"], "ask for one", id="two-forms"),
        pytest.param(["sync", "example.com"], "unexpected extra argument", id="extra-argument"),
        pytest.param(["sync", "--force", "unexplaned"], "did you mean unexplained?", id="misspelt-reason"),
        pytest.param(["explain"], "Missing argument 'NAME'", id="no-name"),
        pytest.param(["explain", "a..b"], "'a..b' is no domain name", id="no-domain-name"),
        pytest.param(["explain", "a.b", "ADDRESS"], "'ADDRESS' is no record type", id="no-record-type"),
        pytest.param(["setup"], "Usage", id="setup-of-nothing"),
        pytest.param(["setup", "powerdns"], "No such command 'powerdns'", id="setup-of-something-else"),
        pytest.param(["sync", "--force", ","], "names no reason", id="no-reason"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(arguments: list[str], words: str) -> None:
    """Exit status 2, with what is wrong, and nothing on standard output but help that was asked for."""
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})
    assert done.exit_code == 2
    assert words.lower() in _words(done.output).lower()


@pytest.mark.parametrize("given", ["nonsense", "zones,nonsense", ""])
def test_an_unknown_reason_names_the_known_ones(given: str) -> None:
    """Nobody has to look up what `--force` takes."""
    done = CliRunner().invoke(app, ["sync", "--force", given], env={"COLUMNS": "100"})
    assert done.exit_code == 2
    assert f"the reasons are {', '.join(HoldReason)} and all" in _words(done.output)


def test_version() -> None:
    """The version stands alone on its line, and is one JSON document with `--json`."""
    assert __version__ in CliRunner().invoke(app, ["version"]).stdout
    assert json.loads(CliRunner().invoke(app, ["version", "--json"]).stdout)["version"] == __version__


@pytest.mark.parametrize("arguments", [["sync", "--help"], ["version"]], ids=" ".join)
def test_help_loads_nothing_that_it_does_not_need(arguments: list[str]) -> None:
    """`--help` and `version` answer at once: what the work needs is imported when the work begins."""
    code = f"""
import sys
sys.argv = ["netbox-pdns", *{arguments!r}]
from netbox_pdns.cli import main
try:
    main()
finally:
    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60.0, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
