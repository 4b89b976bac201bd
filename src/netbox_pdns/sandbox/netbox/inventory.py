"""The tables of the sandbox's NetBox, in the order of ids, with the indexes that keep lists and checks quick."""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from netbox_pdns.sandbox.netbox.objects import (
    CHANGE,
    EVENT_RULE,
    NAMESERVER,
    RECORD,
    TAG,
    TENANT,
    VIEW,
    WEBHOOK,
    ZONE,
    Change,
    EventRule,
    Kind,
    Nameserver,
    Object,
    Record,
    Tag,
    Tenant,
    View,
    Webhook,
    Zone,
    printed_record,
    to_unicode,
)


class HasId(Protocol):
    """What a table holds."""

    @property
    def id(self) -> int:
        """Its number, never given twice."""


T = TypeVar("T", bound=HasId)


class Table(Generic[T]):
    """Objects by id."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._rows: dict[int, T] = {}
        self._last = 0
        self._ids: list[int] | None = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[T]:
        return (self._rows[number] for number in self.ids)

    def __getitem__(self, number: int) -> T:
        return self._rows[number]

    def get(self, number: int | None) -> T | None:
        """Return the object with the id *number*, None where there is none."""
        return None if number is None else self._rows.get(number)

    @property
    def ids(self) -> Sequence[int]:
        """All ids, in order."""
        if self._ids is None:
            self._ids = sorted(self._rows)
        return self._ids

    def next_id(self) -> int:
        """Return an id that was never given."""
        self._last += 1
        return self._last

    def put(self, row: T) -> None:
        """Add *row*, or put it in the place of the one with its id."""
        before = self._rows.get(row.id)
        self._rows[row.id] = row
        if before is None and self._ids is not None:
            if self._ids and self._ids[-1] > row.id:
                self._ids = None
            else:
                self._ids.append(row.id)
        self._reindex(before, row)

    def remove(self, row: T) -> None:
        """Take *row* out."""
        del self._rows[row.id]
        self._ids = None
        self._reindex(row, None)

    def _reindex(self, before: T | None, after: T | None) -> None:
        """Keep what is looked up otherwise than by id."""


class ZoneTable(Table[Zone]):
    """Zones, also by view and name."""

    def __init__(self) -> None:
        super().__init__(ZONE)
        self._by_name: dict[tuple[int, str], int] = {}
        self._prefixed: set[int] = set()

    def named(self, view: int, name: str) -> Zone | None:
        """Return the zone *name* (lower case) of *view*, None where there is none."""
        return self.get(self._by_name.get((view, name)))

    @property
    def rfc2317(self) -> Sequence[Zone]:
        """The zones with an RFC 2317 prefix, the longest prefix first."""
        zones = [self[number] for number in sorted(self._prefixed)]
        return sorted(zones, key=lambda zone: -ipaddress.ip_network(zone.rfc2317_prefix or "").prefixlen)

    def _reindex(self, before: Zone | None, after: Zone | None) -> None:
        if before is not None:
            self._by_name.pop((before.view, before.name.lower()), None)
            self._prefixed.discard(before.id)
        if after is not None:
            self._by_name[after.view, after.name.lower()] = after.id
            if after.rfc2317_prefix is not None:
                self._prefixed.add(after.id)


class RecordTable(Table[Record]):
    """Records, also by zone and by absolute name, and the addresses that may have a PTR record."""

    def __init__(self) -> None:
        super().__init__(RECORD)
        self._by_zone: defaultdict[int, list[int]] = defaultdict(list)
        self._by_fqdn: dict[str, tuple[int, ...]] = {}
        self.reverse_names: dict[int, str] = {}
        """The reverse name (without a final dot) of every address record that does not refuse a PTR record."""

    def ids_of_zone(self, zone: int) -> Sequence[int]:
        """Return the ids of a zone's records, in order."""
        return self._by_zone.get(zone, ())

    def of_zone(self, zone: int) -> list[Record]:
        """Return a zone's records in the order of ids."""
        return [self[number] for number in self.ids_of_zone(zone)]

    def ids_of_name(self, fqdn: str) -> Sequence[int]:
        """Return the ids of the records with the absolute name *fqdn*, whatever its case."""
        return self._by_fqdn.get(fqdn.lower(), ())

    def of_name(self, fqdn: str, zone: int) -> list[Record]:
        """Return the records of *zone* with the absolute name *fqdn*, whatever its case."""
        rows = (self[number] for number in self.ids_of_name(fqdn))
        return [row for row in rows if row.zone == zone]

    def _reindex(self, before: Record | None, after: Record | None) -> None:
        old, new = _place(before), _place(after)
        if old != new:
            if before is not None:
                self._leave(before)
            if after is not None:
                self._enter(after)
        number = after.id if after is not None else before.id if before is not None else 0
        reverse = None if after is None else _reverse_name(after)
        if reverse is not None:
            self.reverse_names[number] = reverse
        else:
            self.reverse_names.pop(number, None)

    def _enter(self, record: Record) -> None:
        of_zone = self._by_zone[record.zone]
        if not of_zone or of_zone[-1] < record.id:
            of_zone.append(record.id)
        else:
            insort(of_zone, record.id)
        key = record.fqdn.lower()
        self._by_fqdn[key] = (*self._by_fqdn.get(key, ()), record.id)

    def _leave(self, record: Record) -> None:
        of_zone = self._by_zone[record.zone]
        del of_zone[bisect_left(of_zone, record.id)]
        if not of_zone:
            del self._by_zone[record.zone]
        key = record.fqdn.lower()
        left = tuple(number for number in self._by_fqdn[key] if number != record.id)
        if left:
            self._by_fqdn[key] = left
        else:
            del self._by_fqdn[key]


def _place(record: Record | None) -> tuple[int, str] | None:
    return None if record is None else (record.zone, record.fqdn)


def _reverse_name(record: Record) -> str | None:
    if not record.is_address or record.disable_ptr:
        return None
    return ipaddress.ip_address(record.value).reverse_pointer


class Inventory:
    """All that the sandbox's NetBox holds."""

    def __init__(self) -> None:
        self.tags: Table[Tag] = Table(TAG)
        self.tenants: Table[Tenant] = Table(TENANT)
        self.views: Table[View] = Table(VIEW)
        self.nameservers: Table[Nameserver] = Table(NAMESERVER)
        self.zones = ZoneTable()
        self.records = RecordTable()
        self.webhooks: Table[Webhook] = Table(WEBHOOK)
        self.eventrules: Table[EventRule] = Table(EVENT_RULE)
        self.changes: Table[Change] = Table(CHANGE)

    def table(self, kind: Kind) -> Table[object]:  # type: ignore[type-var]  # every kind has ids
        """Return the table of *kind*."""
        return getattr(self, {"objectchange": "changes"}.get(kind.name, f"{kind.name}s"))  # type: ignore[no-any-return]  # by name

    def active(self, record: Record) -> bool:
        """Tell whether *record* is in service: itself, and its zone."""
        return record.status == "active" and self.zones[record.zone].active

    def printed(self, row: Object) -> str:
        """Return how NetBox prints an object."""
        if isinstance(row, Record):
            return printed_record(row)
        if isinstance(row, Zone):
            view, name = self.views[row.view], to_unicode(row.name)
            return name if view.default_view else f"[{view.name}] {name}"
        return row.name
