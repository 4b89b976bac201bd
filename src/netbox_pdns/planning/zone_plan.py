"""What is to happen to one zone on one target: the pure main line of planning.

Desired content is made servable, observed content is narrowed to what is NetBox's to decide, the difference goes through
the guard, and what remains gets its serial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from netbox_pdns.dns.rrset import Key, RRset, Zone, with_serial
from netbox_pdns.planning.diff import diff_content
from netbox_pdns.planning.guard import judge, judge_end, unexplained_records
from netbox_pdns.planning.names_moved import delegations, moves_names
from netbox_pdns.planning.rules import servable, zone_problem
from netbox_pdns.planning.serials import next_serial
from netbox_pdns.planning.unmanaged import is_unmanaged, managed_part, others_dynamic
from netbox_pdns.planning.values import (
    Action,
    Change,
    Desired,
    LeftOut,
    Observed,
    PlanContext,
    SerialStep,
    SoaPair,
    ZonePlan,
)
from netbox_pdns.planning.words import counted

MARK_PREFIX = "netbox-pdns:"
"""How the mark of every installation and target begins."""
SECONDARY_KINDS = frozenset({"Secondary", "Slave"})
UNWRITABLE_KINDS = SECONDARY_KINDS | {"Consumer", "Producer"}


def plan_zone(desired: Desired | None, observed: Observed | None, context: PlanContext) -> ZonePlan:
    """Return the plan for one zone; the same values give the same plan.

    *desired* is None for a zone of ours that NetBox does not want, *observed* None for one that the target does not have;
    one of them is there. Raises `DataError` for a zone that cannot be made for want of an SOA.
    """
    if desired is None:
        assert observed is not None
        return _end(observed, context)
    if observed is None or half_made(observed, context.mark):
        return _create(desired, observed, context)
    if observed.listed.account != context.mark or _never_written(observed):
        return _not_ours(desired, observed, context)
    if observed.zone.soa is None and (problem := zone_problem(desired.zone)):
        raise problem
    return _update(desired, observed, context)


def half_made(observed: Observed, mark: str) -> bool:
    """Tell whether this is a zone that we began to make: ours, kept from being served by its kind and missing SOA."""
    return observed.listed.account == mark and observed.listed.kind in SECONDARY_KINDS and observed.zone.soa is None


def _create(desired: Desired, observed: Observed | None, context: PlanContext) -> ZonePlan:
    if problem := zone_problem(desired.zone):
        raise problem
    content, left_out = servable(desired, None, context)
    there = {} if observed is None else observed.zone.content
    serial = next_serial(desired.zone.serial, None)
    return ZonePlan(
        zone=desired.zone.name,
        target=context.target,
        action=Action.CREATE,
        changes=diff_content(content.rrsets, there),
        soa=_soa(desired.zone, None, serial),
        serial=serial,
        left_out=left_out,
    )


def _update(desired: Desired, observed: Observed, context: PlanContext) -> ZonePlan:
    difference = _difference(desired, observed, context)
    allowed, held = judge(desired.zone.name, difference.changes, difference.managed, context)
    plan = replace(difference.plan, changes=allowed, held=held)
    soas = _differing_soas(desired.zone, observed)
    soa_stays = soas is None or soas == context.adopted
    if not allowed and observed.rectifies and observed.zone.soa is not None and soa_stays:
        return plan
    serial = next_serial(desired.zone.serial, observed.served_serial)
    there = {**observed.zone.rrsets, **observed.disabled}
    cuts = context.cuts | delegations(desired.zone.name, there)
    return replace(
        plan,
        action=Action.UPDATE,
        soa=_soa(desired.zone, observed.zone, serial),
        soa_before=observed.zone.soa,
        serial=serial,
        rectify=moves_names(desired.zone.name, allowed, there, cuts),
        rrsets_there=len(there) + context.elsewhere,
    )


@dataclass(frozen=True, slots=True)
class _Difference:
    """What differs, the observed RRsets that NetBox decides about, and a plan that does nothing yet."""

    changes: tuple[Change, ...]
    managed: Mapping[Key, RRset]
    plan: ZonePlan


def _difference(desired: Desired, observed: Observed, context: PlanContext) -> _Difference:
    content, left_out = servable(desired, observed, context)
    wanted = {key: rrset for key, rrset in content.rrsets.items() if key not in observed.disabled}
    managed = managed_part(desired, wanted, observed, context)
    changes = diff_content(wanted, managed)
    plan = ZonePlan(
        zone=desired.zone.name,
        target=context.target,
        action=Action.NOTHING,
        left_out=(*left_out, *_disabled(desired, content, observed)),
        unexplained=unexplained_records(changes, context),
    )
    if theirs := others_dynamic(desired, wanted, managed, context):
        changes = diff_content(theirs | wanted, managed)
    return _Difference(changes, managed, plan)


def _not_ours(desired: Desired, observed: Observed, context: PlanContext) -> ZonePlan:
    """A zone that others made: adopt it where that is allowed, else show what differs."""
    difference = _difference(desired, observed, context)
    changes = difference.changes
    plan = replace(difference.plan, foreign=True, differences=changes, unexplained=())
    if reason := _never_written(observed):
        return replace(plan, notes=(reason,))
    if context.adopting or (not _anothers(observed) and _by_itself(context, changes)):
        soas = _differing_soas(desired.zone, observed)
        return replace(plan, action=Action.ADOPT, account_before=observed.listed.account, soas=soas)
    owner = f"account {observed.listed.account!r}" if observed.listed.account else "no account"
    how = f"netbox-pdns sync --adopt {plan.zone.rstrip('.')}"
    differing = f"{counted(len(changes), 'RRset')} {'differs' if len(changes) == 1 else 'differ'}"
    return replace(plan, notes=(f"the zone is foreign ({owner}), {differing}; adopt it with: {how}",))


def _anothers(observed: Observed) -> bool:
    """Tell whether another installation or target has marked the zone: by themselves two would take it in turns."""
    return observed.listed.account.startswith(MARK_PREFIX)


def _by_itself(context: PlanContext, changes: tuple[Change, ...]) -> bool:
    """Tell whether the settings let a foreign zone with these differences be adopted without a word."""
    return context.adopt == "always" or (context.adopt == "identical" and not changes)


def _never_written(observed: Observed) -> str | None:
    """Return why the zone's content is not ours to write whoever owns it, None where it is."""
    if not observed.presigned and observed.listed.kind not in UNWRITABLE_KINDS:
        return None
    kind = "presigned" if observed.presigned else f"of kind {observed.listed.kind}"
    return f"the zone is {kind}: its content comes from elsewhere, it is never written"


