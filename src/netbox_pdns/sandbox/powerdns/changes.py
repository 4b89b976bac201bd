"""The RRsets of a request: read from its JSON apart from any zone, then checked against the zone and done, all or none."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from netbox_pdns.sandbox.powerdns.contents import not_a_host, taken
from netbox_pdns.sandbox.powerdns.documents import number_in, text_in
from netbox_pdns.sandbox.powerdns.errors import ApiError, ContentError
from netbox_pdns.sandbox.powerdns.names import is_within, owner_name
from netbox_pdns.sandbox.powerdns.types import known_type
from netbox_pdns.sandbox.powerdns.zones import Comment, RRset, Zone

Kind = Literal["REPLACE", "DELETE"]

_NOT_DATA = frozenset({"OPT", "TYPE250"})
_ONE_RECORD = frozenset({"CNAME", "DNAME", "SOA"})
_ONLY_AT_APEX = frozenset({"SOA", "DNSKEY"})
_NOT_AT_APEX = frozenset({"DS"})
_TTL_RANGE = 2**32


@dataclass(frozen=True, slots=True)
class Change:
    """What a request asks of one RRset. `records` or `comments` None leaves them as they are; a deletion has neither."""

    name: str
    type: str
    kind: Kind
    records: RRset | None = None
    comments: tuple[Comment, ...] | None = None

    @property
    def words(self) -> str:
        """The RRset as messages name it."""
        return f"{self.name} IN {self.type}"


def read_changes(rrsets: Iterable[Any]) -> tuple[Change, ...]:
    """Return the changes of a PATCH; raises `ApiError` for what cannot be read."""
    changes: list[Change] = []
    seen: set[tuple[str, str, str]] = set()
    for rrset in rrsets:
        change = _read(rrset, _kind(rrset))
        key = (change.name, change.type, change.kind)
        if key in seen:
            raise ApiError(f"Duplicate RRset {change.words} with changetype: {change.kind}")
        seen.add(key)
        changes.append(change)
    return tuple(changes)


def read_content(rrsets: Iterable[Any]) -> tuple[Change, ...]:
    """Return the RRsets of a new zone; what comes in several parts is put together."""
    found: dict[tuple[str, str], Change] = {}
    for rrset in rrsets:
        change = _read(rrset, "REPLACE")
        before = found.get((change.name, change.type))
        found[change.name, change.type] = change if before is None else _joined(before, change)
    return tuple(found.values())


def apply(zone: Zone, changes: Sequence[Change]) -> None:
    """Change the zone as a PATCH does: serial and empty non-terminals follow. Raises `ApiError` and changes nothing."""
    done = _checked(zone, changes, "Conflicts with pre-existing RRset")
    if zone.rectifies and zone.soa is None and not done.get((zone.name, "SOA")):
        zone.rectify()  # which says what is missing
    zone.names_moved |= any((rrset is None) == (key[0] in zone.rrsets) for key, rrset in done.items())
    _commit(zone, done)
    if (zone.name, "SOA") not in done:
        zone.move_serial()
    if zone.rectifies and zone.names_moved:
        zone.rectify()


def fill(zone: Zone, changes: Sequence[Change]) -> None:
    """Give a new zone its content; raises `ApiError`."""
    _commit(zone, _checked(zone, changes, "Conflicts with another RRset"))
    zone.names_moved = True
    if changes and zone.rectifies:
        zone.rectify()


def _checked(zone: Zone, changes: Sequence[Change], conflict: str) -> dict[tuple[str, str], RRset | None]:
    """Return the RRsets that the changes lead to, one after the other; the zone stays as it is."""
    done: dict[tuple[str, str], RRset | None] = {}
    for change in changes:
        if not is_within(change.name, zone.name):
            raise ApiError(f"RRset {change.words}: Name is out of zone")
        rrset = _after(zone, change, done)
        if rrset is not None and change.records is not None:
            _must_fit(zone, change, change.records)
            if change.type == "SOA":
                contents = tuple(zone.with_stored_serial(each) for each in rrset.contents)
                rrset = replace(rrset, contents=contents)
            if _conflicts(zone, change, done):
                raise ApiError(f"RRset {change.words}: {conflict}")
        done[change.name, change.type] = rrset
    return done


def _commit(zone: Zone, done: Mapping[tuple[str, str], RRset | None]) -> None:
    for (name, type), rrset in done.items():
        zone.set(name, type, rrset)


def _after(zone: Zone, change: Change, done: Mapping[tuple[str, str], RRset | None]) -> RRset | None:
    if change.kind == "DELETE":
        return None
    key = (change.name, change.type)
    before = done[key] if key in done else zone.rrsets.get(change.name, {}).get(change.type)
    records = change.records or before or RRset(0, ())
    comments = change.comments
    if comments is None:
        comments = before.comments if before is not None else ()
    after = replace(records, comments=comments)
    return after if after.contents or after.disabled or after.comments else None


def _must_fit(zone: Zone, change: Change, records: RRset) -> None:
    """Raise where the records may not stand where they are to stand."""
    all_contents = sorted((*records.contents, *records.disabled))
    for one, other in pairwise(all_contents):
        if one == other:
            raise ApiError(f'Duplicate record in RRset {change.words} with content "{one}"')
    if change.type in _ONE_RECORD and len(all_contents) > 1:
        raise ApiError(f"RRset {change.words} has more than one record")
    at_apex = change.name == zone.name
    if all_contents and change.type in _ONLY_AT_APEX and not at_apex:
        raise ApiError(f"Record {change.words} is only allowed at apex")
    if all_contents and change.type in _NOT_AT_APEX and at_apex:
        raise ApiError(f"Record {change.words} is not allowed at apex")


def _conflicts(zone: Zone, change: Change, done: Mapping[tuple[str, str], RRset | None]) -> bool:
    """Tell whether a CNAME and other data would meet (RFC 1034, section 3.6.2); what is disabled does not count."""
    if change.records is None or not (change.records.contents or change.records.disabled):
        return False
    there = zone.rrsets.get(change.name, {})
    if change.type == "CNAME":
        types = there.keys() | {type for name, type in done if name == change.name}
        others = types - {"CNAME"}
    else:
        others = {"CNAME"}
    return any(
        rrset is not None and bool(rrset.contents)
        for type in others
        for rrset in (done.get((change.name, type), there.get(type)),)
    )


def _read(rrset: Any, kind: Kind) -> Change:
    name = owner_name(text_in(rrset, "name"))
    type_text = text_in(rrset, "type")
    type = known_type(type_text)
    if type is None:
        raise ApiError(f"RRset {name} IN {type_text}: unknown type given")
    if kind == "DELETE":
        return Change(name, type, kind)
    records, comments = rrset.get("records"), rrset.get("comments")
    if not isinstance(records, list) and not isinstance(comments, list):
        raise ApiError(f"No change for RRset {name} IN {type}")
    return Change(
        name,
        type,
        kind,
        _records(name, type, rrset, records) if isinstance(records, list) else None,
        tuple(map(_comment, comments)) if isinstance(comments, list) else None,
    )


def _kind(rrset: Any) -> Kind:
    changetype = text_in(rrset, "changetype").upper()
    if changetype == "REPLACE":
        return "REPLACE"
    if changetype == "DELETE":
        return "DELETE"
    raise ApiError("Changetype not understood")


def _records(name: str, type: str, rrset: Mapping[str, Any], records: Sequence[Any]) -> RRset:
    ttl = number_in(rrset, "ttl") % _TTL_RANGE
    if type in _NOT_DATA and records:
        raise ApiError(f"RRset {name} IN {type}: invalid type given")
    served: list[str] = []
    disabled: list[str] = []
    for record in records:
        content = _content(name, type, text_in(record, "content"))
        (disabled if record.get("disabled") is True else served).append(content)
    return RRset(ttl, tuple(sorted(served)), tuple(sorted(disabled)))


def _content(name: str, type: str, content: str) -> str:
    try:
        shown = taken(type, content)
    except ContentError as error:
        raise ApiError(f"Record {name}/{type} '{content}': {error}") from error
    host = not_a_host(type, shown)
    if host is not None:
        raise ApiError(f"RRset {name} IN {type} non-hostname content {host}")
    return shown


def _comment(comment: Mapping[str, Any]) -> Comment:
    moment = comment.get("modified_at")
    return Comment(
        text_in(comment, "content"),
        text_in(comment, "account"),
        moment if isinstance(moment, int) else int(time.time()),
    )


def _joined(one: Change, other: Change) -> Change:
    assert one.records is not None
    assert other.records is not None
    contents = (*one.records.contents, *other.records.contents)
    return replace(one, records=replace(one.records, contents=tuple(sorted(contents))))
