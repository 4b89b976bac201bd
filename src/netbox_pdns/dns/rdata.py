"""Rdata as canonical text: equal text means equal wire form, names in it compared without case.

The canonical text is what dnspython prints of the rdata with absolute, lower-cased names. Types that it does
not know are `TYPEnnn` with the text of RFC 3597 (``\\# 4 0a000001``). What NetBox means by a value is
``netbox/``'s to say; how PowerDNS writes it is ``powerdns/``'s. The commonest types take a short way that
gives the same text without a parser (a test holds the two ways against each other).
"""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Callable

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.errors import DataError

_ORDINARY_NAME = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.){1,60}")
_ORDINARY_TXT = re.compile(r'"[ !#-\[\]-~]{0,255}"')


def canonical_type(text: str) -> str:
    """Return the mnemonic of the record type *text*, TYPEnnn where it has none; raises `DataError` for what is no type."""
    try:
        return dns.rdatatype.to_text(dns.rdatatype.from_text(text))
    except (dns.exception.DNSException, ValueError) as error:
        raise DataError(
            f"{text!r} is no record type", hint="write a type that has no mnemonic as TYPEnnn (RFC 3597)"
        ) from error


def canonical_rdata(type: str, text: str, origin: str = ".") -> str:
    """Return the canonical form of master-file rdata *text* (RFC 1035, section 5.1; RFC 3597).

    Relative names are below *origin*. Raises `DataError` that says why where *text* is no rdata of *type*.
    """
    short = _SHORT_WAYS.get(type)
    quick = None if short is None else short(text)
    return canonical_text(parse_rdata(type, text, origin)) if quick is None else quick


def rdata_wire(type: str, rdata: str) -> bytes:
    """Return canonical rdata in wire form, uncompressed (RFC 1035, section 3.2.1)."""
    wire = parse_rdata(type, rdata).to_wire(origin=dns.name.root)
    assert wire is not None  # dnspython returns it where no file is given
    return wire


def parse_rdata(type: str, text: str, origin: str = ".") -> dns.rdata.Rdata:
    """Return dnspython's rdata for master-file *text*; raises `DataError` where it is none."""
    try:
        return dns.rdata.from_text(
            dns.rdataclass.IN,
            dns.rdatatype.from_text(type),
            text,
            origin=dns.name.from_text(origin),
            relativize=False,
        )
    except (dns.exception.DNSException, ValueError, UnicodeError, ArithmeticError, LookupError) as error:
        reason = str(error) or error.__class__.__name__
        raise DataError(
            f"{text[:120]!r} is no valid {type} rdata: {reason}", hint="correct the record's value in NetBox"
        ) from error


def canonical_text(rdata: dns.rdata.Rdata) -> str:
    """Return the canonical text of dnspython's *rdata*: by way of the wire, so that one meaning has one text.

    Names in it are lower-cased (RFC 4343); DNS compares them without case. Raises `DataError` for what has no wire form.
    """
    try:
        wire = rdata.to_wire(origin=dns.name.root)
        assert wire is not None  # dnspython returns it where no file is given
        read = dns.rdata.from_wire(rdata.rdclass, rdata.rdtype, wire, 0, len(wire))
    except (dns.exception.DNSException, ValueError, OverflowError, struct.error) as error:
        type = dns.rdatatype.to_text(rdata.rdtype)
        raise DataError(f"{rdata.to_text()[:120]!r} has no wire form as {type}: {error}") from error
    return _lower_cased(read).to_text(relativize=False)


def _lower_cased(rdata: dns.rdata.Rdata) -> dns.rdata.Rdata:
    """Return *rdata* with its names in lower case, also those inside of sequences (HIP) and of gateways (IPSECKEY)."""
    lowered: dict[str, object] = {}
    for slot in (slot for cls in type(rdata).__mro__ for slot in getattr(cls, "__slots__", ())):
        value = getattr(rdata, slot, None)
        if isinstance(value, dns.name.Name):
            lowered[slot] = value.canonicalize()
        elif isinstance(value, tuple) and value and isinstance(value[0], dns.name.Name):
            lowered[slot] = tuple(name.canonicalize() for name in value)
    return rdata.replace(**lowered) if lowered else rdata


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return None


def _name(text: str) -> str | None:
    return canonical_name(text) if _ORDINARY_NAME.fullmatch(text) and len(text) < 254 else None


def _text(text: str) -> str | None:
    return text if _ORDINARY_TXT.fullmatch(text) else None


_SHORT_WAYS: dict[str, Callable[[str], str | None]] = {
    "A": _address,
    "CNAME": _name,
    "NS": _name,
    "PTR": _name,
    "TXT": _text,
}
