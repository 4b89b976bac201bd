"""What is never done lightly: a pure verdict over a plan's changes, every reason with its numbers.

Only the dangerous part of a plan is held, where the rest stands by itself. Additions and changes of a TTL alone are never
dangerous. Percentages are of the observed RRsets without the SOA.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from netbox_pdns.dns.rrset import Key, RRset
from netbox_pdns.planning.batches import EXCLUSIVE
from netbox_pdns.planning.values import Change, GuardLimits, Held, HoldReason, PlanContext, RecordKey, ZonePlan
from netbox_pdns.planning.words import counted, goes

_ADDRESSES = frozenset({"A", "AAAA"})


def judge(
    zone: str, changes: Sequence[Change], observed: Mapping[Key, RRset], context: PlanContext
) -> tuple[tuple[Change, ...], tuple[Held, ...]]:
    """Return the changes that may be applied and what is held; *observed* are the RRsets that NetBox decides about."""
    held = tuple(
        verdict
        for verdict in (
            _unexplained(zone, changes, observed, context),
            _emptied(zone, changes, observed, context),
            _apex_ns(zone, changes),
        )
        if verdict is not None and verdict.reason not in context.forced
    )
    if not held:
        return tuple(changes), ()
    held = tuple(_with_addresses(verdict, zone, changes) for verdict in held)
    held = tuple(replace(verdict, together=_together(verdict, held)) for verdict in held)
    stays = {record for verdict in held for change in verdict.changes for record in change.removed_records}
    # New nameservers beside the old would pass the next run as the old ones of then: that change is held as a whole.
    whole = {
        change.key
        for verdict in held
        for change in verdict.changes
        if verdict.reason is HoldReason.APEX_NS or change.before is None
    }
    return tuple(_without([change for change in changes if change.key not in whole], stays)), held


def unexplained_records(changes: Iterable[Change], context: PlanContext) -> tuple[RecordKey, ...]:
    """Return the records that go without an explanation; one whose name a CNAME takes, or leaves, is explained by that."""
    changes = tuple(changes)
    swapped = _swapped_names(changes)
    return tuple(
        record
        for change in changes
        for record in change.removed_records
        if record not in context.explanations and record[0] not in swapped
    )


def judge_end(
    zone: str, observed: Mapping[Key, RRset], unmanaged: Sequence[Key], signed: bool, context: PlanContext
) -> tuple[Held, ...]:
    """Return why a zone of ours that is no longer wanted is not deleted without a word."""
    ends = [held for held in _ends(zone, observed, unmanaged, signed, context) if held.reason not in context.forced]
    return tuple(replace(held, together=tuple(each.reason for each in ends)) for held in ends)


def guard_zones(
    ends: Sequence[ZonePlan],
    *,
    owned: int,
    source_empty: bool,
    limits: GuardLimits,
    forced: frozenset[HoldReason],
    pattern: str = "",
    spent: int = 0,
) -> tuple[Held, ...]:
    """Return the zone deletions that wait because there are too many of them, or because the source is empty.

    *ends* are the plans that delete a zone of ours, *owned* is how many zones of ours the target has; where *pattern* is
    given, both are of its zones alone. *spent* is how many zones of ours were deleted in the last 24 hours: the share is of
    those too, so that many small steps come as far as a large one.
    """
    all_of_them = f"{counted(owned, 'zone')} {pattern}".rstrip()
    if source_empty and ends and HoldReason.SOURCE not in forced:
        detail = f"NetBox shows not a single zone for this target, which serves {all_of_them} of ours"
        return tuple(Held(HoldReason.SOURCE, end.zone, detail) for end in ends)
    most = max(1, min(limits.zones, int((owned + spent) * limits.zones_percent / 100)))
    if ends and len(ends) + spent > most and HoldReason.ZONES not in forced:
        before = f", after {spent} in the last 24 hours" if spent else ""
        detail = f"{len(ends)} of {all_of_them} would be deleted{before}, {goes(most)}"
        return tuple(Held(HoldReason.ZONES, end.zone, detail) for end in ends)
    return ()


def _ends(
    zone: str, observed: Mapping[Key, RRset], unmanaged: Sequence[Key], signed: bool, context: PlanContext
) -> Iterator[Held]:
    if signed:
        yield Held(HoldReason.KEYS, zone, "the zone would be deleted with its DNSSEC keys")
    if unmanaged:
        some = ", ".join(f"{name} {type}" for name, type in sorted(unmanaged)[:3])
        rrsets = counted(len(unmanaged), "unmanaged RRset")
        yield Held(HoldReason.CONTENT, zone, f"the zone would be deleted with {rrsets}: {some}")
    if context.gone is None and context.limits.unexplained != "remove":
        rrsets = counted(len(observed), "RRset")
        detail = f"the zone would be deleted with {rrsets}, and NetBox does not say why it has it no more"
        yield Held(HoldReason.UNEXPLAINED, zone, detail)


def _unexplained(
    zone: str, changes: Sequence[Change], observed: Mapping[Key, RRset], context: PlanContext
) -> Held | None:
    records = unexplained_records(changes, context)
    limits = context.limits
    if not records or limits.unexplained == "remove":
        return None
    there = len(observed) + context.elsewhere
    share = int(there * limits.unexplained_percent / 100)
    most = 0 if limits.unexplained == "hold" else max(1, min(limits.unexplained_records, share))
    if len(records) + context.spent <= most:
        return None
    percent = 100 * len(records) / max(1, there)
    before = f", after {context.spent} in the last 24 hours" if context.spent else ""
    detail = (
        f"{counted(len(records), 'record')} would go and NetBox does not say why "
        f"({percent:.0f} % of {counted(there, 'RRset')}){before}; {goes(most)}"
    )
    return Held(HoldReason.UNEXPLAINED, zone, detail, _waiting(changes, set(records)))


def _emptied(zone: str, changes: Sequence[Change], observed: Mapping[Key, RRset], context: PlanContext) -> Held | None:
    going = [change for change in changes if change.after is None and change.key != (zone, "NS")]
    left = len(observed) - sum(1 for change in changes if change.after is None)
    created = sum(1 for change in changes if change.before is None)
    nameservers_go = any(change.key == (zone, "NS") and change.after is None for change in changes)
    skeleton = int((zone, "NS") in observed and not nameservers_go)
    if len(going) < context.limits.emptied_rrsets or created or left + context.elsewhere > skeleton:
        return None
    detail = f"the zone would be emptied of {counted(len(going), 'RRset')}"
    return Held(HoldReason.EMPTIED, zone, detail, tuple(going))


def _apex_ns(zone: str, changes: Sequence[Change]) -> Held | None:
    for change in changes:
        if change.key == (zone, "NS") and change.before is not None:
            after = change.after.rdatas if change.after else ()
            if not set(change.before.rdatas) & set(after):
                old, new = " ".join(change.before.rdatas), " ".join(after) or "none"
                return Held(HoldReason.APEX_NS, zone, f"no nameserver of now would remain: {old} -> {new}", (change,))
    return None


def _with_addresses(verdict: Held, zone: str, changes: Sequence[Change]) -> Held:
    """Return *verdict* with the addresses of the nameservers that it keeps: without them the zone is not found.

    What would take the place of the addresses, a CNAME, waits with them.
    """
    waiting = {change.key for change in verdict.changes}
    kept = {rdata for change in verdict.changes if change.key == (zone, "NS") for rdata in change.removed}
    losing = {change.key[0] for change in changes if _takes_addresses(change)} & kept
    more = (
        change
        for change in changes
        if change.key[0] in losing
        and change.key not in waiting
        and (_takes_addresses(change) or _takes_the_name(change))
    )
    return replace(verdict, changes=(*verdict.changes, *more))


def _takes_addresses(change: Change) -> bool:
    return change.key[1] in _ADDRESSES and change.after is None


def _takes_the_name(change: Change) -> bool:
    return change.key[1] == "CNAME" and change.before is None


def _swapped_names(changes: Sequence[Change]) -> set[str]:
    """Return the names where a CNAME comes in the place of other data, or other data in its place."""
    comes = {change.key for change in changes if change.before is None}
    cname_comes = {name for name, type in comes if type == "CNAME"}
    others_come = {name for name, type in comes if type != "CNAME"}
    cname_goes = {change.key[0] for change in changes if change.after is None and change.key[1] == "CNAME"}
    return cname_comes | (cname_goes & others_come)


def _together(verdict: Held, held: Sequence[Held]) -> tuple[HoldReason, ...]:
    """Return the reasons of all that hold some of what *verdict* holds, in the order of *held*."""
    keys = {change.key for change in verdict.changes}
    return tuple(each.reason for each in held if keys & {change.key for change in each.changes})


def _waiting(changes: Sequence[Change], records: set[RecordKey]) -> tuple[Change, ...]:
    """Return what waits when *records* are kept: from the RRset with them to the RRset without."""
    waiting = []
    for change in changes:
        if kept := records & set(change.removed_records):
            before = _keeping(change, kept)
            waiting.append(Change(before, change.after))
    return tuple(waiting)


def _without(changes: Sequence[Change], stays: set[RecordKey]) -> Iterator[Change]:
    """Yield *changes* with the records *stays* kept in service."""
    for change in changes:
        kept = stays & set(change.removed_records)
        if not kept:
            yield change
            continue
        after = _keeping(change, kept)
        if after != change.before:
            yield Change(change.before, after)


def _keeping(change: Change, kept: set[RecordKey]) -> RRset:
    """Return the RRset that *change* leads to if the records *kept* stay; of a CNAME nothing else can come then."""
    assert change.before is not None
    if change.key[1] in EXCLUSIVE:
        return change.before
    rdatas = [rdata for _, _, rdata in kept]
    if change.after is None:
        return RRset.of(*change.key, change.before.ttl, rdatas)
    return RRset.of(*change.key, change.after.ttl, (*change.after.rdatas, *rdatas))
