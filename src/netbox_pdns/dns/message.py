"""DNS messages (RFC 1035, section 4): a question in octets, and an answer read as far as it is compared.

dnspython reads everything and takes some hundred microseconds for it; this reads an ordinary answer in about ten.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import dns.rdatatype

from netbox_pdns.dns.rrset import Key
from netbox_pdns.dns.wire import name_wire

PAYLOAD = 1232
"""EDNS buffer size that passes everywhere (DNS Flag Day 2020)."""
HEADER = 12
"""Octets before the question."""
_QR, _OPCODE, _AA, _TC = 0x8000, 0x7800, 0x0400, 0x0200
_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_OPT = struct.pack("!BHHIH", 0, 41, PAYLOAD, 0, 0)
_POINTER = 0xC0
_LONGEST_LABEL, _LONGEST_NAME = 63, 255
_ONE_NAME = (0, 1)
_NAMES_IN_RDATA: dict[int, tuple[int, int]] = {
    **dict.fromkeys(
        (2, 3, 4, 5, 7, 8, 9, 12, 23, 39, 65401), _ONE_NAME
    ),  # NS MD MF CNAME MB MG MR PTR NSAP-PTR DNAME ALIAS
    **dict.fromkeys((6, 14, 17), (0, 2)),  # SOA MINFO RP
    **dict.fromkeys((15, 18, 21, 36, 107), (2, 1)),  # MX AFSDB RT KX LP
    26: (2, 2),  # PX
    33: (6, 1),  # SRV
}
"""By type: the octets before the names in its rdata, and how many names there are. They may be compressed (RFC 3597,
section 4)."""


class MessageError(ValueError):
    """Octets that are no DNS message, or one that breaks off."""


class Record(NamedTuple):
    """One record of an answer: owner and the names in its rdata in lower case and uncompressed."""

    owner: bytes
    type: int
    ttl: int
    rdata: bytes


class Answer(NamedTuple):
    """An answer's status and its sections."""

    rcode: int
    authoritative: bool
    answer: list[Record]
    authority: list[Record]
    additional: list[Record]


def question_of(key: Key) -> bytes:
    """Return the question section that asks for an RRset, class IN."""
    return name_wire(key[0]) + struct.pack("!HH", int(dns.rdatatype.from_text(key[1])), 1)


def query(number: int, question: bytes) -> bytes:
    """Return the message that asks *question* under the id *number*: no recursion, EDNS with `PAYLOAD`."""
    return _HEADER.pack(number, 0, 1, 0, 0, 1) + question + _OPT


def message_id(message: bytes) -> int | None:
    """Return the id of a message that is an answer to a standard query, None for any other octets."""
    if len(message) < HEADER:
        return None
    number, flags = struct.unpack_from("!HH", message)
    return int(number) if flags & _QR and not flags & _OPCODE else None


def answers(message: bytes, question: bytes) -> bool:
    """Tell whether *message* repeats *question*, as the answer to it must (RFC 5452, section 9.1); case aside."""
    end = HEADER + len(question)
    asked = message[HEADER:end]
    if message[4:6] != b"\0\1":
        return False
    return asked == question or (asked[-4:] == question[-4:] and asked[:-4].lower() == question[:-4])


def is_truncated(message: bytes) -> bool:
    """Tell whether the answer did not fit, and is to be asked for over TCP (RFC 7766, section 5)."""
    return bool(message[2] & (_TC >> 8))


def read_answer(message: bytes, question: bytes) -> Answer:
    """Return what *message* says to *question*; raises `MessageError` where it breaks off or makes no sense."""
    try:
        _, flags, _, *counts = _HEADER.unpack_from(message)
        at = HEADER + len(question)
        sections: list[list[Record]] = []
        for count in counts:
            section, at = _section(message, at, count)
            sections.append(section)
    except (IndexError, struct.error) as error:
        raise MessageError("the answer breaks off") from error
    return Answer(flags & 0xF, bool(flags & _AA), *sections)


def _section(message: bytes, at: int, count: int) -> tuple[list[Record], int]:
    records = []
    for _ in range(count):
        owner, at = _name(message, at)
        type, _class, ttl, length = _RECORD.unpack_from(message, at)
        at += 10
        end = at + length
        if end > len(message):
            raise MessageError("the answer breaks off")
        layout = _NAMES_IN_RDATA.get(type)
        rdata = message[at:end] if layout is None else _expanded(message, at, end, layout)
        records.append(Record(owner, type, ttl, rdata))
        at = end
    return records, at


def _expanded(message: bytes, at: int, end: int, layout: tuple[int, int]) -> bytes:
    numbers, names = layout
    parts = [message[at : at + numbers]]
    at += numbers
    for _ in range(names):
        name, at = _name(message, at)
        parts.append(name)
    if at > end:
        raise MessageError("a name goes beyond its record")
    parts.append(message[at:end])
    return b"".join(parts)


def _name(message: bytes, at: int) -> tuple[bytes, int]:
    """Return the name at *at*, lower-case and uncompressed, and where it ends; pointers lead backwards alone."""
    labels: list[bytes] = []
    end, limit, length_of_all = 0, at, 1
    while length := message[at]:
        if length >= _POINTER:
            end = end or at + 2
            at = (length & 0x3F) << 8 | message[at + 1]
            if at >= limit:
                raise MessageError("a compressed name leads forward")
            limit = at
            continue
        length_of_all += length + 1
        if length > _LONGEST_LABEL or length_of_all > _LONGEST_NAME:
            raise MessageError("a name is too long")
        labels.append(message[at : at + length + 1])
        at += length + 1
    labels.append(b"\0")
    return b"".join(labels).lower(), end or at + 1
