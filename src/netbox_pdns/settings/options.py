"""What the operator can set, one field a setting: its name, type, default and meaning.

A field `nb_url` is the variable `NETBOX_PDNS_NB_URL`, in the environment or in `.env`, and the key `nb_url` of the TOML
file. The reference page and `netbox-pdns settings` are made of this module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, SecretStr

from netbox_pdns.planning.values import DEFAULT_UNMANAGED, GuardLimits
from netbox_pdns.settings.models import Adopt, Frozen, Kind, Mode, Seconds, Unexplained, Unmanaged, Words
from netbox_pdns.settings.service import KeeperOptions, MqttOptions, ServiceOptions, SetupOptions, TriggerOptions

PREFIX = "NETBOX_PDNS_"
CONFIG = "config"
"""The option that names the TOML file; it stands in the environment or in `.env`."""

_LIMITS = GuardLimits()


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
Level: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class NetBoxOptions(Frozen):
    """NetBox."""

    nb_url: str
    """Where NetBox's front page is, with its path where it has one: `https://netbox.example.com`."""
    nb_token: SecretStr
    """An API token, of version 1 or 2, that may view the DNS plugin's objects and the change log."""
    nb_ca_file: Path | None = None
    """PEM certificates of the authority that signed NetBox's certificate; the system's own are trusted too."""
    nb_verify_tls: bool = True
    """Whether NetBox's certificate is verified."""
    nb_connect_timeout: Seconds = 5.0
    """Seconds until a connection to NetBox must stand."""
    nb_read_timeout: Seconds = 60.0
    """Seconds that an answer of NetBox may be silent."""
    nb_call_timeout: Seconds = 300.0
    """Seconds that a call to NetBox may take in all, however much keeps coming: a slow drip holds no run up."""
    nb_overlap: Seconds = 900.0
    """Seconds that a transaction in NetBox may take. Its change log gives ids and times before they are committed, so \
entries this old may still appear; longer is safer and reads more."""


class SelectionOptions(Frozen):
    """Which zones the first target serves: the active zones of the default view, unless narrowed here."""

    nb_ns_id: str | None = None
    """A nameserver's id or name: only zones that list it."""
    nb_view: str | None = None
    """A view's id or name instead of the default view."""
    nb_tag: Words = ()
    """Slugs of tags: only zones with one of them."""
    nb_tenant: Words = ()
    """Slugs or ids of tenants: only zones of one of them."""
    nb_include: Words = ()
    """Zone name patterns (`*`, `?`): only zones that fit one of them."""
    nb_exclude: Words = ()
    """Zone name patterns that are not wanted; they win over `nb_include`."""


class PowerDNSOptions(Frozen):
    """PowerDNS: the first target. More of them are `[[targets]]` in the TOML file."""

    pdns_url: str | None = None
    """Where the API listens, like `http://127.0.0.1:8081`, with or without `/api`. Needed, unless the TOML file has \
targets."""
    pdns_token: SecretStr | None = None
    """The API key: `api-key` in pdns.conf."""
    pdns_server_id: str = "localhost"
    """The server's id in its API; `localhost` for PowerDNS itself."""
    pdns_name: str = "default"
    """What this target is called, in the mark on its zones too."""
    pdns_dns_address: str | None = None
    """`HOST`, `HOST:PORT` or `[v6]:PORT` where DNS is asked; by default the URL's host, port 53."""
    pdns_ca_file: Path | None = None
    """PEM certificates of the authority that signed the server's certificate; the system's own are trusted too."""
    pdns_verify_tls: bool = True
    """Whether the server's certificate is verified."""


