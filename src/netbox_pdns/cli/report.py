"""What a run came to, told apart: to apply, applied, left out, held, failed. Pure; for people see `text`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.values import Held, LeftOut
from netbox_pdns.sync.outcome import SyncReport, TargetReport, ZoneOutcome


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers of a run; `changed` and `rrsets` are what was applied, or is to apply in a dry run.

    `foreign` counts the zones of others that NetBox wants otherwise: they wait for their adoption.
    """

    zones: int
    changed: int
    rrsets: int
    left_out: int
    held: int
    failed: int
    foreign: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed: a zone of a target, or the target itself."""

    target: str
    zone: str | None
    error: NetboxPdnsError


def to_apply(report: SyncReport) -> Iterator[ZoneOutcome]:
    """Yield the outcomes whose plan has something to apply; what is held or only observed is none of them."""
    for target in report.targets:
        waiting = {held.zone for held in target.held}
        yield from (
            each
            for each in target.outcomes
            if each.has_changes and not each.observe_only and not (each.orphaned and each.zone in waiting)
        )


def changed(report: SyncReport) -> tuple[ZoneOutcome, ...]:
    """Return what was applied; in a dry run, what is to apply."""
    return tuple(each for each in to_apply(report) if each.applied or report.dry_run)


def left_out(report: SyncReport) -> tuple[tuple[str, LeftOut], ...]:
    """Return the records that cannot be served, each with its target."""
    return tuple((each.target, record) for each in report.outcomes if each.plan for record in each.plan.left_out)


def held(report: SyncReport) -> tuple[tuple[str, Held], ...]:
    """Return what waits for a word, each with its target."""
    return tuple((target.name, each) for target in report.targets for each in _held_of(target))


def failures(report: SyncReport) -> tuple[Failure, ...]:
    """Return what failed, a target before its zones."""
    return tuple(failure for target in report.targets for failure in _failures_of(target))


def summary(report: SyncReport) -> Summary:
    """Return the run in numbers."""
    done = changed(report)
    return Summary(
        zones=sum(1 for _ in report.outcomes),
        changed=len(done),
        rrsets=sum(len(each.plan.changes) for each in done if each.plan),
        left_out=len(left_out(report)),
        held=len(held(report)),
        failed=len(failures(report)),
        foreign=sum(1 for each in report.outcomes if each.awaits_adoption),
        seconds=round(report.seconds, 3),
    )


def exit_status(report: SyncReport, *, tell_changes: bool = False) -> ExitStatus:
    """Return the status to exit with; *tell_changes* is `plan --exit-code`."""
    if tell_changes and any(to_apply(report)):
        return ExitStatus.CHANGES
    return ExitStatus.ATTENTION if report.needs_attention else ExitStatus.DONE


def _held_of(target: TargetReport) -> Iterator[Held]:
    yield from target.held
    for outcome in target.outcomes:
        if outcome.plan is not None:
            yield from outcome.plan.held


def _failures_of(target: TargetReport) -> Iterator[Failure]:
    if target.error is not None:
        yield Failure(target.name, None, target.error)
    for outcome in target.outcomes:
        if outcome.error is not None:
            yield Failure(target.name, outcome.zone, outcome.error)
