"""Settings: where they come from, which wins, what is refused and how it is named."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from netbox_pdns.planning.values import UnmanagedPattern
from netbox_pdns.settings import Settings, SettingsError, load_settings, load_setup_settings, read_settings
from netbox_pdns.settings.layers import SECRETS, variable

CANARY = "canary-e3b0c442"
LEAST = {
    "NETBOX_PDNS_NB_URL": "https://netbox.example.com",
    "NETBOX_PDNS_NB_TOKEN": f"{CANARY}-nb",
    "NETBOX_PDNS_PDNS_URL": "http://127.0.0.1:8081",
    "NETBOX_PDNS_PDNS_TOKEN": f"{CANARY}-pdns",
}
SECOND = f'[[targets]]\nname = "second"\nurl = "http://b.example:8081"\ntoken = "{CANARY}-second"\n'


def loaded(
    tmp_path: Path, environ: Mapping[str, str] | None = None, dotenv: str = "", toml: str | None = None
) -> Settings:
    """Return the settings of the variables that are needed, and of what is given."""
    (tmp_path / ".env").write_text(dotenv)
    variables = {**LEAST, **(environ or {})}
    if toml is not None:
        (tmp_path / "config.toml").write_text(toml)
        variables["NETBOX_PDNS_CONFIG"] = str(tmp_path / "config.toml")
    return load_settings(variables, tmp_path / ".env", user=1000)


def problems(
    tmp_path: Path, environ: Mapping[str, str], dotenv: str = "", toml: str | None = None
) -> dict[str, tuple[str, str]]:
    """Return what is wrong, by setting."""
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, environ, dotenv, toml)
    return {problem.setting: (problem.message, problem.hint) for problem in caught.value.problems}


def test_four_settings_are_enough(tmp_path: Path) -> None:
    """Two addresses and two tokens make one target called `default`."""
    settings = loaded(tmp_path)
    assert [target.name for target in settings.targets] == ["default"]
    assert settings.mark("default") == "netbox-pdns:default:default"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("SYNC_CRONTAB", "0 */6 * * *"),
        ("LOG_LEVEL", "INFO"),
        ("PDNS_SERVER_ID", "localhost"),
        ("MQTT_ENABLED", "false"),
        ("MQTT_BROKER_URL", "mqtt://localhost:1883"),
        ("MQTT_CLIENT_ID", "netbox-pdns"),
        ("MQTT_TOPIC_PREFIX", "dns/zones"),
        ("MQTT_QOS", "1"),
        ("MQTT_KEEPALIVE", "60"),
        ("MQTT_RECONNECT_DELAY", "5"),
        ("API_KEY", ""),
        ("WEBHOOK_SECRET", ""),
        ("NB_NS_ID", ""),
        ("MQTT_USERNAME", ""),
        ("MQTT_PASSWORD", ""),
        ("REMOVED_DAYS", "90"),
        ("INSTANCE", "default"),
    ],
)
def test_defaults(option: str, value: str) -> None:
    """Names and defaults are those that installations have already."""
    reading = read_settings(LEAST, None, user=0)
    assert {each.name: (each.text, each.origin) for each in reading.values}[f"NETBOX_PDNS_{option}"] == (
        value,
        "default",
    )


@pytest.mark.parametrize(
    ("environ", "dotenv", "toml", "view", "origin"),
    [
        pytest.param({"NETBOX_PDNS_NB_VIEW": "a"}, "NETBOX_PDNS_NB_VIEW=b", 'nb_view = "c"', "a", "environment"),
        pytest.param({"NETBOX_PDNS_NB_VIEW": ""}, "NETBOX_PDNS_NB_VIEW=b", 'nb_view = "c"', "b", ".env"),
        pytest.param({}, "OTHER=1", '\nnb_view = "c"', "c", "config.toml:2"),
        pytest.param({"netbox_pdns_nb_view": "a"}, "", "", "a", "environment"),
        pytest.param({}, "", "", None, "default"),
    ],
    ids=["environment-first", "then-dotenv", "then-toml", "case-does-not-matter", "then-the-default"],
)
def test_precedence(
    tmp_path: Path, environ: dict[str, str], dotenv: str, toml: str, view: str | None, origin: str
) -> None:
    """The environment wins over `.env`, that over the TOML file, that over the default; empty is not set."""
    settings = loaded(tmp_path, environ, dotenv, toml)
    assert settings.targets[0].selection.view == view
    variables = {**LEAST, **environ, "NETBOX_PDNS_CONFIG": str(tmp_path / "config.toml")}
    values = read_settings(variables, tmp_path / ".env").values
    assert origin in next(value.origin for value in values if value.name == "NETBOX_PDNS_NB_VIEW")


def test_lists_are_written_with_commas_or_as_toml(tmp_path: Path) -> None:
    """Several patterns stand in one variable, with commas between them."""
    environ = {"NETBOX_PDNS_NB_INCLUDE": "*.example.com, example.net", "NETBOX_PDNS_UNMANAGED": "_dmarc* txt, * LUA"}
    target = loaded(tmp_path, environ, toml='nb_exclude = ["a.*"]').targets[0]
    assert target.selection.include == ("*.example.com", "example.net")
    assert target.selection.exclude == ("a.*",)
    assert target.unmanaged == (UnmanagedPattern("_dmarc*", "TXT"), UnmanagedPattern("*", "LUA"))


def test_all_that_is_set_arrives_at_the_first_target(tmp_path: Path) -> None:
    """The flat variables are the first target: selection, template and limits."""
    environ = {
        "NETBOX_PDNS_NB_NS_ID": "7",
        "NETBOX_PDNS_TEMPLATE_KIND": "Primary",
        "NETBOX_PDNS_TEMPLATE_ALSO_NOTIFY": "192.0.2.1,192.0.2.2",
        "NETBOX_PDNS_UNEXPLAINED_PERCENT": "25",
        "NETBOX_PDNS_ZONES_DELETED": "9",
        "NETBOX_PDNS_PDNS_DNS_ADDRESS": "[2001:db8::1]:5353",
    }
    target = loaded(tmp_path, environ).targets[0]
    assert target.selection.nameserver == "7"
    assert target.template.kind == "Primary"
    assert target.template.metadata == {"ALSO-NOTIFY": ("192.0.2.1", "192.0.2.2")}
    assert (target.limits.unexplained_percent, target.limits.zones) == (25.0, 9)
    assert target.dns_address == "[2001:db8::1]:5353"
    assert target.setting("url") == "NETBOX_PDNS_PDNS_URL"


def test_more_targets_stand_in_the_toml_file(tmp_path: Path) -> None:
    """A target says what differs; mode, limits and time-outs are else as the flat variables have them."""
    toml = f'{SECOND}[targets.selection]\nview = "internal"\n[targets.limits]\nzones = 1\n'
    environ = {"NETBOX_PDNS_MODE": "observe", "NETBOX_PDNS_NB_VIEW": "public", "NETBOX_PDNS_EMPTIED_RRSETS": "20"}
    first, second = loaded(tmp_path, environ, toml=toml).targets
    assert (first.selection.view, second.selection.view) == ("public", "internal")
    assert second.mode == "observe"
    assert (second.limits.zones, second.limits.emptied_rrsets) == (1, 20)
    assert second.setting("token") == "targets[second].token"


def test_targets_alone_will_do(tmp_path: Path) -> None:
    """Without flat variables for PowerDNS the targets of the file are all there are."""
    settings = loaded(tmp_path, {"NETBOX_PDNS_PDNS_URL": "", "NETBOX_PDNS_PDNS_TOKEN": ""}, toml=SECOND)
    assert [target.name for target in settings.targets] == ["second"]


def test_rules_by_zone_pattern(tmp_path: Path) -> None:
    """Rules of the file hold for every target; the first that fits a zone counts."""
    toml = '[[rules]]\nzone = "*.Lab.example."\nmode = "observe"\n[[rules]]\nzone = "*"\nunexplained_records = 1\n'
    target = loaded(tmp_path, toml=toml).targets[0]
    assert target.policy("a.lab.example.").mode == "observe"
    assert target.policy("example.com.").mode == "apply"
    assert target.policy("example.com.").limits.unexplained_records == 1


@pytest.mark.parametrize("option", SECRETS)
def test_a_secret_can_stand_in_a_file(tmp_path: Path, option: str) -> None:
    """`*_FILE` names the file; the line's end is not part of the secret; both at once are refused."""
    (tmp_path / "secret").write_text("s3cret\n")
    name = variable(option)
    environ = {**LEAST, name: "", f"{name}_FILE": str(tmp_path / "secret")}
    assert "s3cret" in load_settings(environ, None).secrets
    origins = {value.name: value.origin for value in read_settings(environ, None).values}
    assert origins[name] == f"file {tmp_path / 'secret'}"
    assert f"{name}_FILE" in problems(tmp_path, {**environ, name: "also"})


