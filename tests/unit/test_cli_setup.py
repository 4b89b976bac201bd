"""`setup netbox` before NetBox is asked: what it needs, where it finds it, and what it says where it does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from documents_promised import as_promised
from typer.testing import CliRunner

from netbox_pdns.cli.app import app

TOKEN = "canary-admin-e3b0c442"
SECRET = "canary-secret-98fc1c14"
ENOUGH = {
    "NETBOX_PDNS_NB_URL": "http://127.0.0.1:9",
    "NETBOX_PDNS_REMOTE_URL": "http://127.0.0.1:8000",
    "NETBOX_PDNS_WEBHOOK_SECRET": SECRET,
    "NETBOX_PDNS_SETUP_TOKEN": TOKEN,
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` of this machine counts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").write_text("\n", encoding="ascii")


def _run(*arguments: str, environ: Mapping[str, str | None]) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["setup", "netbox", *arguments], env=environ)
    assert TOKEN not in done.output
    assert SECRET not in done.output
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "change", "words"),
    [
        pytest.param([], {"NETBOX_PDNS_NB_URL": None}, "NETBOX_PDNS_NB_URL: is not set", id="no-netbox"),
        pytest.param([], {"NETBOX_PDNS_NB_URL": "x"}, "NETBOX_PDNS_NB_URL: is no address", id="wrong-netbox"),
        pytest.param([], {"NETBOX_PDNS_NB_ULR": "x"}, "did you mean NETBOX_PDNS_NB_URL?", id="misspelt-setting"),
        pytest.param([], {"NETBOX_PDNS_REMOTE_URL": None}, "give it with --url", id="no-address-of-the-service"),
        pytest.param(["--url", "host:80"], {}, "'host:80' is no address of the service", id="wrong-address"),
        pytest.param([], {"NETBOX_PDNS_WEBHOOK_SECRET": None}, "NETBOX_PDNS_WEBHOOK_SECRET is not set", id="no-secret"),
        pytest.param([], {"NETBOX_PDNS_SETUP_TOKEN": None}, "no administrator's token", id="no-token"),
        pytest.param(["--token-file", "none"], {}, "none cannot be read", id="no-token-file"),
        pytest.param(["--token-file", "empty"], {}, "no administrator's token", id="empty-token-file"),
        pytest.param([], {}, "NetBox at http://127.0.0.1:9 cannot be reached", id="netbox-is-away"),
        pytest.param(["--remove"], {"NETBOX_PDNS_WEBHOOK_SECRET": None, "NETBOX_PDNS_REMOTE_URL": None},
                     "NetBox at http://127.0.0.1:9 cannot be reached", id="remove-needs-less"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("json_", [False, True], ids=["text", "json"])
def test_what_is_missing_is_named(
    arguments: list[str], change: Mapping[str, str | None], words: str, json_: bool
) -> None:
    """Status 1, with what to do; for machines the error is a document. What other commands need need not be there."""
    status, out, err = _run(*arguments, *(["--json"] if json_ else []), environ={**ENOUGH, **change})
    assert status == 1
    assert words in err
    if json_:
        assert as_promised(json.loads(out))["schema"] == "error/1"
    else:
        assert not out
