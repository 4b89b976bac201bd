"""`netbox-pdns check`: each question has its line, each mistake its name and its mend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_servers import (
    NO_DNS,
    SECRET,
    Answer,
    answering,
    at,
    login_page,
    netbox,
    netbox_behind,
    netbox_without_plugin,
    not_found,
    powerdns,
    powerdns_of,
    powerdns_with,
    recursor,
    status,
)
from typer.testing import CliRunner, Result

from netbox_pdns.cli.app import app

TOKEN_REFUSED = at("/api/status/", status(403, '{"detail": "Invalid token"}'), netbox)


def _checked(
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    netbox: Answer,
    powerdns: Answer,
    *arguments: str,
    **variables: str,
) -> Result:
    """Run `check` against two servers; *variables* may name their hosts and ports as `{netbox}` and `{powerdns}`."""
    monkeypatch.chdir(home)
    with (
        answering(lambda request: netbox(request.path)) as nb,
        answering(lambda request: powerdns(request.path)) as pdns,
    ):
        given = {
            "NETBOX_PDNS_NB_URL": nb,
            "NETBOX_PDNS_NB_TOKEN": SECRET,
            "NETBOX_PDNS_PDNS_URL": pdns,
            "NETBOX_PDNS_PDNS_TOKEN": SECRET,
            "NETBOX_PDNS_PDNS_DNS_ADDRESS": NO_DNS,
            "NETBOX_PDNS_DATA_DIR": str(home / "data"),
            **{name: value.format(netbox=nb[7:], powerdns=pdns[7:]) for name, value in variables.items()},
        }
        return CliRunner().invoke(app, ["check", *arguments], env=given)


@pytest.mark.parametrize(
    ("answers", "variables", "line", "hint"),
    [
        pytest.param(
            {"netbox": netbox_without_plugin}, {}, "NetBox: DNS plugin: http", "netbox-plugin-dns", id="plugin"
        ),
        pytest.param(
            {"netbox": login_page}, {}, "a page of HTML (a login form?)", "NETBOX_PDNS_NB_URL", id="login-page"
        ),
        pytest.param(
            {"netbox": not_found}, {}, "does not answer as NetBox's API does: 404", "NB_URL", id="another-server"
        ),
        pytest.param({"netbox": TOKEN_REFUSED}, {}, "NetBox refuses the token", "NETBOX_PDNS_NB_TOKEN", id="token"),
        pytest.param(
            {"netbox": at("/records/", status(403), netbox)},
            {},
            "NetBox: may view records: the NetBox token may not view records",
            "netbox_dns.view_record",
            id="records",
        ),
        pytest.param(
            {"netbox": at("/object-changes/", status(403), netbox)},
            {},
            "NetBox: may view the change log: the NetBox token may not view the change log",
            "core.view_objectchange",
            id="change-log",
        ),
        pytest.param({"netbox": status(503)}, {}, "NetBox answers 503", "NetBox's log", id="overloaded"),
        pytest.param(
            {}, {"NB_URL": "http://127.0.0.1:9"}, "NetBox at http://127.0.0.1:9 cannot", "NB_URL", id="nobody"
        ),
        pytest.param({}, {"NB_URL": "httpss://{netbox}"}, "is no address", "begin with https://", id="typing-error"),
        pytest.param(
            {}, {"NB_URL": "https://{netbox}"}, "speaks http", "write http:// in NETBOX_PDNS_NB_URL", id="nb-tls"
        ),
        pytest.param(
            {}, {"PDNS_URL": "https://{powerdns}"}, "speaks http", "http:// in NETBOX_PDNS_PDNS_URL", id="tls"
        ),
        pytest.param({}, {"NB_CA_FILE": "/nonexistent"}, "the CA file /nonexistent", "PEM", id="ca-file"),
        pytest.param({"powerdns": status(401)}, {}, "refuses the API key (401)", "NETBOX_PDNS_PDNS_TOKEN", id="key"),
        pytest.param(
            {"powerdns": status(403)}, {}, "refuses the API key (403)", "webserver-allow-from", id="not-allowed"
        ),
        pytest.param({"powerdns": not_found}, {}, "there is no PowerDNS API", "`api=yes`", id="no-api"),
        pytest.param({"powerdns": login_page}, {}, "is no PowerDNS API", "NETBOX_PDNS_PDNS_URL", id="page-of-html"),
        pytest.param({"powerdns": recursor}, {}, "is a PowerDNS recursor", "Authoritative", id="recursor"),
        pytest.param(
            {"powerdns": not_found}, {"PDNS_SERVER_ID": "x"}, "no server 'x'", "PDNS_SERVER_ID", id="server-id"
        ),
        pytest.param({}, {"PDNS_DNS_ADDRESS": NO_DNS}, "DNS over UDP: ", "HOST:PORT", id="dns-address"),
        pytest.param(
            {}, {"DATA_DIR": "/dev/null/x"}, "data directory: /dev/null/x", "NETBOX_PDNS_DATA_DIR", id="data-directory"
        ),
        pytest.param(
            {}, {"NB_TOKN": "x"}, "there is no such setting", "did you mean NETBOX_PDNS_NB_TOKEN?", id="setting"
        ),
    ],
)
def test_a_mistake_is_named_with_its_mend(
    answers: dict[str, Answer],
    variables: dict[str, str],
    line: str,
    hint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line that fails says what is wrong, the next what to do; exit status 3, or 1 where the settings are wrong."""
    named = {f"NETBOX_PDNS_{name}": value for name, value in variables.items()}
    both = {"netbox": netbox, "powerdns": powerdns, **answers}
    done = _checked(monkeypatch, tmp_path, both["netbox"], both["powerdns"], **named)
    lines = done.stdout.splitlines()
    (number,) = [number for number, each in enumerate(lines) if line in each]
    assert lines[number].startswith("FAILED   ")
    assert lines[number + 1].startswith("         hint: ")
    assert hint in lines[number + 1]
    assert done.exit_code == (1 if "setting" in line or "no address" in line else 3)
    assert SECRET not in done.output


