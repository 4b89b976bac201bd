"""A list's filters: what a query string asks for, as a test of one object.

Values of one filter are alternatives, filters are all to hold; a filter that is not known is ignored, as NetBox does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.objects import BY_NAME
from netbox_pdns.sandbox.netbox.refusals import invalid
from netbox_pdns.sandbox.netbox.rows import printed
from netbox_pdns.sandbox.netbox.values import TYPES, arpa_network

Query: TypeAlias = Mapping[str, Sequence[str]]
Test: TypeAlias = Callable[[Any], bool]
Get: TypeAlias = Callable[[Inventory, Any], Any]


class Filter(Protocol):
    """What one parameter, with the suffix after its `__`, asks of an object."""

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """Return the test, None where there is no such suffix; raises `Refusal` for values that are none."""


_TEXT: Mapping[str, Callable[[str, str], bool]] = {
    "": lambda got, wanted: got == wanted,
    "ie": lambda got, wanted: got.lower() == wanted.lower(),
    "ic": lambda got, wanted: wanted.lower() in got.lower(),
    "isw": lambda got, wanted: got.lower().startswith(wanted.lower()),
    "iew": lambda got, wanted: got.lower().endswith(wanted.lower()),
    "regex": lambda got, wanted: re.search(wanted, got) is not None,
    "iregex": lambda got, wanted: re.search(wanted, got, re.IGNORECASE) is not None,
}
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "": lambda got, wanted: got == wanted,
    "gt": lambda got, wanted: got > wanted,
    "gte": lambda got, wanted: got >= wanted,
    "lt": lambda got, wanted: got < wanted,
    "lte": lambda got, wanted: got <= wanted,
}


def _any(get: Get, inventory: Inventory, compare: Callable[[Any, Any], bool], wanted: Sequence[Any]) -> Test:
    def test(row: Any) -> bool:
        got = get(inventory, row)
        return got is not None and any(compare(got, each) for each in wanted)

    return test


def _not(test: Test) -> Test:
    return lambda row: not test(row)


def _among(get: Get, inventory: Inventory, wanted: Sequence[Any]) -> Test:
    found = frozenset(wanted)
    return lambda row: get(inventory, row) in found


def _own(name: str) -> Get:
    return lambda _, row: getattr(row, name)


@dataclass(frozen=True, slots=True)
class Text:
    """Text, with the suffixes `ie`, `ic`, `isw`, `iew`, `regex`, `iregex`, `n`, `nie`, `nic`, `nisw`, `niew`, `empty`."""

    get: Get

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        if suffix == "empty":
            return _any(self.get, inventory, lambda got, wanted: (not got) == wanted, [_is_true(values[-1])])
        if suffix == "" and len(values) > 1:
            return _among(self.get, inventory, values)
        positive = suffix.removeprefix("n") if suffix.startswith("n") else suffix
        if positive not in _TEXT:
            return None
        test = _any(self.get, inventory, _TEXT[positive], values)
        return _not(test) if suffix.startswith("n") else test


@dataclass(frozen=True, slots=True)
class Number:
    """A number, with the suffixes `gt`, `gte`, `lt`, `lte` and `n`."""

    get: Get

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        numbers = [_number(name, value) for value in values]
        return _ordered(self.get, inventory, suffix, numbers)


@dataclass(frozen=True, slots=True)
class Time:
    """A time, with the suffixes of a number."""

    get: Get

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        moments = [_moment(name, value) for value in values]
        return _ordered(self.get, inventory, suffix, moments)


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range of times: `time_after`, `time_before`."""

    get: Get
    field: str
    compare: str

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        moment = _moment(self.field, values[-1])
        return None if suffix else _any(self.get, inventory, _ORDER[self.compare], [moment])


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words, with the suffix `n`."""

    get: Get
    choices: frozenset[str]

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        for value in values:
            if value not in self.choices:
                raise _no_choice(name, value)
        return _plain_or_not(_among(self.get, inventory, values), suffix)


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no; anything else asks for nothing."""

    get: Get

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        wanted = {"true": True, "1": True, "false": False, "0": False}.get(values[-1].lower())
        return None if wanted is None or suffix else _among(self.get, inventory, [wanted])


