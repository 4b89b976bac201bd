"""Record content: whether PowerDNS takes it, how it prints it, and what goes on the wire.

PowerDNS takes content only in the form that it prints itself, letter case aside. Common types have a short way that needs
no scanner.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from types import MappingProxyType

from netbox_pdns.sandbox.powerdns import fields as f
from netbox_pdns.sandbox.powerdns.address_lists import address_prefixes, ipsec_key
from netbox_pdns.sandbox.powerdns.errors import ContentError
from netbox_pdns.sandbox.powerdns.names import is_hostname
from netbox_pdns.sandbox.powerdns.places import place
from netbox_pdns.sandbox.powerdns.scanner import Scanner
from netbox_pdns.sandbox.powerdns.services import service

_U8, _U16, _U32 = f.number(8), f.number(16), f.number(32)
_KEY = (_U16, _U8, _U8, f.base64_octets)
_DIGEST = (_U16, _U8, _U8, f.hexadecimal)
_CERTIFICATE = (_U8, _U8, _U8, f.hexadecimal)
_PREFERENCE = (_U16, f.name)

_FIELDS: Mapping[str, tuple[f.Field, ...]] = MappingProxyType(
    {
        "A": (f.ipv4,),
        "AAAA": (f.ipv6,),
        "AFSDB": _PREFERENCE,
        "ALIAS": (f.name,),
        "APL": (address_prefixes,),
        "CAA": (_U8, f.tag, f.unbounded),
        "CDNSKEY": _KEY,
        "CDS": _DIGEST,
        "CERT": (_U16, _U16, _U8, f.base64_octets),
        "CNAME": (f.name,),
        "CSYNC": (_U32, _U16, f.type_bitmap),
        "DHCID": (f.base64_octets,),
        "DLV": _DIGEST,
        "DNAME": (f.name,),
        "DNSKEY": _KEY,
        "DS": _DIGEST,
        "EUI48": (f.extended_identifier(6),),
        "EUI64": (f.extended_identifier(8),),
        "HINFO": (f.string, f.string),
        "HTTPS": (service,),
        "IPSECKEY": (ipsec_key,),
        "KEY": _KEY,
        "KX": _PREFERENCE,
        "L32": (_U16, f.ipv4),
        "L64": (_U16, f.locator),
        "LOC": (place,),
        "LP": _PREFERENCE,
        "LUA": (f.type_name, f.unbounded),
        "MB": (f.name,),
        "MG": (f.name,),
        "MINFO": (f.name, f.name),
        "MR": (f.name,),
        "MX": _PREFERENCE,
        "NAPTR": (_U16, _U16, f.string, f.string, f.string, f.name),
        "NID": (_U16, f.locator),
        "NS": (f.name,),
        "NSEC": (f.name, f.type_bitmap),
        "NSEC3": (_U8, _U8, _U16, f.salt, f.hashed_owner, f.type_bitmap),
        "NSEC3PARAM": (_U8, _U8, _U16, f.salt),
        "OPENPGPKEY": (f.base64_octets,),
        "PTR": (f.name,),
        "RKEY": _KEY,
        "RP": (f.name, f.name),
        "RRSIG": (f.type_name, _U8, _U8, _U32, f.moment, f.moment, _U16, f.name, f.base64_octets),
        "SMIMEA": _CERTIFICATE,
        "SOA": (f.name, f.name, _U32, _U32, _U32, _U32, _U32),
        "SPF": (f.strings,),
        "SRV": (_U16, _U16, _U16, f.name),
        "SSHFP": (_U8, _U8, f.hexadecimal),
        "SVCB": (service,),
        "TLSA": _CERTIFICATE,
        "TXT": (f.strings,),
        "URI": (_U16, _U16, f.unbounded),
        "ZONEMD": (_U32, _U8, _U8, f.hexadecimal),
    }
)
_HOSTS = frozenset({"NS", "MX", "SRV"})
"""Types whose last field must be a host name; MX and SRV may also say that there is none (RFC 7505, RFC 2782)."""

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,60}"
_NUMBER = r"(?:0|[1-9][0-9]{0,3})"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LONGEST_NAME = 254
_PLAIN: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "A": re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}"),
        "CNAME": re.compile(_HOST),
        "MX": re.compile(f"{_NUMBER} {_HOST}"),
        "NS": re.compile(_HOST),
        "PTR": re.compile(_HOST),
        "SRV": re.compile(f"{_NUMBER} {_NUMBER} {_NUMBER} {_HOST}"),
        "TXT": re.compile(r'"[ !#-\[\]-~]{0,255}"'),
    }
)
"""Spellings of common types that are taken, and printed, as they are."""


def taken(type: str, content: str) -> str:
    """Return *content* as it is printed; raises `ContentError` where PowerDNS does not take it."""
    plain = _PLAIN.get(type)
    if plain is not None and len(content) <= _LONGEST_NAME and plain.fullmatch(content):
        return content
    if type == "AAAA":
        return _address(content)
    text, _ = _read(type, content)
    if text.lower() != content.lower():
        raise ContentError(f"Not in expected format (parsed as '{text}')")
    return text


def not_a_host(type: str, content: str) -> str | None:
    """Return the name in *content* that had to be a host name and is none, None where all is well."""
    if type not in _HOSTS:
        return None
    host = content.rpartition(" ")[2]
    return None if is_hostname(host) or (host == "." and type != "NS") else host


def wire(type: str, content: str) -> bytes:
    """Return *content*, which was taken, in wire form."""
    if type == "A":
        return socket.inet_aton(content)
    return _read(type, content)[1]


def _address(content: str) -> str:
    """Return an IPv6 address as it is printed. It is taken in every spelling without dots, and printed with them."""
    if "." in content or "%" in content:
        raise ContentError("Invalid IPv6 address")
    try:
        return f.ipv6_text(socket.inet_pton(socket.AF_INET6, content))
    except (OSError, ValueError) as error:
        raise ContentError("Invalid IPv6 address") from error


def _read(type: str, content: str) -> tuple[str, bytes]:
    reader = _FIELDS.get(type)
    if reader is None:
        return _generic(content)
    scanner = Scanner(content)
    parts = [read(scanner) for read in reader]
    scanner.must_end(type)
    return " ".join(text for text, _ in parts if text is not None), b"".join(octets for _, octets in parts)


def _generic(content: str) -> tuple[str, bytes]:
    """Read content of a type that PowerDNS does not know (RFC 3597, section 5)."""
    words = content.split()
    if len(words) != 3 and words != ["\\#", "0"]:
        why = f"Unknown record was stored incorrectly, need 3 fields, got {len(words)}: {content}"
        raise ContentError(why)
    mark, size, digits = (*words, "")[:3]
    if mark != "\\#":
        raise ContentError(f"Unknown record was stored incorrectly, first part should be '\\#', got '{mark}'")
    if not size.isdecimal():
        raise ContentError("stoull")
    if len(digits) != 2 * int(size):
        raise ContentError(
            f"invalid unknown record length: size not equal to length field ({len(digits)} != 2 * {int(size)})"
        )
    try:
        octets = bytes.fromhex(digits)
    except ValueError as error:
        raise ContentError(f"unable to read data from unknown record of size {len(digits)}") from error
    return f"\\# {len(octets)} {octets.hex()}", octets
