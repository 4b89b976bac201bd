"""Runs, plans and errors in the shapes that `--json` prints. Pure."""

from __future__ import annotations

from dataclasses import asdict

from netbox_pdns.cli import documents, report
from netbox_pdns.errors import MovedError, NetboxPdnsError
from netbox_pdns.planning.values import ZonePlan
from netbox_pdns.sync.explanation import Explanation
from netbox_pdns.sync.outcome import SyncReport, TargetReport, ZoneOutcome
from netbox_pdns.sync.shapes import change_shape, held_shape, left_out_shape
from netbox_pdns.sync.verification import Verification


def run(done: SyncReport, numbers: report.Summary | None = None) -> documents.RunDocument:
    """Return a whole run, nothing cut; its sum is *numbers*, or what they come to."""
    return documents.RunDocument(
        dry_run=done.dry_run,
        summary=documents.Summary(**asdict(numbers or report.summary(done))),
        targets=tuple(map(_target, done.targets)),
    )


def verification(done: Verification) -> documents.VerifyDocument:
    """Return what DNS showed."""
    return documents.VerifyDocument(
        as_wanted=done.as_wanted, counts=done.counts, seconds=done.seconds, servers=done.servers
    )


def explanation(story: Explanation) -> documents.ExplainDocument:
    """Return the story of a name."""
    return documents.ExplainDocument(
        name=story.name,
        conclusion=story.conclusion,
        as_wanted=story.as_wanted,
        zones=story.zones,
        rrsets=story.rrsets,
    )


def error(error: NetboxPdnsError) -> documents.Error:
    """Return what went wrong."""
    moved = error.moves if isinstance(error, MovedError) else ()
    return documents.Error(kind=error.kind, message=str(error), hint=error.hint, moved=moved)


def plan(plan: ZonePlan) -> documents.Plan:
    """Return the plan of one zone."""
    serial = plan.serial
    return documents.Plan(
        zone=plan.zone,
        target=plan.target,
        action=plan.action,
        foreign=plan.foreign,
        serial=None if serial is None else documents.Serial(served=serial.observed, next=serial.final),
        changes=tuple(map(change_shape, plan.changes)),
        differences=tuple(map(change_shape, plan.differences)),
        held=tuple(map(held_shape, plan.held)),
        left_out=tuple(map(left_out_shape, plan.left_out)),
        notes=plan.notes,
    )


def _target(target: TargetReport) -> documents.Target:
    return documents.Target(
        name=target.name,
        error=_maybe(target.error),
        held=tuple(map(held_shape, target.held)),
        zones=tuple(map(_outcome, target.outcomes)),
        foreign=tuple(
            documents.ForeignZone(zone=zone.name, kind=zone.kind, account=zone.account) for zone in target.foreign
        ),
    )


def _outcome(outcome: ZoneOutcome) -> documents.Outcome:
    return documents.Outcome(
        zone=outcome.zone,
        view=None if outcome.ref is None else outcome.ref.view,
        netbox_url=None if outcome.ref is None else outcome.ref.url,
        orphaned=outcome.orphaned,
        observe_only=outcome.observe_only,
        applied=outcome.applied,
        serial=outcome.serial,
        batches=outcome.batches,
        seconds=round(outcome.seconds, 3),
        records=outcome.records,
        removed_file=None if outcome.removed_file is None else str(outcome.removed_file),
        notes=outcome.notes,
        error=_maybe(outcome.error),
        plan=None if outcome.plan is None else plan(outcome.plan),
    )


def _maybe(given: NetboxPdnsError | None) -> documents.Error | None:
    return None if given is None else error(given)