@dataclass(frozen=True, slots=True)
class Id:
    """References by id to objects that are there, or `null`; one object may have several."""

    get: Get
    kind: str

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        ids: list[int | None] = []
        for value in values:
            if value != "null" and not value.isdecimal():
                raise invalid(name, f"“{value}” is not a valid value.")
            if value != "null" and inventory.table(BY_NAME[self.kind]).get(int(value)) is None:
                raise _no_choice(name, value)
            ids.append(None if value == "null" else int(value))
        return _plain_or_not(_referring(self.get, inventory, ids), suffix)


@dataclass(frozen=True, slots=True)
class Name:
    """References by a name to objects that are there."""

    get: Get
    kind: str
    attribute: str

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        ids: list[int | None] = []
        for value in values:
            rows: Any = inventory.table(BY_NAME[self.kind])
            found = [row.id for row in rows if getattr(row, self.attribute) == value]
            if not found:
                raise _no_choice(name, value)
            ids += found
        return _plain_or_not(_referring(self.get, inventory, ids), suffix)


@dataclass(frozen=True, slots=True)
class User:
    """The user of a change-log entry, by id or name."""

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        known = {change.user for change in inventory.changes}
        for value in values:
            if value not in known:
                raise _no_choice(name, value)
        return _plain_or_not(_among(_own("user"), inventory, values), suffix)


@dataclass(frozen=True, slots=True)
class RequestId:
    """The id of the request that made a change-log entry."""

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        try:
            wanted = [str(UUID(value)) for value in values]
        except ValueError as error:
            raise invalid(name, "Enter a valid UUID.") from error
        return _plain_or_not(_among(_own("request_id"), inventory, wanted), suffix)


@dataclass(frozen=True, slots=True)
class Search:
    """`q`: a piece of text in one of several places."""

    places: tuple[Get, ...]

    def test(self, inventory: Inventory, name: str, suffix: str, values: Sequence[str]) -> Test | None:
        """See `Filter`."""
        wanted = values[-1].strip().lower()
        if suffix or not wanted:
            return None
        return lambda row: any(wanted in str(place(inventory, row)).lower() for place in self.places)


def tests(inventory: Inventory, kind: str, query: Query) -> list[Test]:
    """Return the tests that an object of *kind* passes to be in the list; raises `Refusal`."""
    found = []
    for parameter, values in query.items():
        name, _, suffix = parameter.partition("__")
        known = FILTERS[kind].get(name)
        test = known.test(inventory, parameter, suffix, values) if known is not None else None
        if test is not None:
            found.append(test)
    return found


def _ordered(get: Get, inventory: Inventory, suffix: str, wanted: Sequence[float]) -> Test | None:
    if suffix == "":
        return _among(get, inventory, wanted)
    if suffix == "n":
        return _not(_among(get, inventory, wanted))
    compare = _ORDER.get(suffix)
    return None if compare is None else _any(get, inventory, compare, wanted)


def _plain_or_not(test: Test, suffix: str) -> Test | None:
    return {"": test, "n": _not(test)}.get(suffix)


def _referring(get: Get, inventory: Inventory, ids: Sequence[int | None]) -> Test:
    wanted = frozenset(ids)

    def test(row: Any) -> bool:
        got = get(inventory, row)
        return not wanted.isdisjoint(got) if isinstance(got, tuple) else got in wanted

    return test


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise invalid(name, "Enter a whole number.") from error


