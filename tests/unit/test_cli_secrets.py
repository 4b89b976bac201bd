"""No secret is ever shown: not by any command, in any form, whatever the servers answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_servers import NO_DNS, SECRET, Asked, answering, netbox, repeating
from starlette.responses import Response
from typer.testing import CliRunner

from netbox_pdns.cli.app import app
from netbox_pdns.settings.layers import SECRETS, variable

COMMANDS = [
    ["plan", "-v"],
    ["plan", "--json"],
    ["plan", "--output", "yaml"],
    ["sync", "-v"],
    ["zones", "-v"],
    ["check", "-v"],
    ["check", "--json"],
    ["status", "-v"],
    ["watch", "-v"],
    ["sync", "--remote", "-v"],
    ["accept-source", "-v"],
]
SHOWN = SECRET[:10]
"""So much of a secret is too much; the word `canary` itself stands in no text of ours."""

Server = Callable[[Asked], Response]


def _well(asked: Asked) -> Response:
    return netbox(asked.path)


def _variables(home: Path, nb: str, pdns: str) -> dict[str, str]:
    """Return settings in which every secret is the canary with an ending of its own, a second target among them."""
    secrets = {variable(name): f"{SECRET}-{name}" for name in SECRETS}
    (home / "c.toml").write_text(
        f'[[targets]]\nname = "b"\nurl = "{pdns}"\ntoken = "{SECRET}-b"\ndns_address = "{NO_DNS}"\n'
    )
    return {
        **secrets,
        "NETBOX_PDNS_NB_URL": nb,
        "NETBOX_PDNS_REMOTE_URL": nb,
        "NETBOX_PDNS_PDNS_URL": pdns,
        "NETBOX_PDNS_PDNS_DNS_ADDRESS": NO_DNS,
        "NETBOX_PDNS_CONFIG": str(home / "c.toml"),
        "NETBOX_PDNS_DATA_DIR": str(home / "data"),
        "NETBOX_PDNS_MQTT_BROKER_URL": f"mqtt://user:{SECRET}@broker.example",
    }


def _printed(home: Path, command: list[str], nb: Server, pdns: Server) -> str:
    with answering(nb) as nb_url, answering(pdns) as pdns_url:
        done = CliRunner().invoke(app, command, env=_variables(home, nb_url, pdns_url))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return str(done.output)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("nb", "pdns"),
    [
        pytest.param(repeating(400), repeating(422), id="netbox-400"),
        pytest.param(repeating(403, 190), repeating(403), id="netbox-403-cut-off"),
        pytest.param(repeating(302), repeating(302), id="netbox-redirects"),
        pytest.param(repeating(200), repeating(200), id="netbox-200"),
        pytest.param(_well, repeating(404, 190), id="powerdns-404-cut-off"),
        pytest.param(_well, repeating(422), id="powerdns-422"),
    ],
)
def test_a_server_that_repeats_what_it_was_sent(
    command: list[str], nb: Server, pdns: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Headers come back in the answer, whole or where our message is cut off: neither stream shows one."""
    monkeypatch.chdir(tmp_path)
    assert SHOWN not in _printed(tmp_path, command, nb, pdns)


def test_retries_do_not_tell_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of failed attempts has the server's words, without the key in them."""
    monkeypatch.chdir(tmp_path)
    printed = _printed(tmp_path, ["plan", "-v"], repeating(503), repeating(503))
    assert "failed (attempt 1/3)" in printed
    assert "********" in printed
    assert SHOWN not in printed


@pytest.mark.parametrize("command", [["plan", "-v"], ["check"], ["settings"]], ids=" ".join)
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"NETBOX_PDNS_NB_URL": f"https://user:{SECRET}@netbox.example.com"}, id="password-in-url"),
        pytest.param({"NETBOX_PDNS_PDNS_URL": f"{SECRET}:pw@host"}, id="no-url"),
        pytest.param({"NETBOX_PDNS_NB_TOKEN": f"{SECRET}\n"}, id="line-end"),
        pytest.param({"NETBOX_PDNS_PDNS_TOKEN": f"{SECRET}ü"}, id="letter"),
        pytest.param({"NETBOX_PDNS_NB_TOKN": SECRET}, id="misspelt"),
        pytest.param({"NETBOX_PDNS_API_KEY_FILE": "/nonexistent"}, id="twice"),
    ],
)
def test_settings_that_are_wrong(
    command: list[str], wrong: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with a setting is said without its value."""
    monkeypatch.chdir(tmp_path)
    with answering(_well) as url:
        done = CliRunner().invoke(app, command, env={**_variables(tmp_path, url, url), **wrong})
    assert done.exit_code == 1
    assert SHOWN not in done.output
