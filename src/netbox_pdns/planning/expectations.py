"""How each RRset that is to be served can be seen in DNS: as an answer, in a referral, as glue, or not at all.

What lies at or below a delegation is not the zone's to answer (RFC 1034, section 4.2.1), what lies below a DNAME is
redirected (RFC 6672, section 2.4), and what a zone below on the same server holds hides what this zone has there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

import dns.rdatatype

from netbox_pdns.dns.names import ancestors, is_within
from netbox_pdns.dns.rrset import Key, RRset, Zone
from netbox_pdns.planning.rules import servable
from netbox_pdns.planning.values import Desired, LeftOut, Observed, PlanContext

_ADDRESSES = frozenset({"A", "AAAA"})
_QUERY_TYPES = frozenset({0, 41, *range(128, 256)})
"""Types that mean something in a question and are no data (RFC 6895, section 3.1)."""


class Seen(StrEnum):
    """How an RRset is seen in DNS."""

    ANSWER = "answer"
    """In the answer section."""
    REFERRAL = "referral"
    """In the authority section: the NS of a delegation."""
    GLUE = "glue"
    """In the additional section of the referral: an address of a delegation's name server."""
    OCCLUDED = "occluded"
    """Not at all: something above it hides it."""
    NOT_ASKED = "not asked"
    """It cannot be asked for: in a question its type means something else."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """How one RRset is to be seen: asking `question` shows it. `why` says for one that is not seen what hides it."""

    rrset: RRset
    seen: Seen
    question: Key
    why: str = ""


def to_be_seen(desired: Desired, observed: Observed | None, context: PlanContext) -> tuple[Zone, tuple[LeftOut, ...]]:
    """Return what DNS is to show of a zone, which is what can be served of it and its SOA; and what is left out."""
    content, left_out = servable(desired, observed, context)
    soa = desired.zone.soa
    if context.adopted is not None and soa == context.adopted.wanted:
        soa = context.adopted.there  # NetBox's follows with the zone's next change
    return Zone.of(content.name, (*(() if soa is None else (soa,)), *content.rrsets.values())), left_out


def expectations(zone: Zone, served: Collection[str]) -> tuple[Expectation, ...]:
    """Return what DNS is to show of every RRset of *zone*, in the zone's order.

    *served* are the names of all zones on the same server; those below *zone* hide what it has there.
    """
    return tuple(_Judge(zone, served).each())


def can_be_asked(type: str) -> bool:
    """Tell whether a question for *type* asks for records of it."""
    return dns.rdatatype.from_text(type) not in _QUERY_TYPES


def hiding(name: str, zone: Zone, served: Collection[str]) -> str | None:
    """Return in words what hides anything that *zone* has or had at *name*, None where nothing does."""
    return _Judge(zone, served).hiding(name)


def standing_in(name: str, zone: Zone) -> str | None:
    """Return in words what of *zone* answers for a type that *name* does not have, None where nothing does.

    That is its CNAME (RFC 1034, section 3.6.2), or for a name that does not exist the wildcard beside its closest encloser
    (RFC 4592, section 3.3.1).
    """
    if (name, "CNAME") in zone.rrsets:
        return f"the CNAME of {name} answers in its place"
    existing = {each for owner, _ in zone.rrsets for each in (zone.name, *ancestors(owner, zone.name))}
    if name in existing:
        return None
    encloser = max((each for each in existing if is_within(name, each)), key=len, default=zone.name)
    wildcard = f"*.{encloser}" if encloser != "." else "*."
    return f"the wildcard {wildcard} answers in its place" if wildcard in existing else None


class _Judge:
    """What of one zone hides what."""

    def __init__(self, zone: Zone, served: Collection[str]) -> None:
        self._zone = zone
        self._served = served
        self._delegations = {name: rrset for (name, type), rrset in zone.rrsets.items() if type == "NS"}
        self._delegations.pop(zone.name, None)
        self._redirected = {name for name, type in zone.rrsets if type == "DNAME"}

    def each(self) -> Iterator[Expectation]:
        above: dict[str, str | None] = {}
        for key, rrset in self._zone.rrsets.items():
            if key[0] not in above:
                above[key[0]] = self._above(key[0])
            yield self._expected(rrset, above[key[0]])

    def hiding(self, name: str) -> str | None:
        above = self._above(name)
        return None if above is None else self._words(above)

    def _words(self, above: str) -> str:
        if above in self._served and above != self._zone.name:
            return f"the zone {above} on the same server hides it"
        kind = "delegation" if above in self._delegations else "DNAME"
        return f"the {kind} of {above} hides it"

    def _above(self, name: str) -> str | None:
        """Return the topmost name that hides *name* or is where a delegation of it begins, None without one."""
        if self._zone.name in self._redirected and name != self._zone.name:
            return self._zone.name
        for each in ancestors(name, self._zone.name):
            if each in self._served or each in self._delegations or (each in self._redirected and each != name):
                return each
        return None

    def _expected(self, rrset: RRset, above: str | None) -> Expectation:
        if not can_be_asked(rrset.type):
            return Expectation(
                rrset, Seen.NOT_ASKED, rrset.key, f"{rrset.type} is a query type (RFC 6895, section 3.1)"
            )
        if above is None or (rrset.key == (above, "DS") and above != self._zone.name):
            return Expectation(rrset, Seen.ANSWER, rrset.key)  # a DS is the parent's (RFC 4035, section 3.1.4.1)
        if above in self._delegations and not (above in self._served and above != self._zone.name):
            delegation = self._delegations[above]
            if rrset is delegation:
                return Expectation(rrset, Seen.REFERRAL, delegation.key)
            if rrset.type in _ADDRESSES and rrset.name in delegation.rdatas:
                return Expectation(rrset, Seen.GLUE, delegation.key)
        return Expectation(rrset, Seen.OCCLUDED, rrset.key, self._words(above))
