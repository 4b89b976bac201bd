"""Log lines: structured, to standard error, for people or as JSON; the listeners that write them.

A logger is made once at the top and handed down; there is no other.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from netbox_pdns.errors import UnexpectedError
from netbox_pdns.planning.values import Held, ZonePlan
from netbox_pdns.redaction import printable, redacted_data
from netbox_pdns.resilience.breaker import BreakerChanged, BreakerListener, BreakerState
from netbox_pdns.resilience.locks import (
    LockAcquired,
    LockEvent,
    LockListener,
    LockReleased,
    LockTimedOut,
    LockWanted,
)
from netbox_pdns.resilience.retry import RetryDetails, RetryHook
from netbox_pdns.sync.board import ZoneState
from netbox_pdns.sync.events import Event, Listener, LookDone, RunStarted, TargetFailed, ZoneDone
from netbox_pdns.sync.outcome import ZoneOutcome


class _StandardError:
    """Writes lines to what is standard error at the time, so that a progress bar stays below them."""

    def msg(self, message: str) -> None:
        sys.stderr.write(f"{message}\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = msg


class Level:
    """The least severe lines that are written, as can be changed while the program runs."""

    def __init__(self, level: str) -> None:
        self.set(level)

    def set(self, level: str) -> None:
        """Write lines of at least *level* (`INFO`, ...) from now on."""
        self._least = logging.getLevelNamesMapping()[level]

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Drop a line that is less severe."""
        if logging.getLevelNamesMapping()[method.upper()] < self._least:
            raise structlog.DropEvent
        return event


def make_logger(level: str | Level, form: str, secrets: Iterable[str] = ()) -> FilteringBoundLogger:
    """Return a logger that writes lines of at least *level* (`INFO`, ...) in *form* (`console`, `json`).

    No line ever holds one of *secrets*, as they are at the time.
    """
    processors: list[Processor] = [
        *([level] if isinstance(level, Level) else []),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if form == "json" else "%Y-%m-%dT%H:%M:%SZ", utc=True),
        _without(secrets),
        _renderer(form),
    ]
    least = "DEBUG" if isinstance(level, Level) else level
    bound = structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[least])
    logger: FilteringBoundLogger = structlog.wrap_logger(
        _StandardError(), processors=processors, wrapper_class=bound, cache_logger_on_first_use=True
    )
    return logger


def log_retries(logger: FilteringBoundLogger) -> RetryHook:
    """Return the hook that writes a line a failed attempt."""

    def hook(details: RetryDetails) -> None:
        write = logger.error if details.delay is None else logger.warning
        write(retry_line(details))

    return hook


def retry_line(details: RetryDetails) -> str:
    """Return the line of a failed attempt."""
    if details.delay is None:
        return f"Function {details.name} failed after {details.attempt} attempts: {details.error}"
    return (
        f"Function {details.name} failed (attempt {details.attempt}/{details.attempts}): {details.error}. "
        f"Retrying in {details.delay:.1f}s"
    )


def log_breakers(logger: FilteringBoundLogger) -> BreakerListener:
    """Return the listener that writes a line each time a circuit breaker changes its state."""

    def listen(event: BreakerChanged) -> None:
        line = f"Circuit breaker of {event.name} is {event.after}: {event.reason}"
        match event.after:
            case BreakerState.OPEN:
                line += f". No calls for {event.pause:.0f}s"
                logger.error(line)
            case BreakerState.HALF_OPEN:
                logger.info(line)
            case BreakerState.CLOSED:
                logger.warning(line)

    return listen


def log_zones(logger: FilteringBoundLogger) -> Listener:
    """Return the listener that writes a line a zone changed or failed, and one a target that fails."""

    def listen(event: Event) -> None:
        match event:
            case RunStarted():
                logger.debug("run started", target=event.target, zones=event.zones, orphaned=event.orphaned)
            case ZoneDone():
                _zone(logger, event.outcome)
            case TargetFailed():
                logger.error("target failed", target=event.target, error=str(event.error), hint=event.error.hint)

    return listen


