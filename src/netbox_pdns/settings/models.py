"""The settings as the rooms get them: values, one class a concern.

How they are read is in `loading`, what the operator writes is in `options`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from netbox_pdns.planning.values import DEFAULT_UNMANAGED, GuardLimits, UnmanagedPattern


class Frozen(BaseModel):
    """Settings that belong together; unknown names are refused, and no error shows what was given."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,  # it may be a secret
        use_attribute_docstrings=True,
    )


def split(value: Any) -> Any:
    """Return the words of a text between commas; what is no text as it is."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _patterns(value: Any) -> Any:
    words = split(value)
    if not isinstance(words, list):
        return words
    return [_pattern(word) if isinstance(word, str) else word for word in words]


def _pattern(text: str) -> UnmanagedPattern:
    name, _, type = text.strip().partition(" ")
    if not name or not type.strip() or " " in type.strip():
        raise ValueError(f"{text!r} is not of the form NAME TYPE, like `_acme-challenge* TXT`")
    return UnmanagedPattern(name.lower(), type.strip().upper())


Seconds = Annotated[float, Field(gt=0)]
Words = Annotated[tuple[str, ...], BeforeValidator(split)]
"""Several texts; in a variable with commas between them."""
Unmanaged = Annotated[tuple[UnmanagedPattern, ...], BeforeValidator(_patterns)]
"""Patterns of the form `NAME TYPE`; in a variable with commas between them."""
Mode = Literal["apply", "observe"]
Adopt = Literal["identical", "never", "always"]
Unexplained = Literal["guard", "hold", "remove"]
Kind = Literal["Native", "Master", "Primary"]


class Selection(Frozen):
    """Which of NetBox's zones one target serves; what is not named does not narrow.

    Without a view the default view is meant.
    """

    nameserver: str | None = None
    """A nameserver's id or name: the zones that list it."""
    view: str | None = None
    """A view's id or name; None is NetBox's default view."""
    tag: Words = ()
    """Slugs of tags; a zone needs one of them."""
    tenant: Words = ()
    """Slugs or ids of tenants; a zone needs one of them."""
    include: Words = ()
    """Zone name patterns (`*`, `?`); none means all."""
    exclude: Words = ()
    """Zone name patterns that are not wanted; they win over `include`."""


class ZoneTemplate(Frozen):
    """How new zones are made on a target."""

    kind: Kind = "Native"
    """`Primary` (older: `Master`) has secondaries notified; `Native` leaves replication to the database."""
    catalog: str = ""
    """The catalog zone that new zones join (RFC 9432)."""
    metadata: dict[str, Words] = Field(default_factory=dict)
    """Kinds of metadata with their values, like `ALSO-NOTIFY`."""
    dnssec: bool = False
    """Whether PowerDNS signs new zones."""


class NetBoxSettings(Frozen):
    """How NetBox is reached."""

    url: str
    """Where NetBox's front page is, with its path where it has one: `https://netbox.example.com`."""
    token: SecretStr
    """An API token that may view the DNS plugin's objects and the change log, of version 1 or 2."""
    ca_file: Path | None = None
    """PEM certificates of the authority that signed the server's; the system's own are trusted too."""
    verify_tls: bool = True
    """Whether the server's certificate is verified."""
    connect_timeout: Seconds = 5.0
    """Seconds until a connection must stand."""
    read_timeout: Seconds = 60.0
    """Seconds that an answer may be silent."""
    call_timeout: Seconds = 300.0
    """Seconds that a call may take in all, however much keeps coming."""
    overlap: Seconds = 900.0
    """Seconds that a transaction in NetBox may take: change-log entries this old may still appear."""