@pytest.mark.parametrize(
    ("answers", "line", "hint"),
    [
        pytest.param({"netbox": netbox_behind(90)}, "s ahead of ours", "NTP", id="clock-ahead"),
        pytest.param({"netbox": netbox_behind(-90)}, "s behind ours", "NTP", id="clock-behind"),
        pytest.param(
            {"powerdns": powerdns_with(default_soa_edit="INCREMENT-WEEKS")},
            "serials: default-soa-edit=INCREMENT-WEEKS",
            "SOA-EDIT",
            id="soa-edit",
        ),
        pytest.param(
            {"powerdns": powerdns_with(default_soa_edit_signed="EPOCH")},
            "serials: default-soa-edit-signed=EPOCH",
            "SOA-EDIT",
            id="soa-edit-signed",
        ),
        pytest.param(
            {"powerdns": powerdns_of("4.8.4")},
            "PowerDNS (default): version 4.8.4",
            "4.8 was never tested; 4.7, 4.9 and 5.1 were",
            id="untested-release",
        ),
        pytest.param(
            {"powerdns": powerdns_with(webserver_max_bodysize="1")},
            "request size: 1048576 bytes, less than our 2000000",
            "webserver-max-bodysize",
            id="request-size",
        ),
        pytest.param(
            {"powerdns": at("/config", status(403), powerdns)},
            "configuration: it is not shown",
            "not checked",
            id="filter",
        ),
    ],
)
def test_a_trap_is_a_warning(
    answers: dict[str, Answer], line: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What works and may yet surprise is told, and fails nothing."""
    both = {"netbox": netbox, "powerdns": powerdns, **answers}
    done = _checked(monkeypatch, tmp_path, both["netbox"], both["powerdns"])
    lines = done.stdout.splitlines()
    (number,) = [number for number, each in enumerate(lines) if line.rsplit(": ", maxsplit=1)[-1] in each]
    assert lines[number].startswith("warning  ")
    assert line in lines[number]
    assert hint in lines[number + 1]


def test_every_question_has_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that decides whether it will work is asked, in the order in which a mend makes sense, and summed up."""
    done = _checked(monkeypatch, tmp_path, netbox, powerdns)
    names = [line[9:] for line in done.stdout.splitlines()[:-1] if line[:1] != " "]
    assert [name.rpartition(": ")[0] for name in names][1:3] == ["data directory", "NetBox"]
    for question in (
        "settings",
        "NetBox: DNS plugin",
        "may view zones",
        "may view the change log",
        "page size",
        "clock",
    ):
        assert [name for name in names if question in name], question
    for question in ("version 4.9.1", "TLS", "zones", "may write", "request size", "serials", "over UDP", "over TCP"):
        assert [name for name in names if name.startswith("PowerDNS (default): ") and question in name], question
    assert done.stdout.splitlines()[-1].endswith(" ok, 0 warning, 2 failed")


def test_json_has_one_answer_a_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For machines: name, state, detail and hint of each."""
    done = _checked(monkeypatch, tmp_path, netbox, status(401), "--json")
    found: list[dict[str, Any]] = json.loads(done.stdout)["probes"]
    assert {tuple(each) for each in found} == {("name", "state", "detail", "hint")}
    assert [each["name"] for each in found if each["state"] == "failed"] == ["PowerDNS (default)"]


def test_nothing_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` makes no directory, and asks PowerDNS for no change but one that cannot take place."""
    asked: list[tuple[str, str]] = []
    monkeypatch.chdir(tmp_path)

    with (
        answering(lambda request: netbox(request.path)) as nb,
        answering(lambda request: asked.append((request.method, request.path)) or powerdns(request.path)) as pdns,
    ):
        variables = {"NB_URL": nb, "PDNS_URL": pdns, "NB_TOKEN": SECRET, "PDNS_TOKEN": SECRET}
        given = {f"NETBOX_PDNS_{name}": value for name, value in variables.items()}
        extra = {"NETBOX_PDNS_PDNS_DNS_ADDRESS": NO_DNS, "NETBOX_PDNS_DATA_DIR": str(tmp_path / "data")}
        CliRunner().invoke(app, ["check"], env={**given, **extra})
    changing = [(method, path) for method, path in asked if method != "GET"]
    assert changing == [("PATCH", "/api/v1/servers/localhost/zones/netbox-pdns-check.invalid.")]
    assert list(tmp_path.iterdir()) == []
