"""Plans that were saved to be reviewed: what such a plan holds, and what has moved since. Pure.

A zone of it holds the plan that the reviewer saw and both sides as they were then, whole: when they are read again every
difference can be named. NetBox's serial is not compared, since it moves with edits that change no content. The serial that
PowerDNS has stored is, since it tells that somebody has written to the zone; the one it serves may move with the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from netbox_pdns.dns.rrset import Key, RRset, with_serial
from netbox_pdns.planning.diff import diff_content
from netbox_pdns.planning.render import change_rows, soa_steps
from netbox_pdns.planning.values import (
    Action,
    Change,
    Desired,
    HoldReason,
    LeftOut,
    Observed,
    RecordKey,
    ZonePlan,
)

FORMAT = 1
"""The format of saved plans that this version writes, and the newest that it reads."""

MOST_NAMED = 20
"""So many moves of a zone are named one by one."""


@dataclass(frozen=True, slots=True)
class SourceSide:
    """What NetBox wanted of a zone: `wanted` leads there from what the server had, the SOA's serial aside.

    `left_out` are the records (name, type, value) that could not be read as DNS.
    """

    view: str
    dynamic: bool
    wanted: tuple[Change, ...]
    left_out: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ServerSide:
    """What a server had of a zone: all its enabled records, the SOA with the stored serial among them, and the disabled."""

    kind: str
    account: str
    dnssec: bool
    rrsets: tuple[RRset, ...]
    disabled: tuple[RRset, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewedZone:
    """One zone of one target as it was reviewed: its plan, and both sides; None where a side did not have the zone.

    `refused` are the records (name, type, rdata) that the server had refused lately, each with its reason.
    """

    plan: ZonePlan
    source: SourceSide | None
    server: ServerSide | None
    refused: tuple[tuple[RecordKey, str], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """The names of target and zone."""
        return self.plan.target, self.plan.zone


Reviewed: TypeAlias = Mapping[tuple[str, str], ReviewedZone]
"""All that was reviewed, by the names of target and zone."""


@dataclass(frozen=True, slots=True)
class SavedRequest:
    """What was asked for when the plan was made: patterns of zones and of zones to adopt, and what is let through."""

    zones: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    force: tuple[HoldReason, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A whole saved plan. `made` is the time (ISO 8601), `by` the version of the program, `netbox` the URL.

    `targets` holds for each target with a zone in the plan the settings that plans depend on, as text and without secrets.
    """

    format: int
    made: str
    by: str
    instance: str
    netbox: str
    targets: Mapping[str, Mapping[str, str]]
    request: SavedRequest
    zones: tuple[ReviewedZone, ...]

    @property
    def reviewed(self) -> Reviewed:
        """The zones by their keys."""
        return {zone.key: zone for zone in self.zones}


def as_reviewed(
    plan: ZonePlan, desired: Desired | None, observed: Observed | None, refused: Mapping[RecordKey, str]
) -> ReviewedZone:
    """Return what is saved of *plan* and of the two sides that it was made of."""
    source = None if desired is None else _source_side(desired, observed)
    server = None if observed is None else _server_side(observed)
    return ReviewedZone(plan, source, server, tuple(sorted(refused.items())))


def moves(
    reviewed: ReviewedZone, desired: Desired | None, observed: Observed | None, plan: ZonePlan
) -> tuple[str, ...]:
    """Return what is not as it was reviewed, one line each: on NetBox's side, on the server's, else in the plan itself.

    *plan* is made anew of *desired* and *observed*. Nothing is returned where all is as it was.
    """
    source = (f"NetBox: {line}" for line in _source_moves(reviewed, desired))
    server = (f"PowerDNS ({plan.target}): {line}" for line in _server_moves(reviewed.server, observed))
    found = (*source, *server) or tuple(f"the plan: {line}" for line in _plan_moves(reviewed.plan, plan))
    if len(found) > MOST_NAMED:
        return *found[:MOST_NAMED], f"… and {len(found) - MOST_NAMED} more"
    return found


def is_done(reviewed: ReviewedZone, desired: Desired | None, observed: Observed | None, plan: ZonePlan) -> bool:
    """Tell whether the zone is already what the reviewed plan makes of it, NetBox wanting what it wanted.

    So a plan whose application was broken off between two zones can be applied again.
    """
    if (
        observed is None
        or plan.foreign
        or reviewed.plan.action is Action.DELETE
        or _any(_source_moves(reviewed, desired))
    ):
        return False
    if reviewed.plan.action is Action.ADOPT:
        assert reviewed.server is not None
        adopted = replace(reviewed.server, account=observed.listed.account)
        return observed.listed.account != reviewed.server.account and not _any(_server_moves(adopted, observed))
    before = {} if reviewed.server is None else _content(reviewed.server.rrsets)
    same_held = [held.reason for held in plan.held] == [held.reason for held in reviewed.plan.held]
    return plan.is_empty and same_held and observed.zone.content == _after(reviewed.plan.changes, before)


def _source_side(desired: Desired, observed: Observed | None) -> SourceSide:
    there = {} if observed is None else _without_serial(observed.zone.rrsets.values())
    return SourceSide(
        view=desired.ref.view,
        dynamic=desired.ref.dynamic,
        wanted=diff_content(_without_serial(desired.zone.rrsets.values()), there),
        left_out=_unreadable(desired.left_out),
    )


