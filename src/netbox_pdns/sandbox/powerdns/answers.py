"""What DNS answers a question: pure, from the zones as they are (RFC 1034, section 4.3.2; RFC 4592; RFC 2308)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import dns.rcode

from netbox_pdns.sandbox.powerdns.names import is_within, parents
from netbox_pdns.sandbox.powerdns.zones import RRset, Zone, Zones

_LONGEST_CHAIN = 10
_WITH_ADDRESSES = frozenset({"MX", "NS", "SRV"})
_NOT_SERVED = frozenset({"ALIAS", "LUA"})
"""Types that are kept for a resolver and an interpreter, which the sandbox has not."""


@dataclass(frozen=True, slots=True)
class Found:
    """One RRset of an answer."""

    name: str
    type: str
    ttl: int
    contents: tuple[str, ...]


@dataclass(slots=True)
class Answer:
    """An answer in the making: a code, and the three sections."""

    rcode: int = dns.rcode.NOERROR
    authoritative: bool = True
    answer: list[Found] = field(default_factory=list)
    authority: list[Found] = field(default_factory=list)
    additional: list[Found] = field(default_factory=list)


def answered(zones: Zones, name: str, type: str) -> Answer:
    """Return the answer to a question; *name* in lower case. `ANY` gets every type of the name."""
    # A DS is the parent's to answer (RFC 4035, section 3.1.4.1).
    zone = zones.holding(name)
    if zone is not None and type == "DS" and zone.name == name != ".":
        above = zones.holding(name.partition(".")[2] or ".")
        zone = zone if above is None or above.soa is None else above
    if zone is None or zone.soa is None:
        return Answer(dns.rcode.REFUSED, authoritative=False)
    return _Search(zone, type).answer(name)


class _Search:
    """Follows one question through one zone."""

    def __init__(self, zone: Zone, type: str) -> None:
        self._zone = zone
        self._type = type
        self._made = Answer()

    def answer(self, name: str) -> Answer:
        for _ in range(_LONGEST_CHAIN):
            target = self._step(name)
            if target is None or not is_within(target, self._zone.name):
                self._add_addresses(self._made.answer)
                return self._made
            name = target
        return Answer(dns.rcode.SERVFAIL)

    def _step(self, name: str) -> str | None:
        """Answer for one name; return where a CNAME leads on."""
        cut = self._cut(name)
        if cut is not None and not (cut == name and self._type == "DS"):
            self._refer(cut)
            return None
        types = self._types(name)
        if types is None:
            types = None if name in self._zone.nonterminals else self._wildcard(name)
            if types is None:
                self._deny(dns.rcode.NOERROR if name in self._zone.nonterminals else dns.rcode.NXDOMAIN)
                return None
        return self._data(name, types)

    def _data(self, name: str, types: dict[str, RRset]) -> str | None:
        wanted = types.keys() if self._type == "ANY" else {self._type} & types.keys()
        found = [_found(self._zone, name, type, types[type]) for type in sorted(wanted) if types[type].contents]
        if found:
            self._made.answer.extend(found)
            return None
        alias = types.get("CNAME")
        if alias is None or not alias.contents:
            self._deny(dns.rcode.NOERROR)
            return None
        self._made.answer.append(_found(self._zone, name, "CNAME", alias))
        return alias.contents[0].lower()

    def _types(self, name: str) -> dict[str, RRset] | None:
        """Return what is served at *name*, None where nothing is."""
        types = self._zone.rrsets.get(name, {})
        served = {type: rrset for type, rrset in types.items() if rrset.contents and type not in _NOT_SERVED}
        return served or ({} if any(rrset.contents for rrset in types.values()) else None)

    def _wildcard(self, name: str) -> dict[str, RRset] | None:
        for above in parents(name, self._zone.name):
            types = self._types("*." + above)
            if types is not None:
                return types
            if above in self._zone.nonterminals or self._types(above) is not None:
                return None
        return None

    def _cut(self, name: str) -> str | None:
        """Return the highest delegation at or above *name*."""
        if name == self._zone.name:
            return None
        below_apex = [name, *parents(name, self._zone.name)][:-1]
        return next((each for each in reversed(below_apex) if "NS" in (self._types(each) or ())), None)

    def _refer(self, cut: str) -> None:
        found = _found(self._zone, cut, "NS", self._zone.rrsets[cut]["NS"])
        self._made.authority.append(found)
        self._made.authoritative = bool(self._made.answer)
        self._add_addresses([found])

    def _deny(self, rcode: int) -> None:
        self._made.rcode = rcode
        soa = self._zone.soa
        assert soa is not None
        ttl = min(soa[0], int(soa[1][6]))
        self._made.authority.append(Found(self._zone.name, "SOA", ttl, (self._zone.served_soa,)))

    def _add_addresses(self, found: Iterable[Found]) -> None:
        """Add the addresses of hosts that are named and lie in the zone."""
        there = {each.name for each in self._made.additional}
        for host in _hosts(found):
            types = self._zone.rrsets.get(host, {})
            for type in ("A", "AAAA"):
                if host not in there and type in types and types[type].contents:
                    self._made.additional.append(_found(self._zone, host, type, types[type]))
            there.add(host)


def _found(zone: Zone, name: str, type: str, rrset: RRset) -> Found:
    contents = (zone.served_soa,) if type == "SOA" else rrset.contents
    return Found(name, type, rrset.ttl, contents)


def _hosts(found: Iterable[Found]) -> Iterator[str]:
    for rrset in found:
        if rrset.type in _WITH_ADDRESSES:
            yield from (content.rpartition(" ")[2].lower() for content in rrset.contents)
