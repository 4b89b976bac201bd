"""Answers and transfers as DNS messages (RFC 1035, section 4; RFC 5936)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from netbox_pdns.sandbox.powerdns.answers import Answer, Found
from netbox_pdns.sandbox.powerdns.contents import wire
from netbox_pdns.sandbox.powerdns.names import name_wire
from netbox_pdns.sandbox.powerdns.types import type_number
from netbox_pdns.sandbox.powerdns.zones import Zone

LARGEST_OVER_UDP = 1232
_MESSAGE = 16_384
"""Bytes of one message of a transfer."""
_NOT_TRANSFERRED = frozenset({"CDS", "CDNSKEY", "SOA"})
_IN = 1


def response(query: dns.message.Message, answer: Answer) -> dns.message.Message:
    """Return the message that answers *query*."""
    made = dns.message.make_response(query, our_payload=LARGEST_OVER_UDP)
    made.set_rcode(dns.rcode.Rcode(answer.rcode))
    if answer.authoritative:
        made.flags |= dns.flags.AA
    made.answer = [_rrset(each) for each in answer.answer]
    made.authority = [_rrset(each) for each in answer.authority]
    made.additional = [_rrset(each) for each in answer.additional]
    return made


def truncated(query: dns.message.Message) -> dns.message.Message:
    """Return the message that asks for another try over TCP."""
    made = response(query, Answer())
    made.flags |= dns.flags.TC
    return made


def transfer(query: dns.message.Message, zone: Zone) -> Iterator[bytes]:
    """Yield the messages that transfer *zone*: the SOA, everything else, and the SOA again."""
    soa = zone.soa
    assert soa is not None
    header = struct.pack("!HH", query.id, dns.flags.QR | dns.flags.AA)
    question = query.question[0].name.to_wire() or b""
    question += struct.pack("!HH", query.question[0].rdtype, _IN)
    ends = list(_records(Found(zone.name, "SOA", soa[0], (zone.served_soa,))))
    body: list[bytes] = []
    size = 0
    for record in (*ends, *_content(zone), *ends):
        if body and size + len(record) > _MESSAGE:
            yield _message(header, question, body)
            body, size = [], 0
        body.append(record)
        size += len(record)
    yield _message(header, question, body)


def _content(zone: Zone) -> Iterator[bytes]:
    for name, types in zone.rrsets.items():
        for type, rrset in types.items():
            if type not in _NOT_TRANSFERRED:
                yield from _records(Found(name, type, rrset.ttl, rrset.contents))


def _records(found: Found) -> Iterator[bytes]:
    head = name_wire(found.name) + struct.pack("!HHL", type_number(found.type), _IN, found.ttl)
    for content in found.contents:
        rdata = wire(found.type, content)
        yield head + struct.pack("!H", len(rdata)) + rdata


def _message(header: bytes, question: bytes, records: Iterable[bytes]) -> bytes:
    records = list(records)
    return header + struct.pack("!HHHH", 1, len(records), 0, 0) + question + b"".join(records)


def _rrset(found: Found) -> dns.rrset.RRset:
    """Return the RRset for a message. Its rdata are mere octets: what PowerDNS takes, dnspython need not."""
    name = dns.name.from_wire(name_wire(found.name), 0)[0]
    rdtype = dns.rdatatype.RdataType.make(type_number(found.type))
    rdatas = [
        dns.rdata.GenericRdata(dns.rdataclass.IN, rdtype, wire(found.type, content)) for content in found.contents
    ]
    return dns.rrset.from_rdata_list(name, found.ttl, rdatas)
