"""What may not be sent, each with its reason, checked before anything is sent.

A record that breaks a rule is *left out* alone. Where it would replace one that is in service, the last good one stays:
observed rdatas of an RRset with left-out records stay until the record is mended.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from netbox_pdns.dns.names import canonical_name, is_within
from netbox_pdns.dns.rdata import rdata_wire
from netbox_pdns.dns.rrset import Key, RRset, Zone
from netbox_pdns.errors import DataError
from netbox_pdns.planning.batches import EXCLUSIVE
from netbox_pdns.planning.values import Desired, LeftOut, Observed, PlanContext

_META = "it is a query or transport type, never the type of a record in a zone (RFC 6895, section 3.1)"
_SIGNER = "the server that signs the zone makes it; one that is typed in is bogus"

NEVER_SENT: Mapping[str, str] = {
    "RRSIG": _SIGNER,
    "NSEC": _SIGNER,
    "NSEC3": _SIGNER,
    "SIG": "it is obsolete and has no meaning in a zone today (RFC 3755)",
    "NXT": "it is obsolete and has no meaning in a zone today (RFC 3755)",
    "NULL": "it is not allowed in master files and PowerDNS refuses it (RFC 1035, section 3.3.10)",
    **dict.fromkeys(("ANY", "AXFR", "IXFR", "MAILA", "MAILB", "OPT", "TKEY", "TSIG", "TYPE0", "TYPE255"), _META),
}
NOT_AT_APEX: Mapping[str, str] = {
    "CNAME": "the apex has an SOA, and a CNAME stands alone (RFC 1034, section 3.6.2)",
    "DS": "a DS belongs to the parent side of a delegation, never to the zone's own apex (RFC 4035, section 2.4)",
}
ONLY_AT_APEX: Mapping[str, str] = {
    "DNSKEY": "a DNSKEY belongs to the zone's apex alone (RFC 4034, section 2.1.1)",
    "SOA": "a zone has one SOA, at its apex (RFC 1035, section 3.3.13)",
}
NOT_WHEN_SIGNED: Mapping[str, str] = dict.fromkeys(
    ("DNSKEY", "CDS", "CDNSKEY", "NSEC3PARAM"), "PowerDNS signs this zone and publishes its own"
)
_NO_SHORTHAND = (
    re.compile(r'ipv[46]hint="?auto'),
    'the hint "auto" is a shorthand of PowerDNS, not DNS; write the addresses',
)
_REFUSED_RDATA: Mapping[str, tuple[re.Pattern[str], str]] = {
    "CAA": (
        re.compile(r' ""$'),
        'its value is empty: PowerDNS with LMDB stops at it; to allow no issuer write ";" as value',
    ),
    "HTTPS": _NO_SHORTHAND,
    "NS": (re.compile(r"^\.$"), "the root is no name server"),
    "SVCB": _NO_SHORTHAND,
    "URI": (re.compile(r' ""$'), "its target is empty, and a URI record needs one (RFC 7553, section 4.4)"),
}
"""By type: what the rdata must not be, and why."""
LARGEST_RRSET = 65_535
"""Octets of a DNS message, and so of an RRset that can still be answered (RFC 1035, section 4.2.2)."""
LARGEST_TTL = 2**31 - 1
"""Seconds (RFC 2181, section 8)."""

_ALLOWED_OWNER = re.compile(r"(?:[a-z0-9_*/@.\-]++|\\[^0-9])+", re.ASCII)


def servable(desired: Desired, observed: Observed | None, context: PlanContext) -> tuple[Zone, tuple[LeftOut, ...]]:
    """Return what can be served of *desired*, and what is left out with the reasons; the SOA is not judged.

    The zone returned also holds those observed rdatas that stay in service because what would replace them is left out.
    """
    signed = context.signs if observed is None else observed.listed.dnssec
    there = {} if observed is None else observed.zone.content
    good: dict[Key, RRset] = {}
    left_out = list(desired.left_out)
    for key, rrset in desired.zone.content.items():
        reasons = _refusals(rrset, desired.zone.name, signed, context)
        if not reasons:
            good[key] = rrset
            continue
        if kept := tuple(rdata for rdata in rrset.rdatas if rdata not in reasons):
            good[key] = RRset.of(*key, rrset.ttl, kept)
        left_out.extend(_left_out(desired, key, rdata, reason) for rdata, reason in reasons.items())
    left_out.extend(_conflicts(desired, good, there))
    _keep_last_good(good, left_out, there)
    return Zone(desired.zone.name, MappingProxyType(good)), tuple(sorted(left_out, key=_by_key))


def _refusals(rrset: RRset, zone: str, signed: bool, context: PlanContext) -> dict[str, str]:
    """Return every rdata of *rrset* that cannot be served, with the reason."""
    if reason := _rrset_reason(rrset, zone, signed):
        return dict.fromkeys(rrset.rdatas, reason)
    if not context.refused and rrset.type not in _REFUSED_RDATA:
        return {}
    reasons = (
        (rdata, context.refused.get((*rrset.key, rdata)) or _rdata_reason(rrset.type, rdata)) for rdata in rrset.rdatas
    )
    return {rdata: why for rdata, why in reasons if why}


def _rrset_reason(rrset: RRset, zone: str, signed: bool) -> str | None:
    if not is_within(rrset.name, zone):
        return f"its name is not in the zone {zone}"
    if not _ALLOWED_OWNER.fullmatch(rrset.name):
        return "its name has characters that PowerDNS does not take in names"
    if not 0 <= rrset.ttl <= LARGEST_TTL:
        return f"its TTL is {rrset.ttl}, allowed are 0 to {LARGEST_TTL} seconds (RFC 2181, section 8)"
    return _type_reason(rrset.type, rrset.name == zone, signed) or _too_large(rrset)


@lru_cache(256)
def _type_reason(type: str, at_apex: bool, signed: bool) -> str | None:
    return (
        NEVER_SENT.get(type)
        or (NOT_AT_APEX.get(type) if at_apex else ONLY_AT_APEX.get(type))
        or (NOT_WHEN_SIGNED.get(type) if signed else None)
    )


def _too_large(rrset: RRset) -> str | None:
    if len(rrset.rdatas) == 1 and len(rrset.rdatas[0]) < LARGEST_RRSET // 8:
        return None
    if len(rrset.rdatas) * 12 + sum(map(len, rrset.rdatas)) < LARGEST_RRSET // 4:
        return None  # the text of an rdata is never so much shorter than its wire form
    header_and_question = 12 + len(rrset.name) + 5
    size = header_and_question + sum(12 + len(rdata_wire(rrset.type, rdata)) for rdata in rrset.rdatas)
    if size <= LARGEST_RRSET:
        return None
    return f"its RRset of {len(rrset.rdatas)} records takes {size} octets, a DNS message holds {LARGEST_RRSET}"


def _rdata_reason(type: str, rdata: str) -> str | None:
    rule = _REFUSED_RDATA.get(type)
    return rule[1] if rule is not None and rule[0].search(rdata) else None


def _conflicts(desired: Desired, good: dict[Key, RRset], there: Mapping[Key, RRset]) -> Iterator[LeftOut]:
    """Drop from *good* what cannot stand beside a CNAME, or is one too many, and yield it."""
    exclusive = sorted(key for key in good if key[1] in EXCLUSIVE)
    types = _types_by_name(good) if exclusive else {}
    for key in exclusive:
        yield from _all_but_one(desired, good, key, there)
        name, type = key
        if type == "CNAME" and len(types[name]) > 1:
            yield from _beside_cname(desired, good, name, types[name], there)


def _all_but_one(desired: Desired, good: dict[Key, RRset], key: Key, there: Mapping[Key, RRset]) -> Iterator[LeftOut]:
    rrset = good[key]
    if len(rrset.rdatas) == 1:
        return
    serving = there[key].rdatas[0] if key in there else ""
    one = serving if serving in rrset.rdatas else min(rrset.rdatas, key=lambda rdata: _record_id(desired, key, rdata))
    good[key] = RRset.of(*key, rrset.ttl, (one,))
    for rdata in rrset.rdatas:
        if rdata != one:
            yield _left_out(desired, key, rdata, f"a name has one {key[1]} (RFC 2181, section 10.1); {one} is served")


def _beside_cname(
    desired: Desired, good: dict[Key, RRset], name: str, types: set[str], there: Mapping[Key, RRset]
) -> Iterator[LeftOut]:
    """What is in service stays; where nothing is, or both were asked for anew, the CNAME is left out."""
    cname_serves = (name, "CNAME") in there
    losers = types - {"CNAME"} if cname_serves else {"CNAME"}
    others = ", ".join(sorted(types - {"CNAME"}))
    reason = (
        "its name has a CNAME, and a CNAME stands alone (RFC 1034, section 3.6.2); remove one of the two in NetBox"
        if cname_serves
        else f"its name has other data ({others}), and a CNAME stands alone (RFC 1034, section 3.6.2)"
    )
    for type in sorted(losers):
        for rdata in good.pop((name, type)).rdatas:
            yield _left_out(desired, (name, type), rdata, reason)


def _keep_last_good(good: dict[Key, RRset], left_out: list[LeftOut], there: Mapping[Key, RRset]) -> None:
    """Put back the observed records whose successors are left out, where they do not stand in the way of good ones."""
    if not left_out:
        return
    good_types, there_types = _types_by_name(good), _types_by_name(there)
    for name, type in sorted({record.key for record in left_out}):
        wanted = good_types.get(name, set())
        last_good = {type} & there_types.get(name, set())
        if not wanted:  # a bad CNAME would have taken the name from other data, or the reverse
            last_good |= {other for other in there_types.get(name, ()) if "CNAME" in {type, other}}
        for kept in last_good:
            if kept in wanted and kept not in EXCLUSIVE:
                rrset = good[name, kept]
                good[name, kept] = RRset.of(name, kept, rrset.ttl, (*rrset.rdatas, *there[name, kept].rdatas))
            elif not wanted or (kept not in wanted and "CNAME" not in wanted | {kept}):
                good[name, kept] = there[name, kept]


def _types_by_name(rrsets: Iterable[Key]) -> dict[str, set[str]]:
    types: defaultdict[str, set[str]] = defaultdict(set)
    for name, type in rrsets:
        types[name].add(type)
    return types


def _left_out(desired: Desired, key: Key, rdata: str, reason: str) -> LeftOut:
    record_id, url = desired.source_of(key, rdata)
    return LeftOut(desired.zone.name, *key, value=rdata, reason=reason, record_id=record_id, url=url)


def _record_id(desired: Desired, key: Key, rdata: str) -> tuple[int, str]:
    return desired.source_of(key, rdata)[0] or 0, rdata


def _by_key(record: LeftOut) -> tuple[str, str, str, int]:
    return record.name, record.type, record.value, record.record_id or 0


def zone_problem(zone: Zone) -> DataError | None:
    """Return why *zone* cannot be made: its name is none, or it has no SOA; None where nothing speaks against it."""
    try:
        canonical_name(zone.name)
    except DataError as error:
        return error
    if zone.soa is not None:
        return None
    return DataError(
        f"{zone.name}: NetBox shows no SOA record of this zone",
        hint="NetBox makes it by itself: look at the zone's SOA fields, and whether the token may view all records",
    )
