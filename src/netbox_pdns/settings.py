"""All settings, one model, read at the top and handed down as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from netbox_pdns.planning.values import DEFAULT_UNMANAGED, GuardLimits, UnmanagedPattern


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Selection(_Frozen):
    """Which of NetBox's zones one target serves; what is not named does not narrow.

    Without a view the default view is meant.
    """

    nameserver: str | None = None
    """A nameserver's id or name: the zones that list it."""
    view: str | None = None
    """A view's id or name; None is NetBox's default view."""
    tag: tuple[str, ...] = ()
    """Slugs of tags; a zone needs one of them."""
    tenant: tuple[str, ...] = ()
    """Slugs or ids of tenants; a zone needs one of them."""
    include: tuple[str, ...] = ()
    """Zone name patterns (`*`, `?`); none means all."""
    exclude: tuple[str, ...] = ()
    """Zone name patterns that are not wanted; they win over `include`."""


class ZoneTemplate(_Frozen):
    """How new zones are made on a target."""

    kind: Literal["Native", "Master", "Primary"] = "Native"
    catalog: str = ""
    metadata: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    dnssec: bool = False


class NetBoxSettings(_Frozen):
    """How NetBox is reached."""

    url: str
    token: SecretStr
    ca_file: Path | None = None
    verify_tls: bool = True
    connect_timeout: float = 5.0
    read_timeout: float = 60.0
    overlap: float = 900.0
    """Seconds that a transaction in NetBox may take: change-log entries this old may still appear."""


class ZoneRule(_Frozen):
    """What differs for the zones that a pattern names; None is as the target has it."""

    zone: str
    """Zone name pattern (`*`, `?`), without the final dot."""
    mode: Literal["apply", "observe"] | None = None
    unexplained: Literal["guard", "hold", "remove"] | None = None
    unexplained_records: int | None = None
    unexplained_percent: float | None = None
    emptied_rrsets: int | None = None


_LIMITS = ("unexplained", "unexplained_records", "unexplained_percent", "emptied_rrsets")


@dataclass(frozen=True, slots=True)
class ZonePolicy:
    """What holds for one zone of one target."""

    mode: Literal["apply", "observe"]
    limits: GuardLimits


class TargetSettings(_Frozen):
    """One PowerDNS server and what it serves."""

    name: str = "default"
    flat: bool = False
    """Whether it comes from the flat variables (`NETBOX_PDNS_PDNS_URL` and so on)."""
    url: str
    token: SecretStr
    server_id: str = "localhost"
    ca_file: Path | None = None
    verify_tls: bool = True
    connect_timeout: float = 5.0
    read_timeout: float = 60.0
    dns_address: str | None = None
    """`HOST`, `HOST:PORT` or `[v6]:PORT` where DNS is asked; None is the URL's host, port 53."""
    selection: Selection = Selection()
    template: ZoneTemplate = ZoneTemplate()
    adopt: Literal["identical", "never", "always"] = "identical"
    batch_bytes: int = 2_000_000
    """How large a request may be; the server's default limit is 2 MiB. A smaller limit is found out."""
    concurrency: int = 8
    """Zones that are worked on at the same time."""
    limits: GuardLimits = GuardLimits()
    unmanaged: tuple[UnmanagedPattern, ...] = DEFAULT_UNMANAGED
    mode: Literal["apply", "observe"] = "apply"
    rules: tuple[ZoneRule, ...] = ()
    """Exceptions by zone pattern; the first that matches counts."""

    def setting(self, field: str) -> str:
        """Return what the operator calls *field* (`url`, `token`, `server_id`, ...) of this target."""
        return f"NETBOX_PDNS_PDNS_{field.upper()}" if self.flat else f"targets[{self.name}].{field}"

    def policy(self, zone: str) -> ZonePolicy:
        """Return what holds for *zone* (canonical name)."""
        name = zone.rstrip(".")
        rule = next((rule for rule in self.rules if fnmatchcase(name, rule.zone)), ZoneRule(zone="*"))
        limits = {key: value for key in _LIMITS if (value := getattr(rule, key)) is not None}
        return ZonePolicy(mode=rule.mode or self.mode, limits=replace(self.limits, **limits))