def _server_side(observed: Observed) -> ServerSide:
    return ServerSide(
        kind=observed.listed.kind,
        account=observed.listed.account,
        dnssec=observed.listed.dnssec,
        rrsets=tuple(rrset for _, rrset in sorted(observed.zone.rrsets.items())),
        disabled=tuple(rrset for _, rrset in sorted(observed.disabled.items())),
    )


def _source_moves(reviewed: ReviewedZone, desired: Desired | None) -> Iterator[str]:
    then = reviewed.source
    if then is None or desired is None:
        if then is not None:
            yield "the zone is not wanted any more"
        elif desired is not None:
            yield "the zone is wanted again"
        return
    yield from _step("view", then.view, desired.ref.view)
    yield from _step("dynamic", str(then.dynamic).lower(), str(desired.ref.dynamic).lower())
    there = () if reviewed.server is None else reviewed.server.rrsets
    wanted = _after(then.wanted, _without_serial(there))
    yield from _content_moves(wanted, _without_serial(desired.zone.rrsets.values()))
    yield from _comes_and_goes("unreadable", then.left_out, _unreadable(desired.left_out))


def _server_moves(then: ServerSide | None, observed: Observed | None) -> Iterator[str]:
    if then is None or observed is None:
        if then is not None:
            yield "the zone is gone"
        elif observed is not None:
            yield "the zone is there now"
        return
    now = _server_side(observed)
    yield from _step("kind", then.kind, now.kind)
    yield from _step("account", repr(then.account), repr(now.account))
    yield from _step("DNSSEC", str(then.dnssec).lower(), str(now.dnssec).lower())
    yield from _content_moves({rrset.key: rrset for rrset in then.rrsets}, observed.zone.rrsets)
    disabled = _content_moves({rrset.key: rrset for rrset in then.disabled}, observed.disabled)
    yield from (f"{line} (disabled)" for line in disabled)


def _content_moves(then: Mapping[Key, RRset], now: Mapping[Key, RRset]) -> Iterator[str]:
    for change in diff_content(now, then):
        before, after = change.before, change.after
        if before is not None and after is not None and before.type == "SOA":
            yield ", ".join((*_step("SOA's TTL", str(before.ttl), str(after.ttl)), *_soa_steps(before, after)))
        else:
            yield from _change_lines(change)


def _soa_steps(before: RRset, after: RRset) -> tuple[str, ...]:
    return soa_steps(before.rdatas[0], after.rdatas[0])


def _plan_moves(then: ZonePlan, now: ZonePlan) -> Iterator[str]:
    """Yield how two plans of the same sides differ: by what NetBox explains, what the server refused, or the program."""
    yield from _step("action", then.action, now.action)
    yield from _changes_moves(then.changes, now.changes)
    yield from _changes_moves(then.differences, now.differences)
    held_then, held_now = ({(held.reason, held.changes): held.detail for held in plan.held} for plan in (then, now))
    yield from (f"now held ({key[0]}): {detail}" for key, detail in held_now.items() if key not in held_then)
    yield from (f"no longer held ({key[0]}): {detail}" for key, detail in held_then.items() if key not in held_now)
    out_then, out_now = ({(*each.key, each.value): each.reason for each in plan.left_out} for plan in (then, now))
    yield from (f"now left out: {' '.join(key)}: {why}" for key, why in out_now.items() if key not in out_then)
    yield from (f"no longer left out: {' '.join(key)}: {why}" for key, why in out_then.items() if key not in out_now)


def _changes_moves(then: Iterable[Change], now: Iterable[Change]) -> Iterator[str]:
    before, after = set(then), set(now)
    yield from (f"now also {line}" for change in now if change not in before for line in _change_lines(change))
    yield from (f"no longer {line}" for change in then if change not in after for line in _change_lines(change))


def _change_lines(change: Change) -> Iterator[str]:
    return (f"{row.mark} {row.name} {row.ttl} {row.type} {row.text}" for row in change_rows(change))


def _step(what: str, before: str, after: str) -> Iterator[str]:
    if before != after:
        yield f"{what} {before} → {after}"


def _comes_and_goes(what: str, then: Iterable[tuple[str, ...]], now: Iterable[tuple[str, ...]]) -> Iterator[str]:
    before, after = set(then), set(now)
    yield from (f"+ {' '.join(each)} ({what})" for each in sorted(after - before))
    yield from (f"- {' '.join(each)} ({what})" for each in sorted(before - after))


def _unreadable(left_out: Iterable[LeftOut]) -> tuple[tuple[str, str, str], ...]:
    return tuple(sorted((*record.key, record.value) for record in left_out))


def _content(rrsets: Iterable[RRset]) -> dict[Key, RRset]:
    return {rrset.key: rrset for rrset in rrsets if rrset.type != "SOA"}


def _without_serial(rrsets: Iterable[RRset]) -> dict[Key, RRset]:
    return {rrset.key: _serial_aside(rrset) if rrset.type == "SOA" else rrset for rrset in rrsets}


def _serial_aside(soa: RRset) -> RRset:
    return RRset.of(*soa.key, soa.ttl, (with_serial(rdata, 0) for rdata in soa.rdatas))


def _after(changes: Iterable[Change], before: Mapping[Key, RRset]) -> dict[Key, RRset]:
    """Return the RRsets *before* as *changes* leave them."""
    after = dict(before)
    for change in changes:
        if change.after is None:
            after.pop(change.key, None)
        else:
            after[change.key] = change.after
    return after


def _any(lines: Iterator[str]) -> bool:
    return next(lines, None) is not None
