"""Applying what was reviewed: each zone as it was reviewed or not at all, and none where one has moved.

The engine looks at the reviewed zones twice: a dry run checks them all, and `must_be_as_reviewed` stops everything where a
single one has moved; then they are applied, each checked once more just before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netbox_pdns.errors import MovedError
from netbox_pdns.planning.saved import ReviewedZone, is_done, moves
from netbox_pdns.planning.values import Action, Desired, Observed, TargetZone, ZonePlan
from netbox_pdns.sync.outcome import SyncReport, SyncRequest, ZoneOutcome

DONE = "what was reviewed is applied already"
_HINT = "make a new plan (netbox-pdns plan --save FILE) and have it reviewed"


def approved(reviewed: ReviewedZone, desired: Desired | None, observed: Observed | None, plan: ZonePlan) -> ZonePlan:
    """Return *plan*, which is the reviewed one, or one that does nothing where that is applied already.

    Raises `MovedError` where it is another one, or where a side has moved.
    """
    if is_done(reviewed, desired, observed, plan):
        return ZonePlan(plan.zone, plan.target, Action.NOTHING, held=plan.held, left_out=plan.left_out, notes=(DONE,))
    if moved := moves(reviewed, desired, observed, plan):
        raise _moved(plan.zone, plan.target, moved)
    return plan


def gone(request: SyncRequest, target: str, zone: str) -> MovedError | None:
    """Return what is wrong where nobody wants *zone* and there is none to end: nothing, unless it was to stay."""
    seen = (request.reviewed or {}).get((target, zone))
    if seen is None or seen.plan.action is Action.DELETE:
        return None
    return _moved(zone, target, ("NetBox: the zone is not wanted any more",))


def unseen(
    target: str, request: SyncRequest, outcomes: Iterable[ZoneOutcome], foreign: Iterable[TargetZone]
) -> Iterator[ZoneOutcome]:
    """Yield an outcome for every reviewed zone of *target* that was not looked at, for want of it.

    *foreign* are the zones of others there. A zone that was to end and is gone is done.
    """
    seen = {outcome.zone for outcome in outcomes}
    others = {zone.name: zone.account for zone in foreign}
    for of, zone in request.reviewed or {}:
        if of != target or zone in seen:
            continue
        if zone in others:
            lines = (f"PowerDNS ({target}): the zone is others' now (account {others[zone]!r})",)
            yield ZoneOutcome(target, zone, None, error=_moved(zone, target, lines), foreign=True)
        elif error := gone(request, target, zone):
            yield ZoneOutcome(target, zone, None, error=error)
        else:
            yield ZoneOutcome(target, zone, ZonePlan(zone, target, Action.NOTHING, notes=(DONE,)), orphaned=True)


def must_be_as_reviewed(checked: SyncReport) -> None:
    """Raise `MovedError` unless the dry run *checked* found every reviewed zone as it was reviewed."""
    wrong = tuple(_wrong(checked))
    if not wrong:
        return
    outcomes = tuple(checked.outcomes)
    moved = sum(1 for outcome in outcomes if outcome.error is not None)
    why = (
        f"{moved} of {len(outcomes)} zones are not as they were reviewed" if moved else "not all is as it was reviewed"
    )
    raise MovedError(f"the plan cannot be applied, and nothing was changed: {why}", moves=wrong, hint=_HINT)


def _wrong(checked: SyncReport) -> Iterator[str]:
    for target in checked.targets:
        if target.error is not None:
            yield f"{target.name}: {target.error}"
        for held in target.held:
            yield f"{held.zone} on {target.name}: the plan: now held ({held.reason}): {held.detail}"
        for outcome in target.outcomes:
            where = f"{outcome.zone} on {target.name}"
            if isinstance(outcome.error, MovedError):
                yield from (f"{where}: {line}" for line in outcome.error.moves)
            elif outcome.error is not None:
                yield f"{where}: {outcome.error}"
            elif outcome.observe_only and outcome.has_changes:
                yield f"{where}: the settings let it be observed alone"


def _moved(zone: str, target: str, lines: tuple[str, ...]) -> MovedError:
    return MovedError(f"{zone} on {target} is not as it was reviewed: {'; '.join(lines)}", moves=lines, hint=_HINT)
