"""The two forms of rdata: what PowerDNS is *sent*, and what is *compared*.

PowerDNS takes content only in the form that it prints itself, which is not dnspython's for about a third of the types;
and types that it does not know only as TYPEnnn with RFC 3597 content. `compared(*sent(type, rdata)) == (type, rdata)`
for every canonical rdata. Measured with PowerDNS 4.7.3 and 4.9.18; the table is in tests/contract.
What younger releases are sent is in `netbox_pdns.powerdns.forms`.
"""

from __future__ import annotations

import base64
import io
import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import dns.name
import dns.rdata
import dns.rdatatype

from netbox_pdns.dns.rdata import canonical_rdata, canonical_type, parse_rdata, rdata_wire
from netbox_pdns.errors import DataError

UNKNOWN_TO_POWERDNS = frozenset(
    {
        "A6",
        "AMTRELAY",
        "ATMA",
        "AVC",
        "BRID",
        "CLA",
        "DOA",
        "DSYNC",
        "EID",
        "GID",
        "GPOS",
        "HHIT",
        "HIP",
        "ISDN",
        "MD",
        "MF",
        "NIMLOC",
        "NINFO",
        "NSAP",
        "NSAP-PTR",
        "NXNAME",
        "PX",
        "RESINFO",
        "RT",
        "SINK",
        "TA",
        "TALINK",
        "UID",
        "UINFO",
        "UNSPEC",
        "WALLET",
        "WKS",
        "X25",
    }
)
"""Types of the registry that PowerDNS 4.7 has no parser for: they go as TYPEnnn."""

_AS_IT_IS = frozenset({"A", "HINFO", "TXT", "SPF", "CAA", "URI", "EUI48", "EUI64", "APL", "CSYNC", "NSEC3PARAM"})
_COMPARED_AS_IT_IS = _AS_IT_IS | {"AAAA"}
_NAME_CONTENT = frozenset({"CNAME", "NS", "PTR", "DNAME", "MX", "SRV", "KX", "AFSDB", "RP", "LP", "SOA", "ALIAS"})
_NAME_FIELD = {"NAPTR": -1, "SVCB": 1, "HTTPS": 1, "IPSECKEY": 3}
"""Types with a name among other fields: which one, counted by spaces (in a name PowerDNS prints a space as \\032)."""
_NO_GATEWAY = re.compile(r"^([0-9]+ 0 [0-9]+)(?= (?!\. ))")
_TO_ESCAPE = re.compile(r'(?<!\\)[";()]')


def sent(type: str, rdata: str) -> tuple[str, str]:
    """Return type and content as PowerDNS takes them, for canonical *rdata* (`netbox_pdns.dns.rdata`)."""
    if type in _AS_IT_IS:
        return type, rdata
    if type == "AAAA":
        return type, _without_dots(rdata)
    if type in _NAME_CONTENT and "\\" not in rdata:
        return type, rdata
    if type in UNKNOWN_TO_POWERDNS or type.startswith("TYPE"):
        return _generic(type, rdata)
    if rdata.startswith("\\# "):  # octets without a text of their own: PowerDNS refuses them, and names them
        return type, rdata
    printer = _PRINTERS.get(type)
    return type, rdata if printer is None else printer(parse_rdata(type, rdata))


def compared(type: str, content: str) -> tuple[str, str]:
    """Return type and canonical rdata for what PowerDNS printed.

    Content of types that only PowerDNS has (LUA, ALIAS) stays as it is.
    """
    if type in _COMPARED_AS_IT_IS:
        return type, _canonical(type, content)
    known = type
    if type.startswith("TYPE"):
        with suppress(DataError):  # a number past all types, which no server means
            known = canonical_type(type)
    if known in _NAME_CONTENT:
        content = _escaped(content)
    if known == "IPSECKEY":
        content = _NO_GATEWAY.sub(r"\1 .", content)
    if known in _NAME_FIELD:
        content = _with_field(content, _NAME_FIELD[known], _escaped)
    return known, _canonical(known, content)


def _canonical(type: str, content: str) -> str:
    try:
        return canonical_rdata(type, content)
    except DataError:
        return content


def _escaped(name: str) -> str:
    """Return a name that PowerDNS printed with the escapes that master files need (RFC 1035, section 5.1)."""
    return _TO_ESCAPE.sub(lambda match: "\\" + match[0], name)


def _with_field(content: str, index: int, change: Callable[[str], str]) -> str:
    """Return *content* with *change* done to its field *index*, where it has so many."""
    fields = content.split(" ")
    if index < len(fields):
        fields[index] = change(fields[index])
    return " ".join(fields)


def _generic(type: str, rdata: str) -> tuple[str, str]:
    """Return the form of RFC 3597, section 5; empty rdata keeps the space that PowerDNS prints."""
    wire = rdata_wire(type, rdata)
    return f"TYPE{int(dns.rdatatype.from_text(type))}", f"\\# {len(wire)} {wire.hex()}"


def _without_dots(address: str) -> str:
    if "." not in address:
        return address
    packed = ipaddress.IPv6Address(address).packed
    return ":".join(f"{int.from_bytes(packed[i : i + 2]):x}" for i in range(0, 16, 2))


def _name(name: dns.name.Name) -> str:
    """Print a name as PowerDNS does: only dots and backslashes are escaped, and what is not printable ASCII."""
    labels = ["".join(_octet(octet) for octet in label) for label in name.labels if label]
    return ".".join(labels) + "."


def _octet(octet: int) -> str:
    if chr(octet) in ".\\":
        return "\\" + chr(octet)
    return chr(octet) if 0x21 <= octet <= 0x7E else f"\\{octet:03d}"