def _moment(name: str, value: str) -> float:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid(name, "Enter a valid date/time.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _is_true(value: str) -> bool:
    return value.lower() in {"true", "1"}


def _no_choice(name: str, value: str) -> Exception:
    return invalid(name, f"Select a valid choice. {value} is not one of the available choices.")


_COMMON: Mapping[str, Filter] = {
    "id": Number(_own("id")),
    "name": Text(_own("name")),
    "description": Text(_own("description")),
    "created": Time(_own("created")),
    "last_updated": Time(_own("last_updated")),
    "q": Search((_own("name"), _own("description"))),
}
_TAGGED: Mapping[str, Filter] = {
    "tag": Name(_own("tags"), "tag", "slug"),
    "tag_id": Id(_own("tags"), "tag"),
}
_OWNED: Mapping[str, Filter] = {
    "tenant": Name(_own("tenant"), "tenant", "slug"),
    "tenant_id": Id(_own("tenant"), "tenant"),
}


def _view_of(inventory: Inventory, row: Any) -> int:
    return inventory.zones[row.zone].view


def _zone_name_of(inventory: Inventory, row: Any) -> str:
    return inventory.zones[row.zone].name


def _view_name_of(inventory: Inventory, row: Any) -> str:
    return inventory.views[row.view].name


def _zones_of(inventory: Inventory, row: Any) -> tuple[int, ...]:
    return tuple(zone.id for zone in inventory.zones if row.id in zone.nameservers)


def _expired(_: Inventory, row: Any) -> bool:
    return row.expiration_date is not None and row.expiration_date < datetime.now(UTC).date().isoformat()


FILTERS: Mapping[str, Mapping[str, Filter]] = {
    "tag": {**_COMMON, "slug": Text(_own("slug")), "color": Text(_own("color"))},
    "tenant": {**_COMMON, **_TAGGED, "slug": Text(_own("slug"))},
    "view": {**_COMMON, **_TAGGED, **_OWNED, "default_view": Flag(_own("default_view"))},
    "nameserver": {**_COMMON, **_TAGGED, **_OWNED, "zone_id": Id(_zones_of, "zone")},
    "zone": {
        **_COMMON,
        **_TAGGED,
        **_OWNED,
        "view": Name(_own("view"), "view", "name"),
        "view_id": Id(_own("view"), "view"),
        "nameserver": Name(_own("nameservers"), "nameserver", "name"),
        "nameserver_id": Id(_own("nameservers"), "nameserver"),
        "soa_mname": Name(_own("soa_mname"), "nameserver", "name"),
        "soa_mname_id": Id(_own("soa_mname"), "nameserver"),
        "soa_rname": Text(_own("soa_rname")),
        "soa_serial": Number(_own("soa_serial")),
        "soa_serial_auto": Flag(_own("soa_serial_auto")),
        "default_ttl": Number(_own("default_ttl")),
        "status": Choice(
            _own("status"), frozenset({"active", "reserved", "deprecated", "parked", "dynamic", "external"})
        ),
        "active": Flag(_own("active")),
        "arpa_network": Text(lambda _, row: arpa_network(row.name)),
        "rfc2317_prefix": Text(_own("rfc2317_prefix")),
        "rfc2317_parent_managed": Flag(_own("rfc2317_parent_managed")),
        "rfc2317_parent_zone_id": Id(_own("rfc2317_parent_zone"), "zone"),
        "q": Search((_own("name"), _own("description"), _own("status"), _view_name_of, _own("comments"))),
    },
    "record": {
        **_COMMON,
        **_TAGGED,
        **_OWNED,
        "zone": Name(_own("zone"), "zone", "name"),
        "zone_id": Id(_own("zone"), "zone"),
        "view": Name(_view_of, "view", "name"),
        "view_id": Id(_view_of, "view"),
        "type": Choice(_own("type"), TYPES),
        "fqdn": Text(_own("fqdn")),
        "value": Text(_own("value")),
        "ttl": Number(_own("ttl")),
        "status": Choice(_own("status"), frozenset({"active", "inactive", "expired"})),
        "active": Flag(lambda inventory, row: inventory.active(row)),
        "managed": Flag(_own("managed")),
        "disable_ptr": Flag(_own("disable_ptr")),
        "ptr_record_id": Id(_own("ptr_record"), "record"),
        "expiration_date": Text(_own("expiration_date")),
        "expired": Flag(_expired),
        "q": Search((_own("fqdn"), _own("description"), _own("value"), _zone_name_of)),
    },
    "webhook": {**_COMMON, **_TAGGED, "payload_url": Text(_own("payload_url"))},
    "eventrule": {**_COMMON, **_TAGGED, "enabled": Flag(_own("enabled"))},
    "objectchange": {
        "id": Number(_own("id")),
        "time": Time(_own("time")),
        "time_after": Bound(_own("time"), "time", "gte"),
        "time_before": Bound(_own("time"), "time", "lte"),
        "action": Choice(_own("action"), frozenset({"create", "update", "delete"})),
        "user": User(),
        "user_name": Text(_own("user")),
        "request_id": RequestId(),
        "changed_object_type": Text(lambda _, row: BY_NAME[row.kind].type),
        "changed_object_id": Number(_own("object_id")),
        "object_repr": Text(printed),
        "q": Search((_own("user"), printed)),
    },
}
"""The filters of every kind of object."""
