"""Reads all settings, once, into values to be handed down; and says where each came from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from netbox_pdns.planning.values import GuardLimits, UnmanagedPattern
from netbox_pdns.settings.layers import (
    SECRETS,
    Given,
    Layer,
    first_given,
    of_dotenv,
    of_environment,
    of_toml,
    variable,
)
from netbox_pdns.settings.models import NetBoxSettings, Selection, TargetSettings, ZoneRule, ZoneTemplate, split
from netbox_pdns.settings.options import (
    CONFIG,
    SECTIONS,
    GeneralOptions,
    NetBoxOptions,
    PowerDNSOptions,
    SelectionOptions,
    TargetDefaults,
    TemplateOptions,
)
from netbox_pdns.settings.problems import Problem, SettingsError, details, invalid
from netbox_pdns.settings.service import KeeperOptions, MqttOptions, ServiceOptions, SetupOptions, TriggerOptions
from netbox_pdns.settings.tables import rules_of, targets_of

MASK = "********"
LONGEST_MARK = 40
"""Characters of `account` that PowerDNS's SQL schemas hold."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_USER = re.compile(r"(^|://).*@")
"""What stands before the host of a URL; with all that looks like it, since a password may hold any character."""

Section = TypeVar("Section", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class SettingValue:
    """One setting for people: its value as text (a secret masked), where it came from, what it means."""

    name: str
    text: str
    origin: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that was set, checked."""

    netbox: NetBoxSettings
    targets: tuple[TargetSettings, ...]
    instance: str
    data_dir: Path
    removed_days: int
    log_level: str
    log_format: str
    service: ServiceOptions = field(repr=False)
    keeper: KeeperOptions
    triggers: TriggerOptions = field(repr=False)
    mqtt: MqttOptions = field(repr=False)
    setup: SetupOptions = field(default=SetupOptions(), repr=False)

    def mark(self, target: str) -> str:
        """Return the mark (`account`) of the zones that we make on *target*."""
        return mark(self.instance, target)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return every secret, so that what is printed can be held against them."""
        sections = (self.service, self.triggers, self.mqtt, self.setup)
        service = (getattr(section, name) for section in sections for name in SECRETS if hasattr(section, name))
        given = [self.netbox.token, *(target.token for target in self.targets), *service]
        values = (secret.get_secret_value() for secret in given if secret is not None)
        return tuple(dict.fromkeys((*values, *self.service.api_keys)))


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading the settings came to: the values for people, and either the settings or what is wrong."""

    values: tuple[SettingValue, ...]
    problems: tuple[Problem, ...]
    settings: Settings | None
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class SetupSettings:
    """What setting up needs, when the other settings may not be there yet.

    The token of `netbox` is empty where none is set: it is what is to be made.
    """

    netbox: NetBoxSettings
    instance: str
    setup_token: SecretStr | None = field(repr=False)
    webhook_secret: SecretStr | None = field(repr=False)
    remote_url: str | None
    secrets: tuple[str, ...] = field(repr=False)


def mark(instance: str, target: str) -> str:
    """Return the mark on the zones of *target* of the installation *instance*."""
    return f"netbox-pdns:{instance}:{target}"


def load_settings(
    environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env"), *, user: int | None = None
) -> Settings:
    """Return the settings from *environ* (the process's own by default), the file *dotenv* and the TOML file.

    *user* is the user's id, for the data directory's default. Raises `SettingsError` with all that is wrong.
    """
    reading = read_settings(environ, dotenv, user=user)
    if reading.settings is None:
        raise SettingsError(reading.problems)
    return reading.settings


def read_settings(
    environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env"), *, user: int | None = None
) -> Reading:
    """Return the same as `load_settings`, with every value's origin, and what is wrong in place of an error."""
    environ = os.environ if environ is None else environ
    layers = _layers(environ, dotenv)
    given = first_given(layers)
    problems = [problem for layer in layers for problem in layer.problems]
    sections = _sections(given, problems)
    data_dir = _default_data_dir(environ, os.geteuid() if user is None else user)
    tables = layers[-1]
    rules = rules_of(tables, problems)
    defaults = sections.get(TargetDefaults, TargetDefaults())
    assert isinstance(defaults, TargetDefaults)
    extra = targets_of(tables, _defaults(defaults, rules), problems)
    values = (*_values(sections, given, data_dir), *_target_values(extra, tables))
    secrets = (
        *(str(given[name].value) for name in SECRETS if name in given),
        *(split(str(given["api_key"].value)) if "api_key" in given else ()),
        *(target.token.get_secret_value() for target in extra),
    )
    powerdns = sections.get(PowerDNSOptions)
    first = None
    if isinstance(powerdns, PowerDNSOptions):
        first = _first_target(powerdns, "targets" in tables.tables, problems)
    settings = None
    if len(sections) == len(SECTIONS):
        settings = _composed(sections, rules, first, extra, data_dir, problems)
    return Reading(values, tuple(problems), None if problems else settings, secrets)


def load_setup_settings(environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")) -> SetupSettings:
    """Return what setting up needs; raises `SettingsError` with all that is wrong of that."""
    layers = _layers(os.environ if environ is None else environ, dotenv)
    given = first_given(layers)
    problems = [problem for layer in layers for problem in layer.problems]
    kinds = (NetBoxOptions, GeneralOptions, ServiceOptions, TriggerOptions, SetupOptions)
    sections = _sections({"nb_token": Given("", "default"), **given}, problems, kinds)
    if problems:
        raise SettingsError(problems)
    general, netbox = _section(sections, GeneralOptions), _section(sections, NetBoxOptions)
    settings = SetupSettings(
        netbox=NetBoxSettings(**_without_prefix(netbox, "nb_")),
        instance=general.instance,
        setup_token=_section(sections, SetupOptions).setup_token,
        webhook_secret=_section(sections, TriggerOptions).webhook_secret,
        remote_url=_section(sections, ServiceOptions).remote_url,
        secrets=tuple(str(given[name].value) for name in SECRETS if name in given),
    )
    if problems := list(_mistakes(settings.netbox, (), settings.instance)):
        raise SettingsError(problems)
    return settings


def _layers(environ: Mapping[str, str], dotenv: Path | None) -> tuple[Layer, ...]:
    variables = (of_environment(environ), of_dotenv(dotenv))
    config = first_given(variables).get(CONFIG)
    toml = Layer() if config is None else of_toml(Path(config.value), variable(CONFIG))
    return (*variables, toml)


def _sections(
    given: Mapping[str, Given], problems: list[Problem], kinds: Sequence[type[BaseModel]] = SECTIONS
) -> dict[type[BaseModel], BaseModel]:
    sections: dict[type[BaseModel], BaseModel] = {}
    for section in kinds:
        values = {name: given[name].value for name in section.model_fields if name in given}
        try:
            sections[section] = section.model_validate(values)
        except ValidationError as error:
            for detail in details(error):
                name = str(detail["loc"][0])
                problems.append(invalid(detail, _named(name, given.get(name))))
    return sections


def _named(option: str, given: Given | None) -> str:
    """Return what the operator wrote: the variable, with the file where it stood in one."""
    if given is None or given.origin.startswith("environment"):
        return variable(option)
    return f"{variable(option)} ({given.origin})"


def _composed(
    sections: Mapping[type[BaseModel], BaseModel],
    rules: tuple[ZoneRule, ...],
    first: dict[str, Any] | None,
    extra: tuple[TargetSettings, ...],
    data_dir: Path,
    problems: list[Problem],
) -> Settings:
    def section(kind: type[Section]) -> Section:
        return _section(sections, kind)

    general = section(GeneralOptions)
    if first is not None:
        shared = {**_defaults(section(TargetDefaults), rules), **first}
        shared["selection"] = _selection(section(SelectionOptions))
        shared["template"] = _template(section(TemplateOptions))
        extra = (TargetSettings(**shared), *extra)
    netbox = NetBoxSettings(**_without_prefix(section(NetBoxOptions), "nb_"))
    problems.extend(_mistakes(netbox, extra, general.instance))
    return Settings(
        netbox=netbox,
        targets=extra,
        instance=general.instance,
        data_dir=general.data_dir or data_dir,
        removed_days=general.removed_days,
        log_level=general.log_level,
        log_format=general.log_format,
        service=section(ServiceOptions),
        keeper=section(KeeperOptions),
        triggers=section(TriggerOptions),
        mqtt=section(MqttOptions),
        setup=section(SetupOptions),
    )


def _section(sections: Mapping[type[BaseModel], BaseModel], kind: type[Section]) -> Section:
    found = sections[kind]
    assert isinstance(found, kind)
    return found


def _first_target(options: PowerDNSOptions, has_targets: bool, problems: list[Problem]) -> dict[str, Any] | None:
    if options.pdns_url is None and options.pdns_token is None and has_targets:
        return None
    missing = [name for name in ("pdns_url", "pdns_token") if getattr(options, name) is None]
    for name in missing:
        hint = "set it in the environment, in .env or in the TOML file, or describe [[targets]] there"
        problems.append(Problem(variable(name), "is not set", hint))
    return None if missing else {**_without_prefix(options, "pdns_"), "flat": True}


def _defaults(options: TargetDefaults, rules: tuple[ZoneRule, ...]) -> dict[str, Any]:
    """Return what targets are made of where they do not say otherwise."""
    return {
        "connect_timeout": options.pdns_connect_timeout,
        "read_timeout": options.pdns_read_timeout,
        "call_timeout": options.pdns_call_timeout,
        "batch_bytes": options.pdns_batch_bytes,
        "concurrency": options.pdns_concurrency,
        "mode": options.mode,
        "adopt": options.adopt,
        "unmanaged": options.unmanaged,
        "rules": rules,
        "limits": GuardLimits(
            unexplained=options.unexplained,
            unexplained_records=options.unexplained_records,
            unexplained_percent=options.unexplained_percent,
            emptied_rrsets=options.emptied_rrsets,
            zones=options.zones_deleted,
            zones_percent=options.zones_deleted_percent,
        ),
    }


def _selection(options: SelectionOptions) -> Selection:
    values = _without_prefix(options, "nb_")
    return Selection(nameserver=values.pop("ns_id"), **values)


def _template(options: TemplateOptions) -> ZoneTemplate:
    metadata = {
        "ALSO-NOTIFY": options.template_also_notify,
        "ALLOW-AXFR-FROM": options.template_allow_axfr_from,
        "TSIG-ALLOW-AXFR": options.template_tsig_allow_axfr,
    }
    return ZoneTemplate(
        kind=options.template_kind,
        catalog=options.template_catalog,
        dnssec=options.template_dnssec,
        metadata={kind: values for kind, values in metadata.items() if values},
    )


def _without_prefix(options: BaseModel, prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): getattr(options, name) for name in type(options).model_fields}


def _mistakes(netbox: NetBoxSettings, targets: Sequence[TargetSettings], instance: str) -> Iterator[Problem]:
    """Yield what is wrong with settings that are well by themselves."""
    yield from _url_problem(netbox.url, variable("nb_url"))
    if not _NAME.fullmatch(instance):
        yield Problem(variable("instance"), "has other characters than letters, digits, `.`, `_`, `-`", "rename it")
    names = [target.name for target in targets]
    yield from _secret_problem(netbox.token, variable("nb_token"))
    for target in targets:
        yield from _url_problem(target.url, target.setting("url"))
        yield from _secret_problem(target.token, target.setting("token"))
        if not _NAME.fullmatch(target.name):
            hint = "use letters, digits, `.`, `_` and `-` alone"
            yield Problem(target.setting("name"), f"{target.name!r} is no name for a target", hint)
        if (longer := len(mark(instance, target.name)) - LONGEST_MARK) > 0:
            message = f"the mark {mark(instance, target.name)!r} is longer than {LONGEST_MARK} characters"
            yield Problem(target.setting("name"), message, f"shorten it or the instance by {longer}")
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem("targets", f"{names.count(name)} of them are called {name!r}", "give each a name of its own")


def _url_problem(url: str, setting: str) -> Iterator[Problem]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield Problem(setting, "is no URL", "correct it: https://HOST[:PORT][/PATH]")
        return
    if "@" in url:  # wherever it stands: a password that is written wrongly ends up in the path
        yield Problem(setting, "holds a user name or password", "remove it; the token is a setting of its own")
    elif parts.scheme not in {"http", "https"} or not host:
        yield Problem(setting, "is no address of a web server", "begin with https:// or http:// and a host")


def _secret_problem(secret: SecretStr, setting: str) -> Iterator[Problem]:
    """Yield what keeps a secret out of an HTTP header; the library's own error would show it."""
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or text != text.strip():
        message = "holds a character that no token has: a blank at an end, a line's end, a letter beyond ASCII"
        yield Problem(setting, message, "copy it again, without what stands around it")


def _default_data_dir(environ: Mapping[str, str], user: int) -> Path:
    if user == 0:
        return Path("/var/lib/netbox-pdns")
    state = environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path(environ.get("HOME", "~")).expanduser() / ".local" / "state"
    return base / "netbox-pdns"


def _values(
    sections: Mapping[type[BaseModel], BaseModel], given: Mapping[str, Given], data_dir: Path
) -> Iterator[SettingValue]:
    for section in SECTIONS:
        for name, option in section.model_fields.items():
            origin = given[name].origin if name in given else "not set" if option.is_required() else "default"
            value: Any = None
            if section in sections:
                value = getattr(sections[section], name)
            elif name in given:
                value = SecretStr("?") if name in SECRETS else given[name].value
            elif not option.is_required():
                value = option.default
            if name == "data_dir" and value is None:
                value = data_dir
            yield SettingValue(variable(name), text_of(value), origin, option.description or "")


def _target_values(targets: Sequence[TargetSettings], tables: Layer) -> Iterator[SettingValue]:
    path = tables.tables["targets"].origin if "targets" in tables.tables else ""
    for number, target in enumerate(targets):
        for name, option in TargetSettings.model_fields.items():
            if name in {"flat", "name"}:
                continue
            line = tables.lines.get(f"targets.{number}.{name}")
            origin = "default" if line is None else f"{path}:{line}"
            value = getattr(target, name)
            yield SettingValue(f"targets[{target.name}].{name}", text_of(value), origin, option.description or "")


def text_of(value: Any) -> str:
    """Return a setting's value as the operator would write it, a secret masked."""
    match value:
        case None:
            return ""
        case SecretStr():
            return MASK
        case bool():
            return "true" if value else "false"
        case UnmanagedPattern():
            return f"{value.name} {value.type}"
        case tuple() | list():
            return ", ".join(map(text_of, value))
        case BaseModel():
            fields = ((name, getattr(value, name)) for name in type(value).model_fields)
            return ", ".join(f"{name} = {text_of(each)}" for name, each in fields if each not in (None, (), "", {}))
        case GuardLimits():
            return ", ".join(f"{name} = {text_of(getattr(value, name))}" for name in GuardLimits.__slots__)
        case dict():
            return ", ".join(f"{key} = {text_of(each)}" for key, each in value.items())
        case _:
            return _USER.sub(rf"\1{MASK}@", str(value))
