"""The zones that the sandbox holds. All of it is changed and read on one event loop."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from netbox_pdns.sandbox.powerdns.errors import ApiError
from netbox_pdns.sandbox.powerdns.names import parent, parents
from netbox_pdns.sandbox.powerdns.serials import served_serial, stored_serial


@dataclass(frozen=True, slots=True)
class Comment:
    """A note of somebody's on an RRset."""

    content: str
    account: str
    modified_at: int


@dataclass(frozen=True, slots=True)
class RRset:
    """The records of one owner name and type: content as it is printed, `disabled` is there but not served."""

    ttl: int
    contents: tuple[str, ...]
    disabled: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()


class Zone:
    """A zone with its RRsets by name and type, its metadata, and the empty non-terminals that were worked out last."""

    def __init__(self, name: str, kind: str, defaults: Mapping[str, str]) -> None:
        self.name = name
        self.kind = kind
        self.account = ""
        self.catalog = ""
        self.masters: tuple[str, ...] = ()
        self.metadata: dict[str, tuple[str, ...]] = {}
        self.keys: tuple[str, ...] = ()
        """The public keys of a zone that is marked as signed."""
        self.notified_serial = 0
        self.rrsets: dict[str, dict[str, RRset]] = {}
        self.nonterminals: frozenset[str] = frozenset()
        self.names_moved = False
        """Whether names came or went since the empty non-terminals were worked out."""
        self._defaults = defaults

    def first(self, kind: str) -> str:
        """Return the first value of a kind of metadata, empty where there is none."""
        return next(iter(self.metadata.get(kind, ())), "")

    @property
    def rectifies(self) -> bool:
        """Tell whether changes work out empty non-terminals; where the zone does not say, the server does."""
        said = self.first("API-RECTIFY")
        return said == "1" if said else self._defaults.get("default-api-rectify", "yes") == "yes"

    @property
    def soa(self) -> tuple[int, list[str]] | None:
        """TTL and fields of the SOA that is stored, None without one."""
        rrset = self.rrsets.get(self.name, {}).get("SOA")
        return (rrset.ttl, rrset.contents[0].split(" ")) if rrset is not None and rrset.contents else None

    @property
    def serial(self) -> int:
        """The stored serial, 0 without an SOA."""
        soa = self.soa
        return 0 if soa is None else int(soa[1][2])

    @property
    def served_serial(self) -> int:
        """The serial that is answered, 0 without an SOA."""
        return served_serial(self.serial, self._edit, int(time.time())) if self.soa else 0

    @property
    def served_soa(self) -> str:
        """The SOA's content with the serial that is answered; raises LookupError without one."""
        soa = self.soa
        if soa is None:
            raise LookupError(self.name)
        return " ".join([*soa[1][:2], str(self.served_serial), *soa[1][3:]])

    def stored(self, serial: int) -> int:
        """Return the serial that a change stores in the place of *serial*."""
        return stored_serial(serial, self.first("SOA-EDIT-API"), self._edit, int(time.time()))

    def with_stored_serial(self, content: str) -> str:
        """Return SOA content with the serial that is stored for it."""
        fields = content.split(" ")
        return " ".join([*fields[:2], str(self.stored(int(fields[2]))), *fields[3:]])

    def set(self, name: str, type: str, rrset: RRset | None) -> None:
        """Replace an RRset, or remove it."""
        if rrset is not None:
            self.rrsets.setdefault(name, {})[type] = rrset
        elif types := self.rrsets.get(name):
            types.pop(type, None)
            if not types:
                del self.rrsets[name]

    def move_serial(self) -> None:
        """Store the serial that comes after the stored one, where a rule makes one."""
        rrset = self.rrsets.get(self.name, {}).get("SOA")
        if self.first("SOA-EDIT-API") and rrset is not None and rrset.contents:
            self.set(self.name, "SOA", RRset(rrset.ttl, (self.with_stored_serial(rrset.contents[0]),)))

    def rectify(self) -> None:
        """Work out the empty non-terminals; raises `ApiError` without an SOA."""
        if self.soa is None:
            why = f"No SOA known for '{self.name.rstrip('.')}', is such a zone in the database?"
            raise ApiError(f"Failed to rectify '{self.name}' {why}")
        found: set[str] = set()
        for name in self.rrsets:
            for above in parents(name, self.name):
                if above in found:
                    break
                found.add(above)
        self.nonterminals = frozenset(found - self.rrsets.keys())
        self.names_moved = False

    @property
    def _edit(self) -> str:
        edit = self.first("SOA-EDIT")
        if not edit and self.keys:
            edit = self._defaults.get("default-soa-edit-signed", "")
        return edit or self._defaults.get("default-soa-edit", "")


@dataclass(slots=True)
class Zones:
    """All zones by name."""

    by_name: dict[str, Zone] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Zone]:
        return iter(self.by_name.values())

    def holding(self, name: str) -> Zone | None:
        """Return the zone that *name* is in, the deepest one."""
        while (zone := self.by_name.get(name)) is None and name != ".":
            name = parent(name)
        return zone