@pytest.mark.parametrize(
    ("environ", "dotenv", "toml", "setting", "hint"),
    [
        pytest.param({"NETBOX_PDNS_NBURL": "x"}, "", None, "NETBOX_PDNS_NBURL", "NETBOX_PDNS_NB_URL", id="variable"),
        pytest.param(
            {"NETBOX_PDNS_NB_TOKEN_FIEL": "x"}, "", None, "NETBOX_PDNS_NB_TOKEN_FIEL", "TOKEN_FILE?", id="file"
        ),
        pytest.param(
            {}, "NETBOX_PDNS_PDNS_TOKN=x", None, "NETBOX_PDNS_PDNS_TOKN", "NETBOX_PDNS_PDNS_TOKEN?", id="dotenv"
        ),
        pytest.param({}, "", "nb_veiw = 1", "nb_veiw", "nb_view?", id="toml"),
        pytest.param({}, "", f"{SECOND}modde = 'x'", "targets[second]", "mode?", id="target"),
        pytest.param({}, "", f"{SECOND}[targets.limits]\nzonse = 1", "targets[second]", "zones?", id="inside-a-target"),
        pytest.param({}, "", "[[rules]]\nzone='*'\nmod='x'", "rules[1]", "mode?", id="rule"),
        pytest.param({}, "", "[[target]]\n", "target ", "targets?", id="table"),
    ],
)
def test_a_misspelt_setting_is_named_with_the_nearest(
    tmp_path: Path, environ: dict[str, str], dotenv: str, toml: str | None, setting: str, hint: str
) -> None:
    """Wherever it stands, an unknown name is named, with the right one beside it."""
    found = problems(tmp_path, environ, dotenv, toml)
    assert len(found) == 1
    name, (message, mend) = next(iter(found.items()))
    assert name.startswith(setting)
    assert message == "there is no such setting"
    assert mend.startswith("did you mean")
    assert hint in mend


