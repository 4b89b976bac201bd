"""`netbox-pdns settings`, and the reference page made of the same model."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from netbox_pdns.cli.app import app
from netbox_pdns.cli.settings_page import page
from netbox_pdns.settings.layers import OPTIONS, SECRETS, variable

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
SECRET = "canary-e3b0c44298fc1c14"
LEAST = {
    "NETBOX_PDNS_NB_URL": "https://netbox.example.com",
    "NETBOX_PDNS_NB_TOKEN": SECRET,
    "NETBOX_PDNS_PDNS_URL": "http://127.0.0.1:8081",
    "NETBOX_PDNS_PDNS_TOKEN": SECRET,
}


def _settings(monkeypatch: pytest.MonkeyPatch, home: Path, *arguments: str, **variables: str) -> Result:
    monkeypatch.chdir(home)
    return CliRunner().invoke(app, ["settings", *arguments], env={**LEAST, **variables})


def test_the_page_is_made_of_the_model() -> None:
    """docs/settings.md is what `make docs` writes: it cannot say anything else than the program does."""
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_every_setting_has_a_meaning_on_the_page() -> None:
    """Nothing can be set that is not explained."""
    rows = {
        row[1]: row[2] for row in re.finditer(r"^\| `(\w+)`[^|]*\|[^|]*\| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    }
    assert [name for name in OPTIONS if len(rows.get(variable(name), "")) < 10] == []


def test_every_setting_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With value, origin and meaning; the given ones with the place where they were given."""
    (tmp_path / ".env").write_text("NETBOX_PDNS_INSTANCE=second\n")
    done = _settings(monkeypatch, tmp_path, "--json", NETBOX_PDNS_NB_VIEW="internal")
    rows = {row["name"]: row for row in json.loads(done.stdout)["settings"]}
    assert list(rows) == [variable(name) for name in OPTIONS]
    assert all(len(row["meaning"]) > 10 for row in rows.values())
    given = {name: (row["value"], row["origin"]) for name, row in rows.items() if row["origin"] != "default"}
    assert given == {
        "NETBOX_PDNS_NB_URL": ("https://netbox.example.com", "environment NETBOX_PDNS_NB_URL"),
        "NETBOX_PDNS_NB_TOKEN": ("********", "environment NETBOX_PDNS_NB_TOKEN"),
        "NETBOX_PDNS_PDNS_URL": ("http://127.0.0.1:8081", "environment NETBOX_PDNS_PDNS_URL"),
        "NETBOX_PDNS_PDNS_TOKEN": ("********", "environment NETBOX_PDNS_PDNS_TOKEN"),
        "NETBOX_PDNS_NB_VIEW": ("internal", "environment NETBOX_PDNS_NB_VIEW"),
        "NETBOX_PDNS_INSTANCE": ("second", ".env"),
    }


def test_targets_of_the_file_are_listed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting of each target, with the line where it stands."""
    (tmp_path / "c.toml").write_text(f'[[targets]]\nname = "b"\nurl = "http://b.example"\ntoken = "{SECRET}"\n')
    done = _settings(monkeypatch, tmp_path, NETBOX_PDNS_CONFIG="c.toml")
    assert done.exit_code == 0
    assert "targets[b].url=http://b.example  # c.toml:3\n" in done.stdout
    assert "targets[b].token=********  # c.toml:4\n" in done.stdout
    assert "targets[b].concurrency=8  # default\n" in done.stdout


def test_what_is_wrong_is_told_beside_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list stays whole, every mistake is named with its mend, and the exit status is 1."""
    done = _settings(monkeypatch, tmp_path, NETBOX_PDNS_NB_URL="", NETBOX_PDNS_NB_TOKN="x")
    assert done.exit_code == 1
    assert "NETBOX_PDNS_NB_URL=  # not set\n" in done.stdout
    assert "error: NETBOX_PDNS_NB_URL: is not set\nhint: set it in the environment" in done.stderr
    assert (
        "error: NETBOX_PDNS_NB_TOKN: there is no such setting\nhint: did you mean NETBOX_PDNS_NB_TOKEN?" in done.stderr
    )
    problems = json.loads(_settings(monkeypatch, tmp_path, "--json", NETBOX_PDNS_NB_URL="").stdout)["problems"]
    assert [problem["setting"] for problem in problems] == ["NETBOX_PDNS_NB_URL"]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"https://user:{SECRET}@netbox.example.com", id="password"),
        pytest.param(f"https://user:/{SECRET}@netbox.example.com", id="password-with-a-slash"),
        pytest.param(f"https://user:a@{SECRET}@netbox.example.com", id="password-with-an-at-sign"),
        pytest.param(f"user:{SECRET}@netbox.example.com", id="no-scheme"),
        pytest.param(f"https://[{SECRET}", id="no-url"),
        pytest.param(f"https://netbox.example.com:{SECRET}", id="no-port"),
    ],
)
def test_a_password_in_a_url_is_refused_and_not_shown(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong with a URL is said without the URL."""
    variables = {"NETBOX_PDNS_NB_TOKEN": "another-token", "NETBOX_PDNS_PDNS_TOKEN": "another-key"}
    for name in ("NETBOX_PDNS_NB_URL", "NETBOX_PDNS_PDNS_URL"):
        done = _settings(monkeypatch, tmp_path, **variables, **{name: url})
        assert done.exit_code == 1
        assert f"error: {name}: " in done.stderr
        assert SECRET not in done.stderr


@pytest.mark.parametrize("secret", [f"{SECRET}\n", f" {SECRET}", f"{SECRET}é", f"{SECRET}\t{SECRET}"], ids=repr)
@pytest.mark.parametrize("option", ["nb_token", "pdns_token"])
def test_a_secret_that_cannot_be_sent_is_named(
    option: str, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot stand in a header (a line's end, a letter beyond ASCII) is named by its setting, and not shown."""
    done = _settings(monkeypatch, tmp_path, **{variable(option): secret})
    assert done.exit_code == 1
    assert f"error: {variable(option)}: holds a character that no token has" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_secrets_are_masked_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list shows that a secret is set, never which."""
    variables = {variable(name): f"{SECRET}-{name}" for name in SECRETS}
    for arguments in ([], ["--json"], ["-v"]):
        done = _settings(monkeypatch, tmp_path, *arguments, **variables)
        assert done.exit_code == 0
        assert SECRET not in done.output
        assert done.output.count("********") == len(SECRETS)