class TemplateOptions(Frozen):
    """How new zones are made on the first target."""

    template_kind: Kind = "Native"
    """`Primary` (older: `Master`) has secondaries notified; `Native` leaves replication to the database."""
    template_catalog: str = ""
    """The catalog zone that new zones join (RFC 9432)."""
    template_dnssec: bool = False
    """Whether PowerDNS signs new zones."""
    template_also_notify: Words = ()
    """Addresses that are notified beside the nameservers (metadata ALSO-NOTIFY)."""
    template_allow_axfr_from: Words = ()
    """Networks that may transfer the zone (metadata ALLOW-AXFR-FROM)."""
    template_tsig_allow_axfr: Words = ()
    """TSIG keys that may transfer the zone (metadata TSIG-ALLOW-AXFR)."""


class TargetDefaults(Frozen):
    """How targets are worked with. Targets of the TOML file that do not say otherwise go by these, too."""

    pdns_connect_timeout: Seconds = 5.0
    """Seconds until a connection to PowerDNS must stand."""
    pdns_read_timeout: Seconds = 60.0
    """Seconds that an answer of PowerDNS may be silent."""
    pdns_call_timeout: Seconds = 300.0
    """Seconds that a call to PowerDNS may take in all, however much keeps coming: a slow drip holds no run up."""
    pdns_batch_bytes: Annotated[int, Field(ge=1000)] = 2_000_000
    """How many bytes a request may have; PowerDNS takes 2 MiB by default. A smaller limit of the server is found out."""
    pdns_concurrency: Annotated[int, Field(ge=1, le=100)] = 8
    """Zones of a target that are worked on at the same time."""
    mode: Mode = "apply"
    """`observe` plans and reports, and writes nothing."""
    adopt: Adopt = "identical"
    """Which foreign zones that NetBox has too become ours: `identical` ones (same RRsets and TTLs, the SOA aside), \
`never` any, or `always`."""
    unmanaged: Unmanaged = DEFAULT_UNMANAGED
    """RRsets in our zones that others keep, as `NAME TYPE` with `*` and `?`. What NetBox holds is managed all the same."""
    unexplained: Unexplained = _LIMITS.unexplained
    """What happens to records that go without NetBox saying why: `guard` applies it while small, `hold` never, `remove` \
always."""
    unexplained_records: Count = _LIMITS.unexplained_records
    """With `guard`: so many records of a zone may go unexplained in one run."""
    unexplained_percent: Percent = _LIMITS.unexplained_percent
    """With `guard`: at most this share of the zone's RRsets may go unexplained in one run (one always may)."""
    emptied_rrsets: Count = _LIMITS.emptied_rrsets
    """A zone with at least so many RRsets is not emptied without a word."""
    zones_deleted: Count = _LIMITS.zones
    """So many zones of a target may be deleted in one run without a word."""
    zones_deleted_percent: Percent = _LIMITS.zones_percent
    """At most this share of a target's own zones may be deleted in one run without a word; the smaller of the two \
counts (one always may)."""


class GeneralOptions(Frozen):
    """This installation."""

    instance: str = "default"
    """What this installation is called, in the mark on its zones (`netbox-pdns:INSTANCE:TARGET`, at most 40 characters). \
Two installations on one PowerDNS need two names."""
    data_dir: Path | None = None
    """Where is kept what outlives a run: the removed records, what servers refused, the lock. By default \
`/var/lib/netbox-pdns` for root, else `netbox-pdns` in `$XDG_STATE_HOME` or `~/.local/state`."""
    removed_days: Annotated[int, Field(ge=1)] = 90
    """Days that removed records are kept in the data directory."""
    log_level: Annotated[Level, BeforeValidator(_upper)] = "INFO"
    """The least severe log lines that are written: DEBUG, INFO, WARNING, ERROR or CRITICAL."""
    log_format: Literal["console", "json"] = "console"
    """How log lines look: for people, or one JSON object a line."""


SECTIONS: tuple[type[Frozen], ...] = (
    NetBoxOptions,
    SelectionOptions,
    PowerDNSOptions,
    TemplateOptions,
    TargetDefaults,
    GeneralOptions,
    ServiceOptions,
    KeeperOptions,
    TriggerOptions,
    MqttOptions,
    SetupOptions,
)
