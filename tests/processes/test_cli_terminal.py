"""Where commands print: no secret, nothing that steers the terminal, colour on a terminal only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from program import on_terminal, program
from typer.testing import CliRunner

from netbox_pdns.cli.app import app
from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.errors import TransientError
from netbox_pdns.redaction import redacted

SECRET = "canary-e3b0c44298fc1c14"
LEAST = {
    "NETBOX_PDNS_NB_URL": "http://127.0.0.1:9",
    "NETBOX_PDNS_NB_TOKEN": SECRET,
    "NETBOX_PDNS_PDNS_URL": "http://127.0.0.1:9",
    "NETBOX_PDNS_PDNS_TOKEN": SECRET,
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(f"key {SECRET}!", "key ********!", id="whole"),
        pytest.param(f"{SECRET}{SECRET}", "****************", id="twice"),
        pytest.param(f"key {SECRET[:12]}…", "key ********…", id="cut-off"),
        pytest.param(f"key {SECRET[:4]}…", f"key {SECRET[:4]}…", id="too-little-of-it-to-tell"),
        pytest.param("the zone is fine…", "the zone is fine…", id="none"),
    ],
)
def test_a_secret_is_masked(text: str, shown: str) -> None:
    """Whole or cut off by our own shortening of messages."""
    assert redacted(text, [SECRET, "zone"]) == shown


def test_no_way_of_printing_shows_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines, sentences, tables, JSON, errors with their hints and causes: all pass one place."""
    terminal = Terminal(verbose=True, secrets=[SECRET])
    error = TransientError(f"said {SECRET}", hint=f"look at {SECRET}")
    error.__cause__ = OSError(f"because of {SECRET}")
    terminal.line(SECRET)
    terminal.prose(SECRET)
    terminal.notice(SECRET)
    terminal.table(["a"], [([SECRET], "")])
    terminal.json({"a": [SECRET, {"b": f'"{SECRET}"'}]})
    terminal.raw(SECRET)
    terminal.error(error)
    captured = capsys.readouterr()
    assert SECRET not in captured.out + captured.err
    assert captured.out.count("********") == 6
    assert captured.err.count("********") == 4


def test_data_of_others_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences and markup in what a server says are printed, not obeyed."""
    Terminal().line("\x1b[2J [red]x[/red] \r :smile:")
    assert capsys.readouterr().out == "\\x1b[2J [red]x[/red] \\r :smile:\n"


def test_pipes_get_whole_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is wrapped or padded for whoever reads lines, however long they are."""
    terminal = Terminal()
    terminal.prose("word " * 200)
    terminal.table(["Zone", ">Records"], [(["a" * 300, "1"], ""), (["b", "22"], "")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[2] == f"{'a' * 300}        1"
    assert [line for line in lines[1:] if line != line.rstrip()] == []


def test_colour_on_a_terminal_only(tmp_path: Path) -> None:
    """A pipe gets plain text whatever the environment says, a terminal colour, and NO_COLOR none (no-color.org)."""
    force = {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}
    piped = program("check", home=tmp_path, variables=force)
    assert "\x1b" not in piped.out + piped.err
    assert on_terminal("check", home=tmp_path).coloured
    assert not on_terminal("check", home=tmp_path, variables={"NO_COLOR": "1"}).coloured


def test_a_terminal_gets_sentences_broken_between_words(tmp_path: Path) -> None:
    """No line is longer than the terminal is wide, and no word of a sentence is torn."""
    shown = on_terminal("settings", home=tmp_path, columns=80).plain
    long = [line for line in shown.splitlines() if len(line) > 80]
    assert [line for line in long if line.startswith(" ")] == []
    assert " ".join(shown.split()).count("entries this old may still appear; longer is safer and reads more.") == 1


def test_an_error_of_a_command_for_machines_is_json_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever parses standard output always can: what kept the command from running is in a document."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["plan", "--json"], env={**LEAST, "NETBOX_PDNS_NB_URL": "nonsense"})
    assert done.exit_code == 1
    error = json.loads(done.stdout)["error"]
    assert error["kind"] == "configuration"
    assert "NETBOX_PDNS_NB_URL" in error["message"]
    assert done.stderr.startswith("error: NETBOX_PDNS_NB_URL: is no address of a web server\nhint: ")


def test_characters_that_an_output_lacks_do_not_end_the_program(tmp_path: Path) -> None:
    """An output of ASCII gets other letters written out, in JSON as JSON has it."""
    variables = {**LEAST, "NETBOX_PDNS_NB_INCLUDE": "ü.example", "PYTHONIOENCODING": "ascii"}
    assert "NETBOX_PDNS_NB_INCLUDE=\\xfc.example" in program("settings", home=tmp_path, variables=variables).out
    rows = program("settings", "--json", home=tmp_path, variables=variables).json["settings"]
    assert "ü.example" in [row["value"] for row in rows]