def log_look(logger: FilteringBoundLogger, done: LookDone) -> None:
    """Write the line of a look of the service's: what changed, why, and for whom."""
    if done.outcome is None:
        line = logger.bind(zone=done.work.zone, target=done.target)
        if done.error is not None:
            fault = done.error.__cause__ if isinstance(done.error, UnexpectedError) else None
            seconds = round(done.seconds, 3)
            line.error("zone failed", error=str(done.error), hint=done.error.hint, seconds=seconds, exc_info=fault)
        return
    causes = done.work.causes
    users = ", ".join(sorted({each.user for each in causes if each.user}))
    edits = [each.edited for each in causes if each.edited is not None]
    line = logger.bind(
        triggers=", ".join(sorted({str(each.trigger) for each in causes})),
        users=users or None,
        edited=None if not edits else datetime.fromtimestamp(min(edits), UTC).isoformat(timespec="milliseconds"),
    )
    _zone(line if done.outcome.applied else logger, done.outcome)


def log_held(logger: FilteringBoundLogger, state: ZoneState, before: Sequence[Held]) -> None:
    """Write a line for each change of a zone that is held now and was not held *before*, and one when none is any more."""
    line = logger.bind(zone=state.zone, target=state.target)
    known = {(each.reason, each.detail) for each in before}
    for each in state.held:
        if (each.reason, each.detail) not in known:
            line.warning("held", reason=str(each.reason), detail=each.detail, let_through_by=each.command)
    if before and not state.held:
        line.info("nothing is held any more")


def log_locks(logger: FilteringBoundLogger) -> LockListener:
    """Return the listener that writes how locks are waited for and held: a long wait is a warning, a vain one an error."""

    def listen(event: LockEvent) -> None:
        write, line = logger.debug, ""
        match event:
            case LockWanted():
                line = f"Attempting to acquire lock for operation: {event.operation}"
            case LockAcquired() if event.was_contended:
                write, line = logger.warning, f"Lock acquired for {event.operation} after {event.waited:.2f}s wait"
            case LockAcquired():
                line = f"Lock acquired for {event.operation} (waited {event.waited:.3f}s)"
            case LockReleased():
                total = event.waited + event.held
                line = f"Lock released for {event.operation} (total operation time: {total:.3f}s)"
            case LockTimedOut():
                write = logger.error
                line = f"Failed to acquire lock for {event.operation} within {event.limit:g} seconds"
        write(line)

    return listen


def counts(plan: ZonePlan) -> Mapping[str, int]:
    """Return how many records come and go, and how many RRsets are touched, the SOA aside."""
    return {
        "added": sum(len(change.added) for change in plan.changes),
        "removed": sum(len(change.removed) for change in plan.changes),
        "rrsets": len(plan.changes),
    }


def _zone(logger: FilteringBoundLogger, outcome: ZoneOutcome) -> None:
    line = logger.bind(zone=outcome.zone, target=outcome.target)
    seconds = round(outcome.seconds, 3)
    plan = outcome.plan
    if outcome.error is not None:
        line.error("zone failed", error=str(outcome.error), hint=outcome.error.hint, seconds=seconds)
        return
    if plan is None:
        line.debug("zone gone", seconds=seconds)
        return
    told = {"action": str(plan.action), **counts(plan), "left_out": len(plan.left_out), "held": len(plan.held)}
    if outcome.applied:
        line.info("zone changed", **told, serial=outcome.serial, batches=outcome.batches, seconds=seconds)
    else:
        line.debug("zone planned" if outcome.has_changes else "zone unchanged", **told, seconds=seconds)
    for note in outcome.notes:
        line.warning(note)


class _Others(logging.Handler):
    """Writes the lines of libraries to the logger of ours."""

    def __init__(self, logger: FilteringBoundLogger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{logging.Formatter().formatException(record.exc_info)}"
        self._logger.log(record.levelno, text, library=record.name)


def take_in(logger: FilteringBoundLogger) -> None:
    """Write warnings of libraries (uvicorn, asyncio, ...) to *logger*, so that they look alike and show no secret."""
    logging.basicConfig(level=logging.WARNING, handlers=[_Others(logger)], force=True)


def _without(secrets: Iterable[str]) -> Processor:
    def process(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        cleaned: EventDict = redacted_data(dict(event), secrets)
        return cleaned

    return process


def _renderer(form: str) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"),
        sort_keys=False,
        pad_event_to=0,
        pad_level=False,
        exception_formatter=structlog.dev.plain_traceback,
    )

    def render(logger: WrappedLogger, method: str, event: EventDict) -> str:
        said = ((key, value) for key, value in event.items() if value is not None and value != 0)
        safe = {key: printable(value) if isinstance(value, str) else value for key, value in said}
        return str(console(logger, method, safe))

    return render
