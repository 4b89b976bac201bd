"""The shapes of what the API answers; OpenAPI is made of them. Times are in UTC, as RFC 3339 has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from netbox_pdns.shape import Shape
from netbox_pdns.sync.board import BreakerState, Condition
from netbox_pdns.sync.hints import Depth
from netbox_pdns.sync.shapes import Held, LeftOut

_STRICT: dict[str, Any] = {**Shape.__pydantic_config__, "extra": "forbid"}
"""For what callers send: a misspelt word is named."""


def moment(seconds: float | None) -> datetime | None:
    """Return a time in seconds since 1970 as a date, None for None."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(Shape):
    """Why a request was refused (RFC 9457)."""

    type: str = "about:blank"
    title: str
    """The status in words."""
    status: int
    detail: str
    """What is wrong, where, with which value."""
    kind: str | None = None
    """For an error of netbox-pdns what to do about it: `transient` (try again), `conflict`, `configuration` or `data`."""
    hint: str | None = None
    """What can be done."""
    errors: tuple[str, ...] = ()
    """What is wrong with the request, each by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health(Shape):
    """How the service is."""

    status: str
    """`Healthy`, `Warning` or `Degraded`; only the last is answered with 503."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive(Shape):
    """An answer to an orchestrator."""

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRow(Shape):
    """How one zone stands on one target, in numbers."""

    zone: str
    """Canonical name, with its final dot."""
    target: str
    condition: Condition
    view: str
    """NetBox's view."""
    netbox_url: str
    records: int
    """Records that NetBox wants served."""
    netbox_serial: int | None
    served_serial: int | None
    """What secondaries see."""
    looked_at: datetime | None
    """When it was last looked at, null where not since the start."""
    changed_at: datetime | None
    differences: int
    """RRsets that are not as NetBox wants them."""
    left_out: int
    """Records that cannot be served."""
    held: int
    """Changes that wait for a word."""
    not_served: int
    """RRsets that the server took and DNS does not show."""
    error: str | None
    """Why the last look failed."""
    attempts: int
    """Failures in a row."""
    next_try: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonePage(Shape):
    """Some zones, sorted by name and target."""

    zones: tuple[ZoneRow, ...]
    next: str | None
    """The `cursor` of the next page, null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneOnTarget(Shape):
    """How one zone stands on one target, with all that is held and left out."""

    target: str
    condition: Condition
    view: str
    netbox_url: str
    records: int
    netbox_serial: int | None
    served_serial: int | None
    looked_at: datetime | None
    changed_at: datetime | None
    differences: int
    left_out: tuple[LeftOut, ...]
    held: tuple[Held, ...]
    not_served: tuple[str, ...]
    """RRsets (`NAME TYPE`) that the server took and DNS does not show."""
    error: str | None
    error_class: str | None
    """What to do about the error: `transient`, `conflict`, `configuration` or `data`."""
    hint: str | None
    attempts: int
    next_try: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone(Shape):
    """One zone on every target that has to do with it."""

    zone: str
    targets: tuple[ZoneOnTarget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue(Shape):
    """Zones that wait for a look."""

    depth: int
    """Zones that wait or are being looked at."""
    active: int
    backing_off: int
    """Zones that failed and wait for their next try."""
    oldest_seconds: float
    """For how long the oldest has waited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Shape):
    """One PowerDNS."""

    name: str
    url: str
    breaker: BreakerState
    breaker_since: datetime | None
    """Since when its circuit breaker is not closed."""
    queue: Queue
    last_pass: datetime | None
    """When all of its zones had last been looked at."""
    error: str | None
    zones: Mapping[str, int]
    """How many of its zones stand how, by condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets(Shape):
    """Every PowerDNS."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause(Shape):
    """Why a zone was looked at."""

    trigger: str
    """What told: `webhook`, `feed`, `mqtt`, `schedule`, `people`, …"""
    came: datetime | None
    edited: datetime | None
    user: str
    """Who made the edit in NetBox."""
    request: str
    """NetBox's id of the request that made the edit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Shape):
    """A change that was applied: its receipt."""

    id: str
    target: str
    zone: str
    action: str
    serial: int | None
    """What is served since."""
    created: int
    """RRsets that came."""
    changed: int
    deleted: int
    summary: tuple[str, ...]
    """The first of the RRsets, a line each."""
    causes: tuple[Cause, ...]
    edited: datetime | None
    """When the first of its edits was made in NetBox."""
    applied: datetime | None
    served: datetime | None
    """When DNS showed it, null where that was not seen (yet)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage(Shape):
    """Some changes, newest first."""

    changes: tuple[Change, ...]
    next: str | None
    """The `cursor` of the next page, null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncAsked(Shape):
    """What is to be looked at; the body may be left out."""

    __pydantic_config__: ClassVar = _STRICT

    depth: Depth = Depth.LISTS
    """`lists`: both sides' lists decide which zones need a look; `content`: the content of every zone is compared."""
    target: str | None = None
    """On this target alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSyncAsked(Shape):
    """Where the zone is to be looked at; the body may be left out."""

    __pydantic_config__: ClassVar = _STRICT

    target: str | None = None
    """On this target alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Shape):
    """It was taken note of; nothing is done yet. What comes of it, zones and changes tell."""

    accepted: datetime | None
    """When: whatever is looked at later was looked at after the request."""
    hints: int
    """Hints that it led to."""


@dataclass(frozen=True, slots=True)
class MqttState(Shape):
    """How it stands with MQTT."""

    enabled: bool = False
    connected: bool = False
    broker: str | None = None
    """The broker's URL, without a password."""
    topic_prefix: str | None = None
    messages: int = 0
    """Messages taken since the start."""
    refused: int = 0
    """Messages that could not be read."""
    last_message: datetime | None = None
    detail: str = ""
    """What does not work."""


@dataclass(frozen=True, slots=True)
class SchedulerState(Shape):
    """The schedules, as the specification has them."""

    running: bool = False
    jobs_count: int = 0


@dataclass(frozen=True, slots=True)
class StoreState(Shape):
    """How it stands with the store, as a value."""

    ok: bool = True
    detail: str = ""
    """What is wrong."""
    behind: int = 0
    """Writes that wait."""
    lost: int = 0
    """Writes that were given up since the start."""
    persistent: bool = True
    """Whether it outlives the process."""
