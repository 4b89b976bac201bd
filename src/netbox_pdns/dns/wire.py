"""Names and rdata in wire form (RFC 1035, sections 3.1 and 3.3), the commonest types without a parser.

What is written here is canonical: names in lower case and uncompressed, so that two rdatas are the same if and only if
their octets are equal. Tests hold the short ways against dnspython.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Mapping
from typing import TypeAlias

import dns.name

from netbox_pdns.dns.rdata import rdata_wire

_ShortWay: TypeAlias = Callable[[str], bytes | None]
_NUMBERS_OF_SOA = struct.Struct("!5I")
_LONGEST_STRING = 255


def name_wire(name: str) -> bytes:
    """Return the canonical *name* in wire form."""
    if "\\" in name:
        return dns.name.from_text(name).to_wire() or b""
    if name == ".":
        return b"\0"
    return b"".join([bytes((len(label),)) + label.encode("ascii") for label in name.split(".")])


def canonical_wire(type: str, rdata: str) -> bytes:
    """Return canonical rdata in canonical wire form; the same octets as `rdata_wire`, most often much sooner."""
    short = _SHORT_WAYS.get(type)
    quick = None if short is None or rdata.startswith("\\#") else short(rdata)
    return rdata_wire(type, rdata) if quick is None else quick


def _ipv4(rdata: str) -> bytes:
    return bytes(map(int, rdata.split(".")))


def _ipv6(rdata: str) -> bytes:
    return ipaddress.IPv6Address(rdata).packed


def _text(rdata: str) -> bytes | None:
    text = rdata[1:-1]
    if "\\" in text or '"' in text or len(text) > _LONGEST_STRING:
        return None
    return bytes((len(text),)) + text.encode("ascii")


def _numbers_and_name(rdata: str) -> bytes | None:
    *numbers, name = rdata.split(" ")
    return struct.pack(f"!{len(numbers)}H", *map(int, numbers)) + name_wire(name)


def _soa(rdata: str) -> bytes | None:
    if "\\" in rdata:
        return None
    mname, rname, *numbers = rdata.split(" ")
    return name_wire(mname) + name_wire(rname) + _NUMBERS_OF_SOA.pack(*map(int, numbers))


_SHORT_WAYS: Mapping[str, _ShortWay] = {
    "A": _ipv4,
    "AAAA": _ipv6,
    "CNAME": name_wire,
    "DNAME": name_wire,
    "MX": _numbers_and_name,
    "NS": name_wire,
    "PTR": name_wire,
    "SOA": _soa,
    "SRV": _numbers_and_name,
    "TXT": _text,
}