def _quoted(octets: bytes) -> str:
    def one(octet: int) -> str:
        if chr(octet) in '"\\':
            return "\\" + chr(octet)
        return chr(octet) if 0x20 <= octet <= 0x7E else f"\\{octet:03d}"

    return '"' + "".join(map(one, octets)) + '"'


def _b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _naptr(r: Any) -> str:
    strings = f"{_quoted(r.flags)} {_quoted(r.service)} {_quoted(r.regexp)}"
    return f"{r.order} {r.preference} {strings} {_name(r.replacement)}"


def _soa(r: Any) -> str:
    return f"{_name(r.mname)} {_name(r.rname)} {r.serial} {r.refresh} {r.retry} {r.expire} {r.minimum}"


def _key(r: Any) -> str:
    return f"{int(r.flags)} {int(r.protocol)} {int(r.algorithm)} {_b64(r.key)}"


def _digest(r: Any) -> str:
    return f"{r.key_tag} {int(r.algorithm)} {int(r.digest_type)} {r.digest.hex()}"


def _tlsa(r: Any) -> str:
    return f"{r.usage} {r.selector} {r.mtype} {r.cert.hex()}"


def _ipseckey(r: Any) -> str:
    gateway = {0: "", 3: _name(r.gateway) if r.gateway_type == 3 else ""}.get(r.gateway_type, str(r.gateway))
    if r.gateway_type == 2:
        gateway = _without_dots(gateway)
    return " ".join(
        part for part in (f"{r.precedence} {r.gateway_type} {int(r.algorithm)}", gateway, _b64(r.key)) if part
    )


def _locator(value: str) -> str:
    return ":".join(group.zfill(4) for group in value.split(":"))


def _loc(r: Any) -> str:
    """Print all fields; at exactly 0 PowerDNS says S and W (RFC 1876, section 3)."""

    def angle(parts: tuple[int, int, int, int, int], positive: str, negative: str) -> str:
        degrees, minutes, seconds, milliseconds, sign = parts
        side = positive if sign > 0 and any(parts[:4]) else negative
        return f"{degrees} {minutes} {seconds}.{milliseconds:03d} {side}"

    metres = (r.altitude, r.size, r.horizontal_precision, r.vertical_precision)
    lengths = " ".join(f"{centimetres / 100:.2f}m" for centimetres in metres)
    return f"{angle(r.latitude, 'N', 'S')} {angle(r.longitude, 'E', 'W')} {lengths}"


_PLAIN_PARAMETERS = {1: "alpn", 2: "no-default-alpn", 3: "port", 4: "ipv4hint", 6: "ipv6hint"}


def _svcb(r: Any) -> str:
    """Print parameters in the order of their numbers (RFC 9460, section 2.2)."""
    parts = [str(r.priority), _name(r.target)]
    parts.extend(_parameter(int(key), r.params[key]) for key in sorted(r.params))
    return " ".join(parts)


def _parameter(key: int, value: Any) -> str:
    if key == 0:
        return "mandatory=" + ",".join(_parameter_name(int(each)) for each in sorted(value.keys))
    if key == 5:
        return f'ech="{_b64(value.ech)}"'
    if value is not None and key in _PLAIN_PARAMETERS:
        return f"{_PLAIN_PARAMETERS[key]}={value.to_text().strip(chr(34))}" if key != 2 else "no-default-alpn"
    if key == 2:
        return "no-default-alpn"
    return f"key{key}={_quoted(_parameter_octets(value))}"


def _parameter_name(key: int) -> str:
    return {**_PLAIN_PARAMETERS, 5: "ech"}.get(key, f"key{key}")


def _parameter_octets(value: Any) -> bytes:
    octets = io.BytesIO()
    if value is not None:
        value.to_wire(octets)
    return octets.getvalue()


_PRINTERS: dict[str, Callable[[Any], str]] = {
    "CNAME": lambda r: _name(r.target),
    "NS": lambda r: _name(r.target),
    "PTR": lambda r: _name(r.target),
    "DNAME": lambda r: _name(r.target),
    "MX": lambda r: f"{r.preference} {_name(r.exchange)}",
    "KX": lambda r: f"{r.preference} {_name(r.exchange)}",
    "AFSDB": lambda r: f"{r.subtype} {_name(r.hostname)}",
    "LP": lambda r: f"{r.preference} {_name(r.fqdn)}",
    "SRV": lambda r: f"{r.priority} {r.weight} {r.port} {_name(r.target)}",
    "RP": lambda r: f"{_name(r.mbox)} {_name(r.txt)}",
    "SOA": _soa,
    "NAPTR": _naptr,
    "CERT": lambda r: f"{int(r.certificate_type)} {r.key_tag} {int(r.algorithm)} {_b64(r.certificate)}",
    "DNSKEY": _key,
    "CDNSKEY": _key,
    "KEY": _key,
    "DHCID": lambda r: _b64(r.data),
    "OPENPGPKEY": lambda r: _b64(r.key),
    "IPSECKEY": _ipseckey,
    "DS": _digest,
    "CDS": _digest,
    "DLV": _digest,
    "SSHFP": lambda r: f"{r.algorithm} {r.fp_type} {r.fingerprint.hex()}",
    "TLSA": _tlsa,
    "SMIMEA": _tlsa,
    "ZONEMD": lambda r: f"{r.serial} {int(r.scheme)} {int(r.hash_algorithm)} {r.digest.hex()}",
    "L64": lambda r: f"{r.preference} {_locator(r.locator64)}",
    "NID": lambda r: f"{r.preference} {_locator(r.nodeid)}",
    "LOC": _loc,
    "HTTPS": _svcb,
    "SVCB": _svcb,
}