class ZoneRule(Frozen):
    """What differs for the zones that a pattern names; None is as the target has it."""

    zone: str
    """Zone name pattern (`*`, `?`), without the final dot."""
    mode: Mode | None = None
    unexplained: Unexplained | None = None
    unexplained_records: int | None = None
    unexplained_percent: float | None = None
    emptied_rrsets: int | None = None
    zones: int | None = None
    """So many of the zones that this rule is for may be deleted in one run; with this or the share they are counted by \
themselves."""
    zones_percent: float | None = None
    """At most this share of those zones may be deleted in one run; the smaller of the two counts (one always may)."""

    @property
    def counts_zones(self) -> bool:
        """Tell whether the deletions of its zones are counted by themselves."""
        return self.zones is not None or self.zones_percent is not None


_LIMITS = ("unexplained", "unexplained_records", "unexplained_percent", "emptied_rrsets", "zones", "zones_percent")


@dataclass(frozen=True, slots=True)
class ZonePolicy:
    """What holds for one zone of one target."""

    mode: Mode
    limits: GuardLimits
    counted: str = ""
    """The pattern of the zones among which its deletion is counted; none is all that have no such limits of their own."""


class TargetSettings(Frozen):
    """One PowerDNS server and what it serves."""

    name: str = "default"
    """What the target is called, in the mark on its zones too; letters, digits, `.`, `_` and `-`."""
    flat: bool = False
    """Whether it comes from the flat variables (`NETBOX_PDNS_PDNS_URL` and so on)."""
    url: str
    """Where the API listens, like `http://127.0.0.1:8081`, with or without `/api`."""
    token: SecretStr
    """The API key: `api-key` in pdns.conf."""
    server_id: str = "localhost"
    """The server's id in its API; `localhost` for PowerDNS itself."""
    ca_file: Path | None = None
    """PEM certificates of the authority that signed the server's; the system's own are trusted too."""
    verify_tls: bool = True
    """Whether the server's certificate is verified."""
    connect_timeout: Seconds = 5.0
    """Seconds until a connection must stand."""
    read_timeout: Seconds = 60.0
    """Seconds that an answer may be silent."""
    call_timeout: Seconds = 300.0
    """Seconds that a call may take in all, however much keeps coming."""
    dns_address: str | None = None
    """`HOST`, `HOST:PORT` or `[v6]:PORT` where DNS is asked; None is the URL's host, port 53."""
    selection: Selection = Selection()
    """Which of NetBox's zones it serves."""
    template: ZoneTemplate = ZoneTemplate()
    """How new zones are made."""
    adopt: Adopt = "identical"
    """Which foreign zones that NetBox has too become ours: `identical` ones, `never` any, or `always`."""
    batch_bytes: Annotated[int, Field(ge=1000)] = 2_000_000
    """How large a request may be; the server's default limit is 2 MiB. A smaller limit is found out."""
    concurrency: Annotated[int, Field(ge=1)] = 8
    """Zones that are worked on at the same time."""
    limits: GuardLimits = GuardLimits()
    """How much may go in one run without a word."""
    unmanaged: Unmanaged = DEFAULT_UNMANAGED
    """RRsets in our zones that others keep, as `NAME TYPE` with `*` and `?`."""
    mode: Mode = "apply"
    """`observe` plans and reports, and writes nothing."""
    rules: tuple[ZoneRule, ...] = ()
    """Exceptions by zone pattern; the first that matches counts."""

    def setting(self, field: str) -> str:
        """Return what the operator calls *field* (`url`, `token`, `server_id`, ...) of this target."""
        return f"NETBOX_PDNS_PDNS_{field.upper()}" if self.flat else f"targets[{self.name}].{field}"

    def policy(self, zone: str) -> ZonePolicy:
        """Return what holds for *zone* (canonical name)."""
        name = zone.rstrip(".")
        rule = next(
            (rule for rule in self.rules if fnmatchcase(name, rule.zone.rstrip(".").lower())), ZoneRule(zone="*")
        )
        limits = {key: value for key in _LIMITS if (value := getattr(rule, key)) is not None}
        counted = rule.zone if rule.counts_zones else ""
        return ZonePolicy(mode=rule.mode or self.mode, limits=replace(self.limits, **limits), counted=counted)