def _end(observed: Observed, context: PlanContext) -> ZonePlan:
    """A zone that NetBox does not want (any more): deleted if it is ours and nothing speaks against it."""
    ours = observed.listed.account == context.mark
    reason = None if half_made(observed, context.mark) else _never_written(observed)
    if not ours or reason:
        note = reason or "the zone is foreign: it is never deleted"
        return ZonePlan(observed.zone.name, context.target, Action.NOTHING, foreign=not ours, notes=(note,))
    unmanaged = sorted({key for key in observed.zone.content if is_unmanaged(key, context)} | observed.disabled.keys())
    managed = managed_part(None, {}, observed, context)
    held = judge_end(observed.zone.name, managed, unmanaged, observed.listed.dnssec, context)
    return ZonePlan(
        zone=observed.zone.name,
        target=context.target,
        action=Action.NOTHING if held else Action.DELETE,
        changes=() if held else diff_content({}, observed.zone.content),
        soa_before=observed.zone.soa,
        held=held,
        disabled=() if held else tuple(rrset for _, rrset in sorted(observed.disabled.items())),
    )


def _soa(desired: Zone, observed: Zone | None, serial: SerialStep) -> RRset:
    """Return the SOA to end with: NetBox's, or the server's where NetBox shows none, with the new serial."""
    soa = desired.soa or (observed.soa if observed else None)
    assert soa is not None
    return RRset.of(soa.name, "SOA", soa.ttl, (with_serial(soa.rdatas[0], serial.final),))


def _differing_soas(desired: Zone, observed: Observed) -> SoaPair | None:
    """Return both sides' SOAs where they are a reason to write by themselves, None where they are not, or one is missing.

    They are by other fields than the serial, or by a served serial behind NetBox's.
    """
    wanted, there = desired.soa, observed.zone.soa
    if wanted is None or desired.serial is None or there is None:
        return None
    same_but_serial = with_serial(wanted.rdatas[0], 0) == with_serial(there.rdatas[0], 0) and wanted.ttl == there.ttl
    if same_but_serial and next_serial(desired.serial, observed.served_serial).final != desired.serial:
        return None
    return SoaPair(wanted, there)


def _disabled(desired: Desired, content: Zone, observed: Observed) -> tuple[LeftOut, ...]:
    """Name what NetBox wants in RRsets that have disabled records on the server: they stay as they are."""
    reason = "its RRset has disabled records in PowerDNS, which stay as they are; enable or remove them there"
    return tuple(
        LeftOut(content.name, *key, rdata, reason, *desired.source_of(key, rdata))
        for key in sorted(observed.disabled.keys() & content.rrsets.keys())
        for rdata in content.rrsets[key].rdatas
        if key not in observed.zone.rrsets or rdata not in observed.zone.rrsets[key].rdatas
    )
