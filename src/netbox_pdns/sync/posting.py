"""What a look came to, put up on the board."""

from __future__ import annotations

from dataclasses import replace

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.values import Action, Held
from netbox_pdns.sync.board import Condition, ZoneState
from netbox_pdns.sync.hints import Scope
from netbox_pdns.sync.outcome import ZoneOutcome
from netbox_pdns.sync.survey import served_serial


def state_after(before: ZoneState, outcome: ZoneOutcome, scope: Scope, now: float) -> ZoneState:
    """Return the state of a zone after *outcome*, which looked at *scope* of it at *now* (seconds since 1970)."""
    if outcome.error is not None:
        return failed(replace(before, condition=Condition.FAILING, looked_at=now), outcome.error)
    plan, ref = outcome.plan, outcome.ref
    seen = outcome.observed
    left_out = () if plan is None else plan.left_out
    held = () if plan is None else plan.held
    if scope.rrsets is not None:  # what was not looked at is as it was
        names = {name for name, _ in scope.rrsets}
        left_out = (*(each for each in before.left_out if each.name not in names), *left_out)
        looked = {change.key[0] for each in held for change in each.changes}
        held = (*(each for each in before.held if not _of(each, names | looked)), *held)
    ends = plan is not None and plan.action is Action.DELETE
    waits = ends and bool(held)  # nothing of it can be written, so that it is no drift
    served = outcome.serial
    if served is None and seen is not None:
        served = served_serial(seen)
    if outcome.awaits_adoption or (plan is not None and plan.foreign and not outcome.applied):
        condition = Condition.FOREIGN
    elif outcome.has_changes and not outcome.applied and not waits:
        condition = Condition.DIFFERS
    else:
        condition = Condition.HELD if held else Condition.EQUAL
    return replace(
        before,
        condition=condition,
        view=before.view if ref is None else ref.view,
        url=before.url if ref is None else ref.url,
        records=outcome.records if scope.is_whole else before.records,
        source_serial=before.source_serial if ref is None else ref.serial,
        served_serial=served,
        looked_at=now,
        changed_at=now if outcome.applied else before.changed_at,
        left_out=left_out,
        held=held,
        differences=0 if plan is None or outcome.applied or waits else len(plan.differences or plan.changes),
        error=None,
        error_class=None,
        hint=None,
        attempts=0,
        next_try=None,
    )


def failed(before: ZoneState, error: NetboxPdnsError) -> ZoneState:
    """Return the state of a zone of which a look ended with *error*."""
    return replace(before, condition=Condition.FAILING, error=str(error), error_class=error.kind, hint=error.hint)


def _of(held: Held, names: set[str]) -> bool:
    """Tell whether some of what is held is at one of *names*."""
    return any(change.key[0] in names for change in held.changes)
