"""RRsets and zones: the values that are compared, planned and applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import msgspec

Key: TypeAlias = tuple[str, str]
"""What identifies an RRset in its zone: canonical owner name and type."""


class RRset(msgspec.Struct, frozen=True, gc=False):
    """The records of one owner name and type, in canonical form, so that `==` means the same DNS content.

    `name` is a canonical name (`netbox_pdns.dns.names`), `type` an upper-case mnemonic or TYPEnnn, `ttl` in
    seconds, `rdatas` the canonical rdata (`netbox_pdns.dns.rdata`), sorted, without repeats, never empty. A struct, since
    so many are made and compared: five times as fast as a frozen dataclass.
    """

    name: str
    type: str
    ttl: int
    rdatas: tuple[str, ...]

    @classmethod
    def of(cls, name: str, type: str, ttl: int, rdatas: Iterable[str]) -> RRset:
        """Make an RRset of canonical parts; sorts *rdatas* and drops repeats (RFC 2181, section 5)."""
        found = tuple(rdatas)
        return cls(name, type, ttl, found if len(found) == 1 else tuple(sorted(set(found))))

    @property
    def key(self) -> Key:
        """Owner name and type."""
        return self.name, self.type


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone's content: every RRset by its key, the SOA among them where there is one."""

    name: str
    rrsets: Mapping[Key, RRset]

    @classmethod
    def of(cls, name: str, rrsets: Iterable[RRset]) -> Zone:
        """Make a zone from RRsets with distinct keys."""
        return cls(name, MappingProxyType({rrset.key: rrset for rrset in rrsets}))

    @property
    def soa(self) -> RRset | None:
        """The SOA at the apex, or None."""
        return self.rrsets.get((self.name, "SOA"))

    @property
    def serial(self) -> int | None:
        """The serial of the SOA (RFC 1035, section 3.3.13), or None without one."""
        return None if self.soa is None else soa_serial(self.soa.rdatas[0])

    @property
    def content(self) -> Mapping[Key, RRset]:
        """Every RRset but the SOA."""
        content = dict(self.rrsets)
        content.pop((self.name, "SOA"), None)
        return content


def soa_serial(rdata: str) -> int:
    """Return the serial in canonical SOA rdata (``mname rname serial refresh retry expire minimum``)."""
    return int(rdata.split(" ")[2])


def with_serial(rdata: str, serial: int) -> str:
    """Return canonical SOA rdata with its serial replaced."""
    fields = rdata.split(" ")
    fields[2] = str(serial)
    return " ".join(fields)
