"""Who is told what while the service works: the log, metrics, the board's counts, the bus, the store, the feed's places."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from structlog.typing import FilteringBoundLogger

from netbox_pdns.cli.logs import log_held, log_look
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.values import Held
from netbox_pdns.resilience.breaker import BreakerChanged, BreakerState
from netbox_pdns.resilience.locks import LockAcquired, LockEvent, LockReleased, LockTimedOut
from netbox_pdns.resilience.retry import CallDetails
from netbox_pdns.service.announcing import Announcer
from netbox_pdns.service.metrics import Metrics
from netbox_pdns.sync.board import Board, ZoneState
from netbox_pdns.sync.events import Confirmed, Event, Listener, LookDone, PassBegun, PassDone
from netbox_pdns.sync.hints import Depth
from netbox_pdns.triggers.progress import EVERYWHERE, Pending, Progress

NETBOX = "NetBox"
"""What NetBox's circuit breaker is called."""


@dataclass(slots=True)
class Telling:
    """The listener of the keeper, which tells all others; none of them blocks."""

    board: Board
    metrics: Metrics
    announcer: Announcer
    logger: FilteringBoundLogger
    listeners: list[Listener] = field(default_factory=list)
    """Further listeners: what remembers, what confirms."""
    _held: dict[tuple[str, str], tuple[Held, ...]] = field(default_factory=dict)
    """What was held of a zone of a target at its last look, where something was."""

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case LookDone():
                self._look(event)
            case Confirmed():
                self._confirmed(event)
            case PassDone():
                self._pass(event)
            case _:
                pass
        self.metrics(event)
        for listener in self.listeners:
            listener(event)

    def call(self, details: CallDetails) -> None:
        """Take note of a call that has ended."""
        if details.attempts == 0:
            return
        self.board.tally.calls += 1
        self.board.tally.retried_calls += details.attempts > 1
        if details.server == NETBOX:
            self.board.source_error = None if details.error is None else str(details.error)
        error = details.error if isinstance(details.error, NetboxPdnsError) else None
        self.metrics.call_done(server_label(details.server), details.attempts, details.seconds, error)

    def breaker(self, event: BreakerChanged) -> None:
        """Take note of a breaker that moved."""
        label = server_label(event.name)
        self.metrics.breaker_changed(label, str(event.after))
        since = None if event.after is BreakerState.CLOSED else self.board.clock()
        if event.name == NETBOX:
            self.board.source_breaker = event.after
            self.board.source_breaker_since = _earlier(self.board.source_breaker_since, since)
        elif label in self.board.targets:
            before = self.board.targets[label]
            state = replace(before, breaker=event.after, breaker_since=_earlier(before.breaker_since, since))
            self.board.targets[label] = state
            self.announcer.target(state)

    def lock(self, event: LockEvent) -> None:
        """Take note of what became of a lock."""
        match event:
            case LockAcquired():
                self.metrics.lock_had(event.operation, event.waited)
                self.board.tally.contention += event.was_contended
            case LockReleased():
                self.metrics.lock_released(event.operation, event.held)
            case LockTimedOut():
                self.metrics.lock_timed_out(event.operation, event.limit)
                self.board.tally.contention += 1
            case _:
                pass

    def _look(self, done: LookDone) -> None:
        self.board.tally.syncs += 1
        self.board.tally.failed_syncs += done.error is not None
        if done.error is None:
            self.board.last_sync = self.board.clock()
        self.announcer.zone(self.board.zone(done.target, done.work.zone))
        if done.outcome is not None and done.outcome.applied:
            edits = [cause.edited for cause in done.work.causes if cause.edited is not None]
            if edits:
                self.metrics.edit_applied(done.target, max(0.0, self.board.clock() - min(edits)))
        log_look(self.logger, done)
        self._tell_held(self.board.zone(done.target, done.work.zone))

    def _tell_held(self, state: ZoneState) -> None:
        """Write down what is held since the last look; a zone that stays as it is costs no line at each of them."""
        log_held(self.logger, state, self._held.pop((state.target, state.zone), ()))
        if state.held:
            self._held[state.target, state.zone] = state.held

    def _confirmed(self, event: Confirmed) -> None:
        state = self.board.zone(event.target, event.zone)
        if state.not_served != event.not_served:
            state = replace(state, not_served=event.not_served)
            self.board.note(state)
            self.announcer.zone(state)
        line = self.logger.bind(zone=event.zone, target=event.target)
        if event.not_served:
            rrsets = ", ".join(event.not_served[:5])
            line.error(
                "written, and not served", rrsets=rrsets, count=len(event.not_served), error=event.trouble or None
            )
        else:
            line.info("served", seconds_after_edit=None if event.lag is None else round(event.lag, 3))
        if event.lag is not None:
            self.metrics.edit_served(event.target, event.lag)

    def _pass(self, event: PassDone) -> None:
        seconds = round(event.seconds, 3)
        if event.error is None:
            self.logger.info("all zones looked at", depth=str(event.depth), seconds=seconds)
        else:
            self.logger.error(
                "not all zones could be looked at",
                depth=str(event.depth),
                seconds=seconds,
                error=str(event.error),
                hint=event.error.hint,
            )


class Places:
    """Tells the feed's places in the change log what is done, so that a change is passed when its zones are reconciled."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._pending: dict[str, Pending] = {}

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case LookDone() if event.error is None and not event.dry:
                self._progress.done(event.target, event.work.zone, event.work.changes)
            case PassBegun():
                self._pending = {name: self._progress.pending(name) for name in event.targets}
            case PassDone() if not event.dry:
                for name in event.targets:
                    pending = self._pending.get(name)
                    if pending is None:
                        continue
                    if event.depth is Depth.CONTENT:
                        self._progress.passed(name, pending)
                    else:
                        self._progress.done(name, EVERYWHERE, pending.changes)
            case _:
                return


def _earlier(before: float | None, since: float | None) -> float | None:
    """Return since when a breaker is not closed: a trial in vain does not begin it anew."""
    return since if since is None or before is None else before


def server_label(name: str) -> str:
    """Return how a server's calls and breaker are labelled: `netbox`, or the target's name."""
    return "netbox" if name == NETBOX else name.removeprefix("PowerDNS (").removesuffix(")")
