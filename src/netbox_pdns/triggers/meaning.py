"""What the state of a NetBox object before and after an edit means as hints. Pure; for webhooks and the change log alike.

Both give an object as NetBox's change log writes it down (`prechange`, `postchange`): a record or a zone refers to others by
their ids. Where a state is not known, or not understood, more is hinted at, never less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from netbox_pdns.dns.names import canonical_name, is_within
from netbox_pdns.dns.rdata import canonical_type
from netbox_pdns.errors import DataError
from netbox_pdns.sync.hints import WHOLE, Scope

RECORD, ZONE, NAMESERVER, VIEW = (f"netbox_dns.{name}" for name in ("record", "zone", "nameserver", "view"))
OBJECT_TYPES = (RECORD, ZONE, NAMESERVER, VIEW)
"""The types of objects that mean anything."""

State: TypeAlias = Mapping[str, Any]

_ANNOTATIONS = frozenset({"created", "last_updated", "description", "comments", "custom_fields", "owner"})
"""Attributes that change neither what is served nor which zones a target serves, as tags and tenants may."""
_SERIAL = "soa_serial"
_SOA = frozenset(
    {_SERIAL, "soa_ttl", "soa_mname", "soa_rname", "soa_refresh", "soa_retry", "soa_expire", "soa_minimum"}
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """Where to look: at these zones (by canonical name), at `everywhere` where the states do not tell which.

    `unknown` are ids of zones that are concerned and have no name: whoever can find their names asks again, for anyone else
    they are `everywhere` too.
    """

    zones: Mapping[str, Scope] = field(default_factory=dict)
    everywhere: bool = False
    unknown: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        """Tell whether it means anything."""
        return bool(self.zones) or self.everywhere


NOTHING = Meaning()


def meant(object_type: str, before: State | None, after: State | None, names: Mapping[int, str]) -> Meaning:
    """Return where to look after an edit of an object of *object_type* (`netbox_dns.record`).

    *before* is None or empty for an object that was made, *after* for one that was deleted. *names* are the zones' canonical
    names by id, as they are now. Objects of other types mean nothing.
    """
    if object_type == RECORD:
        return _of_record(before or {}, after or {}, names)
    if object_type == ZONE:
        return _of_zone(before or {}, after or {})
    if object_type in {NAMESERVER, VIEW}:
        # Nothing refers to one that has just been made; of one that is there NetBox does not tell which zones do.
        return Meaning(everywhere=bool(before and _changed(before, after or {}) - _ANNOTATIONS))
    return NOTHING


def _of_record(before: State, after: State, names: Mapping[int, str]) -> Meaning:
    if _is_serial_alone(before, after):
        return NOTHING
    zones: dict[str, Scope] = {}
    nameless = []
    for state in filter(None, (before, after)):
        number = state.get("zone")
        if isinstance(number, int) and number in names:
            name = names[number]
            scope = _scope(state, name)
            zones[name] = zones[name] | scope if name in zones else scope
        else:
            nameless.append(number)
    unknown = frozenset(number for number in nameless if isinstance(number, int))
    return Meaning(zones, everywhere=bool(nameless), unknown=unknown)


def _scope(record: State, zone: str) -> Scope:
    """Return the RRset of *record*; the whole of *zone* where it cannot be told, or was another zone's."""
    try:
        name, type = canonical_name(str(record["fqdn"])), canonical_type(str(record["type"]))
    except (KeyError, DataError):
        return WHOLE
    return Scope(frozenset({(name, type)})) if is_within(name, zone) else WHOLE


def _is_serial_alone(before: State, after: State) -> bool:
    """Tell whether the record is a zone's SOA, and nothing is said of it but its serial: that the zone's entry says, too."""
    if any(state and str(state.get("type")) != "SOA" for state in (before, after)):
        return False
    if not before or not after:
        return True
    return _changed(before, after) - _ANNOTATIONS <= {"value"} and _without_serial(before) == _without_serial(after)


def _without_serial(soa: State) -> list[str]:
    """Return the fields of SOA rdata but its third (RFC 1035, section 3.3.13)."""
    fields = str(soa.get("value", "")).split()
    return fields[:2] + fields[3:]


def _of_zone(before: State, after: State) -> Meaning:
    changed = _changed(before, after) - _ANNOTATIONS
    by_itself = bool(after.get("soa_serial_auto"))
    if before and after and (not changed or (by_itself and changed == {_SERIAL})):
        return NOTHING
    names = _names(state.get("name") for state in (before, after) if state)
    if not names:
        return Meaning(everywhere=True)
    if before and after and changed <= _SOA:
        return Meaning({name: Scope(frozenset({(name, "SOA")})) for name in names})
    return Meaning(dict.fromkeys(names, WHOLE))


def _names(found: Iterable[object]) -> list[str]:
    """Return the canonical names of a zone before and after; none where one cannot be told."""
    try:
        return sorted({canonical_name(str(name)) for name in found if name})
    except DataError:
        return []


def _changed(before: State, after: State) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
