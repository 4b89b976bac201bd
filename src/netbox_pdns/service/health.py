"""How the service is, by the specification's rules: Healthy, Warning, Degraded. Pure.

A record that is left out, or a change that is held, is the operator's to decide on: neither makes it Degraded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from netbox_pdns.sync.board import Board, BreakerState, Condition

LONG = 300.0
"""Seconds: the initial sync incomplete after so long is a Warning, a server that is not called for so long Degraded."""
SETTLED = 3
"""Tries in a row after which a zone's failure is no passing one."""


class Health(StrEnum):
    """The specification's words."""

    HEALTHY = "Healthy"
    WARNING = "Warning"
    DEGRADED = "Degraded"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it is, and all the reasons why it is no better, the worst first."""

    health: Health
    reasons: tuple[str, ...] = ()


def judged(board: Board, now: float) -> Verdict:
    """Return how it is at *now* (seconds since 1970)."""
    degraded = tuple(_degraded(board, now))
    warnings = tuple(_warnings(board, now))
    health = Health.DEGRADED if degraded else Health.WARNING if warnings else Health.HEALTHY
    return Verdict(health, (*degraded, *warnings))


def _degraded(board: Board, now: float) -> Iterator[str]:
    if board.initial_sync.error is not None:
        yield f"the initial sync failed: {board.initial_sync.error}"
    if board.suspect is not None:
        yield f"nothing is written: {board.suspect}"
    for name, state, since in _breakers(board):
        if state is not BreakerState.CLOSED and _is_long(since, now):
            yield f"{name} has not answered for {LONG / 60:.0f} minutes and more: its circuit breaker is {state}"
    settled = [each for each in board.troubled() if each.condition is Condition.FAILING and each.attempts >= SETTLED]
    if settled:
        yield f"{_zones(len(settled))} failed {SETTLED} times and more: {settled[0].zone} on {settled[0].target}"


def _warnings(board: Board, now: float) -> Iterator[str]:
    first = board.initial_sync
    if not first.completed and first.error is None and now - board.started > LONG:
        yield f"the initial sync is not complete after {LONG / 60:.0f} minutes"
    for name, state, since in _breakers(board):
        if state is not BreakerState.CLOSED and not _is_long(since, now):
            yield f"{name} does not answer: its circuit breaker is {state}"
    if board.source_error is not None:
        yield f"NetBox cannot be read: {board.source_error}"
    yield from (f"{each.name}: {each.error}" for _, each in sorted(board.targets.items()) if each.error is not None)
    failing = [each for each in board.troubled() if each.condition is Condition.FAILING and each.attempts < SETTLED]
    if failing:
        yield f"{_zones(len(failing))} failed and will be tried again: {failing[0].zone} on {failing[0].target}"
    unserved = [each for each in board.troubled() if each.not_served]
    if unserved:
        first_ = unserved[0]
        yield f"DNS does not show what was written: {first_.not_served[0]} on {first_.target}"
    begun = ((name, each) for name, each in sorted(board.triggers.items()) if each.begun)
    yield from (f"{name}: {each.detail}" for name, each in begun if not each.working)


def _breakers(board: Board) -> Iterator[tuple[str, BreakerState, float | None]]:
    yield "NetBox", board.source_breaker, board.source_breaker_since
    yield from ((each.name, each.breaker, each.breaker_since) for _, each in sorted(board.targets.items()))


def _is_long(since: float | None, now: float) -> bool:
    return since is not None and now - since >= LONG


def _zones(count: int) -> str:
    return "1 zone" if count == 1 else f"{count} zones"
