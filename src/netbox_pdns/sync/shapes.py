"""What is held and what is left out, in the shapes that the command line and the API both show; nothing cut. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from netbox_pdns.dns.rrset import RRset
from netbox_pdns.planning import values
from netbox_pdns.planning.values import HoldReason
from netbox_pdns.shape import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Records(Shape):
    """The records of one name and type."""

    ttl: int
    """Seconds."""
    rdata: tuple[str, ...]
    """Canonical presentation form, sorted; never cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Shape):
    """One RRset's step from what is served to what NetBox wants."""

    name: str
    """Absolute owner name with its final dot, in lower case."""
    type: str
    before: Records | None
    """What the target has, null for a new RRset."""
    after: Records | None
    """What it is to have, null for an RRset that goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Shape):
    """What waits for a word."""

    reason: HoldReason
    """The word for `--force`."""
    zone: str
    detail: str
    """Why it waits, with the numbers."""
    command: str
    """The command that lets it through."""
    changes: tuple[Change, ...]
    """What waits; none where the zone as a whole does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut(Shape):
    """A record that cannot be served."""

    zone: str
    name: str
    type: str
    value: str
    """As NetBox has it."""
    reason: str
    netbox_id: int | None
    netbox_url: str | None


def held_shape(held: values.Held) -> Held:
    """Return what waits for a word."""
    return Held(
        reason=held.reason,
        zone=held.zone,
        detail=held.detail,
        command=held.command,
        changes=tuple(map(change_shape, held.changes)),
    )


def left_out_shape(record: values.LeftOut) -> LeftOut:
    """Return a record that cannot be served."""
    return LeftOut(
        zone=record.zone,
        name=record.name,
        type=record.type,
        value=record.value,
        reason=record.reason,
        netbox_id=record.record_id,
        netbox_url=record.url,
    )


def change_shape(change: values.Change) -> Change:
    """Return one RRset's step."""
    name, type = change.key
    return Change(name=name, type=type, before=_records(change.before), after=_records(change.after))


def _records(rrset: RRset | None) -> Records | None:
    return None if rrset is None else Records(ttl=rrset.ttl, rdata=rrset.rdatas)
