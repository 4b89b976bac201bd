"""Rdata as canonical text: equal text means equal wire form, names in it compared without case.

The canonical text is what dnspython prints of the rdata with absolute, lower-cased names. Types that it does
not know are `TYPEnnn` with the text of RFC 3597 (``\\# 4 0a000001``), and so is the rdata of any type where the printed
text would not be read as the same (a key of no octets, say). What NetBox means by a value is ``netbox/``'s to say;
how PowerDNS writes it is ``powerdns/``'s.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from netbox_pdns.dns import old_types
from netbox_pdns.dns.short_ways import SHORT_WAYS
from netbox_pdns.errors import DataError

old_types.register()

_READ_BACK_ANYWAY = frozenset(
    {"A", "AAAA", "CAA", "CNAME", "DNAME", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SVCB", "TXT"}
)
"""Types whose printed text is always read as the same rdata: common ones, which need not be read again."""


@lru_cache(256)
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
    short = SHORT_WAYS.get(type)
    quick = None if short is None else short(text, origin)
    return canonical_text(parse_rdata(type, text, origin)) if quick is None else quick


def rdata_wire(type: str, rdata: str) -> bytes:
    """Return canonical rdata in wire form, uncompressed (RFC 1035, section 3.2.1)."""
    return _wire(parse_rdata(type, rdata))


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
        lowered = _lower_cased(_read(rdata, _wire(rdata)))
        text = lowered.to_text(relativize=False)
    except (dns.exception.DNSException, ValueError, OverflowError, LookupError, struct.error) as error:
        type = dns.rdatatype.to_text(rdata.rdtype)
        raise DataError(f"{type} rdata {rdata!r:.120} has no wire form: {error}") from error
    wire = _wire(lowered)
    return (
        text
        if _reads_back(rdata.rdtype, text, wire)
        else dns.rdata.GenericRdata(rdata.rdclass, rdata.rdtype, wire).to_text()
    )


def _wire(rdata: dns.rdata.Rdata) -> bytes:
    wire = rdata.to_wire(origin=dns.name.root)
    assert wire is not None  # dnspython returns it where no file is given
    return wire


def _read(like: dns.rdata.Rdata, wire: bytes) -> dns.rdata.Rdata:
    return dns.rdata.from_wire(like.rdclass, like.rdtype, wire, 0, len(wire))


def _reads_back(rdtype: dns.rdatatype.RdataType, text: str, wire: bytes) -> bool:
    """Tell whether the printed *text* is read as the same rdata."""
    type = dns.rdatatype.to_text(rdtype)
    if type in _READ_BACK_ANYWAY:
        return True
    try:
        return rdata_wire(type, text) == wire
    except DataError:
        return False


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
