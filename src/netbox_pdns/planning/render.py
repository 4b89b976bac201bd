"""A plan for people and for machines: lines that a DNS engineer reads at a glance, plain data, and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from netbox_pdns.dns.rrset import RRset
from netbox_pdns.planning.values import Change, Held, LeftOut, ZonePlan

LONGEST = 120
"""Characters of an rdata that a line for people shows."""


def lines(plan: ZonePlan) -> tuple[str, ...]:
    """Return the plan's changes, one record a line: `+` comes, `-` goes, `~` is only changed in its TTL or serial."""
    changes = plan.differences if plan.foreign else plan.changes
    soa = (f"~ {plan.zone} SOA serial {_serials(plan)}",) if plan.soa is not None and plan.serial is not None else ()
    return (*soa, *(line for change in changes for line in change_lines(change)))


def change_lines(change: Change) -> Iterator[str]:
    """Yield one change's lines: what goes before what comes."""
    before, after = change.before, change.after
    if before is not None:
        yield from (f"- {record_line(before, rdata)}" for rdata in change.removed)
    if after is not None:
        yield from (f"+ {record_line(after, rdata)}" for rdata in change.added)
    if before is not None and after is not None and before.ttl != after.ttl and set(before.rdatas) & set(after.rdatas):
        yield f"~ {after.name} {after.type} TTL {before.ttl} -> {after.ttl}"


def record_line(rrset: RRset, rdata: str) -> str:
    """Return one record in master-file form, its rdata cut for people."""
    cut = rdata if len(rdata) <= LONGEST else f"{rdata[:LONGEST]}… ({len(rdata)} characters)"
    return f"{rrset.name} {rrset.ttl} {rrset.type} {cut}"


def as_data(plan: ZonePlan) -> dict[str, Any]:
    """Return the plan as plain data, nothing cut, for JSON and YAML."""
    return {
        "zone": plan.zone,
        "target": plan.target,
        "action": str(plan.action),
        "foreign": plan.foreign,
        "serial": None if plan.serial is None else {"served": plan.serial.observed, "next": plan.serial.final},
        "changes": [_change_data(change) for change in plan.changes],
        "differences": [_change_data(change) for change in plan.differences],
        "held": [held_data(held) for held in plan.held],
        "left_out": [left_out_data(record) for record in plan.left_out],
        "notes": list(plan.notes),
    }


def held_data(held: Held) -> dict[str, Any]:
    """Return what is held as plain data."""
    return {
        "reason": str(held.reason),
        "zone": held.zone,
        "detail": held.detail,
        "command": held.command,
        "changes": [_change_data(change) for change in held.changes],
    }


def left_out_data(record: LeftOut) -> dict[str, Any]:
    """Return what is left out as plain data."""
    return {
        "zone": record.zone,
        "name": record.name,
        "type": record.type,
        "value": record.value,
        "reason": record.reason,
        "netbox_id": record.record_id,
        "netbox_url": record.url,
    }


def markdown(plans: Sequence[ZonePlan]) -> str:
    """Return the plans with something in them as Markdown, for a ticket or a merge request."""
    shown = [(plan, text) for plan in plans if (text := _markdown_of(plan))]
    parts = [f"## {plan.zone} on {plan.target}: {plan.action}\n\n{text}" for plan, text in shown]
    return "\n".join(["# Plan\n", *(parts or ["Nothing to apply.\n"])])


def _markdown_of(plan: ZonePlan) -> str:
    text = ""
    if shown := lines(plan):
        text += "```diff\n" + "\n".join(shown) + "\n```\n"
    text += "".join(f"- held ({held.reason}): {held.detail}; `{held.command}`\n" for held in plan.held)
    text += "".join(f"- left out: `{record.name} {record.type}`: {record.reason}\n" for record in plan.left_out)
    return text + "".join(f"- {note}\n" for note in plan.notes)


def _change_data(change: Change) -> dict[str, Any]:
    name, type = change.key
    return {"name": name, "type": type, "before": _rrset_data(change.before), "after": _rrset_data(change.after)}


def _rrset_data(rrset: RRset | None) -> dict[str, Any] | None:
    return None if rrset is None else {"ttl": rrset.ttl, "rdata": list(rrset.rdatas)}


def _serials(plan: ZonePlan) -> str:
    assert plan.serial is not None
    return f"{plan.serial.final}" if plan.serial.observed is None else f"{plan.serial.observed} -> {plan.serial.final}"