@pytest.mark.parametrize(
    ("environ", "setting", "words"),
    [
        pytest.param({"NB_URL": ""}, "NB_URL", "not set", id="missing"),
        pytest.param({"PDNS_TOKEN": ""}, "PDNS_TOKEN", "not set", id="missing-key"),
        pytest.param({"NB_URL": "netbox.example.com"}, "NB_URL", "no address", id="no-scheme"),
        pytest.param({"PDNS_URL": "http://u:pw@host"}, "PDNS_URL", "password", id="password-in-url"),
        pytest.param({"NB_READ_TIMEOUT": "-1"}, "NB_READ_TIMEOUT", "greater than 0", id="negative-time"),
        pytest.param({"NB_VERIFY_TLS": "perhaps"}, "NB_VERIFY_TLS", "boolean", id="no-boolean"),
        pytest.param({"ADOPT": "some"}, "ADOPT", "'identical'", id="no-such-choice"),
        pytest.param({"UNMANAGED": "LUA"}, "UNMANAGED", "NAME TYPE", id="no-pattern"),
        pytest.param({"INSTANCE": "a b"}, "INSTANCE", "characters", id="instance-with-a-space"),
        pytest.param({"INSTANCE": "x" * 40}, "PDNS_NAME", "longer than 40", id="mark-too-long"),
        pytest.param({"SYNC_CRONTAB": "0 25 * * *"}, "SYNC_CRONTAB", "the hour is wrong", id="no-cron-expression"),
        pytest.param({"DRIFT_CRONTAB": "@daily"}, "DRIFT_CRONTAB", "has 1 fields", id="no-five-fields"),
        pytest.param({"TIMEZONE": "Berlin"}, "TIMEZONE", "no time zone", id="no-time-zone"),
        pytest.param({"LOG_LEVEL": "loud"}, "LOG_LEVEL", "'DEBUG'", id="log-level"),
        pytest.param(
            {"NB_TOKEN": "", "NB_TOKEN_FILE": "/nonexistent"}, "NB_TOKEN_FILE", "cannot be read", id="no-file"
        ),
        pytest.param({"CONFIG": "/nonexistent"}, "CONFIG", "cannot be read", id="no-config"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, environ: dict[str, str], setting: str, words: str) -> None:
    """What is wrong, and with which setting."""
    found = problems(tmp_path, {f"NETBOX_PDNS_{name}": value for name, value in environ.items()})
    assert words in found[f"NETBOX_PDNS_{setting}"][0]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Nobody mends one setting a run."""
    toml = f'nb_verify_tls = "x"\n{SECOND}{SECOND}modd = 1\n'
    found = problems(tmp_path, {"NETBOX_PDNS_NB_URL": "", "NETBOX_PDNS_FOO": "1"}, "NETBOX_PDNS_BAR=1", toml)
    assert len(found) == 5, found


def test_names_of_targets_are_unique(tmp_path: Path) -> None:
    """Two targets of one name would have one mark."""
    assert "2 of them are called 'second'" in problems(tmp_path, {}, toml=SECOND + SECOND)["targets"][0]


def test_kubernetes_service_links_are_no_settings(tmp_path: Path) -> None:
    """A service called netbox-pdns puts variables of this prefix into every container beside it."""
    links = {"SERVICE_HOST": "10.0.0.1", "SERVICE_PORT_HTTP": "80", "PORT": "tcp://x", "PORT_8000_TCP_ADDR": "10.0.0.1"}
    assert loaded(tmp_path, {f"NETBOX_PDNS_{name}": value for name, value in links.items()})


@pytest.mark.parametrize(
    ("environ", "user", "directory"),
    [
        pytest.param({"HOME": "/home/a"}, 0, "/var/lib/netbox-pdns", id="root"),
        pytest.param({"HOME": "/home/a"}, 1000, "/home/a/.local/state/netbox-pdns", id="user"),
        pytest.param({"XDG_STATE_HOME": "/state"}, 1000, "/state/netbox-pdns", id="xdg"),
        pytest.param({"NETBOX_PDNS_DATA_DIR": "/data"}, 0, "/data", id="set"),
    ],
)
def test_the_data_directory(environ: dict[str, str], user: int, directory: str) -> None:
    """It is found by itself, as the XDG base directory specification has it, unless it is set."""
    assert load_settings({**LEAST, **environ}, None, user=user).data_dir == Path(directory)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Neither the values for people, nor any form of the settings as text, nor an error has a secret in it."""
    environ = {variable(option): f"{CANARY}-{option}" for option in SECRETS}
    (tmp_path / "config.toml").write_text(SECOND)
    environ |= {
        "NETBOX_PDNS_CONFIG": str(tmp_path / "config.toml"),
        "NETBOX_PDNS_MQTT_BROKER_URL": f"mqtt://u:{CANARY}@b",
    }
    reading = read_settings({**LEAST, **environ}, None)
    assert CANARY not in repr(reading) + str(reading)
    settings = reading.settings
    assert settings is not None
    assert CANARY not in repr(settings)
    assert len({secret for secret in settings.secrets if CANARY in secret}) == len(SECRETS) + 1
    wrong = {**LEAST, **environ, "NETBOX_PDNS_NB_URL": f"https://u:{CANARY}@h", "NETBOX_PDNS_NB_TOKN": CANARY}
    assert CANARY not in repr(read_settings(wrong, None))


def test_setting_up_needs_netbox_alone(tmp_path: Path) -> None:
    """Its token is not there yet, and PowerDNS may not be either; what is given of the rest is not judged."""
    environ = {"NETBOX_PDNS_NB_URL": "https://n.example", "NETBOX_PDNS_SETUP_TOKEN": CANARY, "NETBOX_PDNS_MODE": "?"}
    settings = load_setup_settings(environ, None)
    assert (settings.netbox.url, settings.instance) == ("https://n.example", "default")
    assert settings.secrets == (CANARY,)
    assert CANARY not in repr(settings)
    with pytest.raises(SettingsError) as caught:
        load_setup_settings({**environ, "NETBOX_PDNS_NB_URL": "n", "NETBOX_PDNS_INSTANCE": "a b"}, None)
    assert {problem.setting for problem in caught.value.problems} == {"NETBOX_PDNS_NB_URL", "NETBOX_PDNS_INSTANCE"}
