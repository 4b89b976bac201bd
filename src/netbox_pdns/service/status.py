"""What `/status` says: what the specification shows, in exactly that shape, and beside it every part by itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from netbox_pdns import __version__
from netbox_pdns.service.documents import MqttState, SchedulerState, StoreState, moment
from netbox_pdns.service.health import judged
from netbox_pdns.shape import Shape
from netbox_pdns.sync.board import Board, BreakerState, TargetState, TriggerState, ZoneCounts

if TYPE_CHECKING:
    from netbox_pdns.service.ports import ServiceParts


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialSync(Shape):
    """The first pass after the start."""

    started: bool
    completed: bool
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability(Shape):
    """How well it goes, since the start."""

    last_sync: datetime | None
    """When a look at a zone last ended well."""
    sync_success_rate: float
    """The share of looks that did not fail, from 0 to 1."""
    average_retry_rate: float
    """The share of calls that were tried again, from 0 to 1."""
    lock_contention_events: int
    """Locks that were waited for for more than a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetBox(Shape):
    """How it stands with NetBox."""

    breaker: BreakerState
    breaker_since: datetime | None
    error: str | None
    """Why it cannot be read at the moment."""
    suspect: str | None
    """Why nothing is written: it went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Shape):
    """How it stands with one PowerDNS."""

    name: str
    breaker: BreakerState
    breaker_since: datetime | None
    queue_depth: int
    """Zones that wait or are being looked at."""
    queue_oldest_seconds: float
    last_pass: datetime | None
    """When all of its zones had last been looked at."""
    held: int
    """Changes of its zones that wait for a word."""
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Shape):
    """How it stands with one of those who say where to look."""

    name: str
    working: bool
    detail: str
    last: datetime | None
    """When it last saw something."""
    hints: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Shape):
    """Everything at a glance."""

    status: str
    """`Healthy`, `Warning` or `Degraded`."""
    uptime_seconds: float
    initial_sync: InitialSync
    scheduler: SchedulerState
    mqtt: MqttState
    reliability: Reliability
    reasons: tuple[str, ...]
    """Why the status is no better, the worst first."""
    version: str
    netbox: NetBox
    targets: tuple[Target, ...]
    triggers: tuple[Trigger, ...]
    zones: Mapping[str, int]
    """How many zones stand how, each target's by itself, by condition."""
    left_out: int
    """Records that cannot be served."""
    held: int
    """Changes that wait for a word."""
    not_served: int
    """RRsets that were written and that DNS does not show."""
    store: StoreState


def status(parts: ServiceParts, now: float) -> Status:
    """Return it as it is at *now* (seconds since 1970)."""
    board = parts.board
    verdict = judged(board, now)
    counts = tuple(board.counts.values())
    targets = tuple(board.target(name) for name in sorted(board.targets))
    store = parts.store()
    return Status(
        status=str(verdict.health),
        uptime_seconds=round(now - board.started, 1),
        initial_sync=InitialSync(
            started=board.initial_sync.started,
            completed=board.initial_sync.completed,
            error=board.initial_sync.error,
        ),
        scheduler=parts.scheduler(),
        mqtt=parts.mqtt(),
        reliability=reliability(board),
        reasons=verdict.reasons,
        version=__version__,
        netbox=NetBox(
            breaker=board.source_breaker,
            breaker_since=moment(board.source_breaker_since),
            error=board.source_error,
            suspect=board.suspect,
        ),
        targets=tuple(_target(each, board.counts.get(each.name)) for each in targets),
        triggers=tuple(_trigger(each) for _, each in sorted(board.triggers.items())),
        zones={str(condition): count for condition, count in board.counted().items()},
        left_out=sum(each.left_out for each in counts),
        held=sum(each.held for each in counts),
        not_served=sum(each.not_served for each in counts),
        store=StoreState(store.ok, store.detail, store.behind, store.lost, store.persistent),
    )


def reliability(board: Board) -> Reliability:
    """Return how well it goes; the time in whole seconds, as the specification's example has it."""
    last = moment(board.last_sync)
    return Reliability(
        last_sync=None if last is None else last.replace(microsecond=0),
        sync_success_rate=round(board.tally.success_rate, 4),
        average_retry_rate=round(board.tally.retry_rate, 4),
        lock_contention_events=board.tally.contention,
    )


def _target(state: TargetState, counts: ZoneCounts | None) -> Target:
    return Target(
        name=state.name,
        breaker=state.breaker,
        breaker_since=moment(state.breaker_since),
        queue_depth=state.queue.depth,
        queue_oldest_seconds=round(state.queue.oldest, 3),
        last_pass=moment(state.last_pass),
        held=0 if counts is None else counts.held,
        error=state.error,
    )


def _trigger(state: TriggerState) -> Trigger:
    return Trigger(
        name=state.name, working=state.working, detail=state.detail, last=moment(state.last), hints=state.hints
    )
