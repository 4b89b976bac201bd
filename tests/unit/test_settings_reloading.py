"""Settings that are read again by a service at work: which are taken, which wait for a restart, and what each is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from netbox_pdns.settings import Settings, load_settings
from netbox_pdns.settings.layers import variable
from netbox_pdns.settings.options import SECTIONS
from netbox_pdns.settings.reloading import TAKEN, TAKEN_OF_TARGETS, Reread, reread

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"
LEAST = {
    "NB_URL": "https://netbox.example.com",
    "NB_TOKEN": "token-nb",
    "PDNS_URL": "http://127.0.0.1:8081",
    "PDNS_TOKEN": "token-pdns",
}
SECOND = '[[targets]]\nname = "b"\nurl = "http://b.example:8081"\ntoken = "token-b"\n'
TLS = {"TLS_CERT": "/c.pem", "TLS_KEY": "/k.pem"}


def loaded(directory: Path, variables: dict[str, str], toml: str = "") -> Settings:
    """Return the settings of these variables, named without their prefix, and this TOML file."""
    (directory / "config.toml").write_text(toml)
    given = {**LEAST, "CONFIG": str(directory / "config.toml"), **variables}
    return load_settings({f"NETBOX_PDNS_{name}": value for name, value in given.items()}, None, user=1000)


def outcome(
    directory: Path, before: dict[str, str], after: dict[str, str], tomls: tuple[str, str] = ("", "")
) -> Reread:
    """Return what becomes of a service of the settings *before*, where they are those *after* by now."""
    return reread(loaded(directory, before, tomls[0]), loaded(directory, after, tomls[1]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "DEBUG"),
        ("API_KEY", "one-key-8f1e,other-key-77c0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8"),
        ("STATUS_NEEDS_KEY", "true"),
        ("METRICS_NEEDS_KEY", "true"),
        ("METRICS_BY_ZONE", "true"),
        ("BODY_BYTES", "20000"),
        ("WEBHOOK_SECRET", "secret-6b1f"),
        ("SYNC_CRONTAB", "0 1 * * *"),
        ("DRIFT_CRONTAB", "never"),
        ("TIMEZONE", "Asia/Tokyo"),
        ("DRIFT", "report"),
        ("MODE", "observe"),
        ("ADOPT", "never"),
        ("UNMANAGED", "legacy* TXT"),
        ("UNEXPLAINED", "hold"),
        ("UNEXPLAINED_RECORDS", "8"),
        ("UNEXPLAINED_PERCENT", "20"),
        ("EMPTIED_RRSETS", "5"),
        ("ZONES_DELETED", "7"),
        ("ZONES_DELETED_PERCENT", "50"),
    ],
)
def test_what_is_taken(tmp_path: Path, name: str, value: str) -> None:
    """It holds from now on, and nothing else is another than before."""
    found = outcome(tmp_path, {}, {name: value})
    assert (found.taken, found.waiting) == ((f"NETBOX_PDNS_{name}",), ())
    assert found.settings == loaded(tmp_path, {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NB_URL", "https://other.example.com"),
        ("NB_TOKEN", "token-other"),
        ("NB_VIEW", "internal"),
        ("NB_NS_ID", "7"),
        ("NB_OVERLAP", "60"),
        ("PDNS_URL", "http://127.0.0.1:8082"),
        ("PDNS_TOKEN", "token-other"),
        ("PDNS_CONCURRENCY", "2"),
        ("TEMPLATE_KIND", "Primary"),
        ("TEMPLATE_ALSO_NOTIFY", "192.0.2.1"),
        ("INSTANCE", "other"),
        ("DATA_DIR", "/elsewhere"),
        ("REMOVED_DAYS", "1"),
        ("LOG_FORMAT", "json"),
        ("LISTEN_PORT", "8001"),
        ("TLS_CERT", "/c.pem"),
        ("ZONE_PAUSE", "1"),
        ("BREAKER_FAILURES", "2"),
        ("VERIFY_SERVED", "false"),
        ("STOP_TIMEOUT", "3"),
        ("FEED_INTERVAL", "0"),
        ("MQTT_ENABLED", "true"),
    ],
)
def test_what_waits_for_a_restart(tmp_path: Path, name: str, value: str) -> None:
    """It is named, and the service goes on by what it was."""
    found = outcome(tmp_path, {}, {name: value})
    assert (found.taken, found.waiting) == ((), (f"NETBOX_PDNS_{name}",))
    assert found.settings == loaded(tmp_path, {})


@pytest.mark.parametrize(
    ("before", "after", "taken", "waiting"),
    [
        pytest.param("", SECOND, (), ("targets[b]",), id="one-more"),
        pytest.param(SECOND, "", (), ("targets[b]",), id="one-fewer"),
        pytest.param(
            SECOND, f'{SECOND}mode = "observe"\nserver_id = "x"\n',
            ("targets[b].mode",), ("targets[b].server_id",), id="another-mode-and-server",
        ),
        pytest.param(
            SECOND, f"{SECOND}[targets.limits]\nzones = 9\n", ("targets[b].limits",), (), id="limits-of-its-own"
        ),
        pytest.param(
            SECOND, f'{SECOND}[[rules]]\nzone = "*.test"\nmode = "observe"\n',
            ("targets[b].rules", "rules"), (), id="rules-for-all",
        ),
    ],
)  # fmt: skip
def test_targets_of_the_file(
    tmp_path: Path, before: str, after: str, taken: tuple[str, ...], waiting: tuple[str, ...]
) -> None:
    """Each is called by its name; which targets there are is decided at the start."""
    found = outcome(tmp_path, {}, {}, (before, after))
    assert (found.taken, found.waiting) == (taken, waiting)


@pytest.mark.parametrize(
    ("before", "after", "taken", "waiting"),
    [
        pytest.param(TLS, {"TLS_CERT": "/d.pem", "TLS_KEY": "/l.pem"}, ("TLS_CERT", "TLS_KEY"), (), id="another"),
        pytest.param({}, TLS, (), ("TLS_CERT", "TLS_KEY"), id="where-there-was-none"),
        pytest.param(TLS, {}, (), ("TLS_CERT", "TLS_KEY"), id="none-any-more"),
    ],
)
def test_a_certificate(
    tmp_path: Path, before: dict[str, str], after: dict[str, str], taken: tuple[str, ...], waiting: tuple[str, ...]
) -> None:
    """It may be exchanged; whether there is one at all may not."""
    found = outcome(tmp_path, before, after)
    assert (found.taken, found.waiting) == (tuple(map(variable, taken)), tuple(map(variable, waiting)))


@pytest.mark.parametrize("name", ["REMOTE_URL", "REMOTE_CA_FILE", "SETUP_TOKEN"])
def test_what_other_commands_go_by(tmp_path: Path, name: str) -> None:
    """It is nothing to the service, and not named."""
    found = outcome(tmp_path, {}, {name: "/other"})
    assert (found.taken, found.waiting) == ((), ())


def test_every_setting_is_told_when_it_is_another(tmp_path: Path) -> None:
    """None goes by unseen: what the operator can set is compared under the name that it has for the operator."""
    from netbox_pdns.settings import reloading

    settings = loaded(
        tmp_path, {"TEMPLATE_ALSO_NOTIFY": "::1", "TEMPLATE_ALLOW_AXFR_FROM": "::1", "TEMPLATE_TSIG_ALLOW_AXFR": "k"}
    )
    compared = {
        name for name, _ in (*reloading._named(settings), *reloading._of_target(settings.targets[0], flat=True))
    }
    known = {variable(name) for section in SECTIONS for name in section.model_fields}
    others = {variable(name) for name in ("remote_url", "remote_ca_file", "setup_token", "pdns_name")}
    assert compared - {"rules"} == known - others


def test_the_page_names_what_is_taken() -> None:
    """A setting that is taken stands on the page, and so does a rule for a target's zones."""
    text = PAGE.read_text(encoding="utf-8")
    names = [variable(name) for section in TAKEN.values() for name in section]
    assert [name for name in (*names, *TAKEN_OF_TARGETS) if f"`{name}`" not in text] == []
