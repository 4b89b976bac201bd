"""What an answer of DNS says about one RRset that is wanted: as wanted, missing, stale, or more than wanted.

Most answers are as wanted, and seen to be so from their octets alone (`is_as_wanted`). What is not is read with dnspython,
and said in words (`verdict`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from netbox_pdns.dns.message import Answer, MessageError, Record, read_answer
from netbox_pdns.dns.names import is_within
from netbox_pdns.dns.rdata import canonical_text
from netbox_pdns.dns.rrset import RRset, soa_serial, with_serial
from netbox_pdns.dns.serial import serial_gt
from netbox_pdns.dns.wire import canonical_wire, name_wire
from netbox_pdns.errors import DataError
from netbox_pdns.planning.expectations import Expectation, Seen


class Finding(StrEnum):
    """How an RRset is not as wanted in DNS."""

    MISSING = "missing"
    """Records that are wanted are not there, and no others in their place."""
    STALE = "stale"
    """Others are there in place of those that are wanted, or the TTL or the serial is another."""
    EXTRA = "extra"
    """All that are wanted are there, and more."""
    UNANSWERED = "unanswered"
    """The server did not answer this question, or with what nobody can read."""
    OCCLUDED = "occluded"
    """It cannot be seen: a delegation, a DNAME or a zone below hides it. No alarm."""
    NOT_ASKED = "not asked"
    """It cannot be asked for. No alarm."""


WARNINGS = frozenset({Finding.OCCLUDED, Finding.NOT_ASKED})
"""Findings that are no alarm by themselves."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What DNS shows of one RRset: `missing` and `extra` are canonical rdatas, `finding` is None where all is as wanted.

    `answer` says in words what DNS answered where it showed no such RRset, or what is the matter with it. `served_ttl` is
    None where it showed none.
    """

    finding: Finding | None
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    served_ttl: int | None = None
    answer: str = ""


AS_WANTED = Verdict(None)


def is_as_wanted(expected: Expectation, message: bytes, question: bytes) -> bool:
    """Tell whether *message* surely shows the RRset as wanted; False is a reason to look closer, no finding yet."""
    try:
        answer = read_answer(message, question)
    except MessageError:
        return False
    if answer.rcode or (expected.seen is Seen.ANSWER) is not answer.authoritative:
        return False
    return _octets(expected, _section_of(answer, expected.seen), question)


def is_hidden(message: bytes) -> bool:
    """Tell whether *message* shows that something above the name hides it: a referral, or a DNAME (RFC 6672)."""
    try:
        read = dns.message.from_wire(message)
    except (dns.exception.DNSException, ValueError):
        return False
    referred = not read.flags & dns.flags.AA and _first(read.authority, dns.rdatatype.NS) is not None
    return referred or _first(read.answer, dns.rdatatype.DNAME) is not None


def _section_of(answer: Answer, seen: Seen) -> Sequence[Record]:
    if seen is Seen.ANSWER:
        return answer.answer
    return answer.authority if seen is Seen.REFERRAL else answer.additional


def _octets(expected: Expectation, section: Sequence[Record], question: bytes) -> bool:
    rrset = expected.rrset
    if expected.seen is Seen.GLUE:
        owner, number = name_wire(rrset.name), int(dns.rdatatype.from_text(rrset.type))
    else:
        owner, number = question[:-4], int.from_bytes(question[-4:-2], "big")
    found = [record for record in section if record.type == number and record.owner == owner]
    if len(found) != len(rrset.rdatas) or any(record.ttl != rrset.ttl for record in found):
        return False
    return {record.rdata for record in found} == {canonical_wire(rrset.type, rdata) for rdata in rrset.rdatas}


def verdict(expected: Expectation, message: bytes | None) -> Verdict:
    """Return what *message* shows of the RRset; None is no answer at all."""
    if message is None:
        return Verdict(Finding.UNANSWERED, expected.rrset.rdatas, answer="no answer")
    try:
        read = dns.message.from_wire(message)
        return _verdict(expected, read)
    except (dns.exception.DNSException, DataError, ValueError, LookupError) as error:
        reason = str(error) or error.__class__.__name__
        return Verdict(Finding.UNANSWERED, expected.rrset.rdatas, answer=f"an answer that nobody can read ({reason})")


def _verdict(expected: Expectation, message: dns.message.Message) -> Verdict:
    rrset, authoritative = expected.rrset, bool(message.flags & dns.flags.AA)
    if expected.seen is not Seen.ANSWER and authoritative and (below := _answered_below(expected, message)):
        return Verdict(Finding.OCCLUDED, answer=f"an answer of the zone {below} on this server")
    found = None if message.rcode() else _found(expected, message)
    if found is None:
        return Verdict(Finding.MISSING, rrset.rdatas, answer=_said(expected, message))
    if rrset.type == "SOA" and len(found.rdatas) == len(rrset.rdatas) == 1:
        return _verdict_of_soa(rrset, found, authoritative=authoritative)
    missing = tuple(rdata for rdata in rrset.rdatas if rdata not in found.rdatas)
    extra = tuple(rdata for rdata in found.rdatas if rdata not in rrset.rdatas)
    if not missing and not extra:
        return _verdict_of_ttl(rrset, found, authoritative=authoritative)
    finding = Finding.STALE if missing and extra else Finding.MISSING if missing else Finding.EXTRA
    return Verdict(finding, missing, extra, found.ttl)


def _found(expected: Expectation, message: dns.message.Message) -> RRset | None:
    sections = {Seen.ANSWER: message.answer, Seen.REFERRAL: message.authority, Seen.GLUE: message.additional}
    rrset = expected.rrset
    owner, type = dns.name.from_text(rrset.name), dns.rdatatype.from_text(rrset.type)
    found = [each for each in sections[expected.seen] if each.rdtype == type and each.name == owner]
    rdatas = [canonical_text(rdata) for each in found for rdata in each]
    return RRset.of(rrset.name, rrset.type, min(each.ttl for each in found), rdatas) if rdatas else None


def _verdict_of_ttl(wanted: RRset, found: RRset, *, authoritative: bool) -> Verdict:
    """A cache counts the TTL down, so only the server itself owes it in full."""
    if found.ttl == wanted.ttl or (not authoritative and found.ttl < wanted.ttl):
        return AS_WANTED
    return Verdict(Finding.STALE, served_ttl=found.ttl, answer=f"TTL {found.ttl} in place of {wanted.ttl}")


def _verdict_of_soa(wanted: RRset, found: RRset, *, authoritative: bool) -> Verdict:
    """The serial may be ahead of NetBox's: what secondaries see must grow, whatever NetBox's does."""
    ours, theirs = wanted.rdatas[0], found.rdatas[0]
    if with_serial(ours, 0) != with_serial(theirs, 0):
        return Verdict(Finding.STALE, (ours,), (theirs,), found.ttl)
    if serial_gt(soa_serial(ours), soa_serial(theirs)):
        behind = f"serial {soa_serial(theirs)}, behind {soa_serial(ours)}"
        return Verdict(Finding.STALE, (ours,), (theirs,), found.ttl, behind)
    return _verdict_of_ttl(wanted, found, authoritative=authoritative)


def _answered_below(expected: Expectation, message: dns.message.Message) -> str | None:
    """Return the zone at or below the delegation from which the server answers by itself, None where it does not."""
    delegation = expected.question[0]
    for section, type in ((message.answer, dns.rdatatype.NS), (message.authority, dns.rdatatype.SOA)):
        for each in section:
            owner = each.name.canonicalize().to_text()
            if each.rdtype == type and is_within(owner, delegation):
                return owner
    return None


def _said(expected: Expectation, message: dns.message.Message) -> str:
    """Return in words what the message answers in place of the RRset."""
    if message.rcode() != dns.rcode.NOERROR:
        return dns.rcode.to_text(message.rcode())
    cname = _first(message.answer, dns.rdatatype.CNAME)
    if cname is not None:
        return f"a CNAME to {cname[0].to_text()}"
    referral = _first(message.authority, dns.rdatatype.NS)
    if not message.flags & dns.flags.AA and referral is not None and expected.seen is not Seen.GLUE:
        return f"a referral to the name servers of {referral.name.to_text()}"
    if expected.seen is Seen.GLUE and referral is not None:
        return "a referral without this address"
    return "no data of this type"


def _first(section: Sequence[dns.rrset.RRset], type: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
    return next((each for each in section if each.rdtype == type), None)


@dataclass(frozen=True, slots=True)
class Shown:
    """What DNS shows of a name and type, wanted or not: rdatas and their TTL, or in `words` what it says instead."""

    rdatas: tuple[str, ...] = ()
    ttl: int | None = None
    words: str = ""


def shown(expected: Expectation, message: bytes | None) -> Shown:
    """Return what *message* shows where *expected* says that it is to be seen."""
    none = RRset(*expected.rrset.key, expected.rrset.ttl, ())
    said = verdict(replace(expected, rrset=none), message)
    return Shown(said.extra, said.served_ttl, "" if said.extra else said.answer)
