"""APL content (RFC 3123) and the gateway of IPSECKEY (RFC 4025) as PowerDNS reads and prints them."""

from __future__ import annotations

import re

from netbox_pdns.sandbox.powerdns import fields
from netbox_pdns.sandbox.powerdns.errors import ContentError
from netbox_pdns.sandbox.powerdns.scanner import Scanner

_PREFIX = re.compile(r"(!?)([0-9]+):(.+)/([0-9]+)")
_BITS = {1: 32, 2: 128}


def address_prefixes(scanner: Scanner) -> fields.Read:
    """Read all address prefixes that are left."""
    found = [_prefix(word) for word in scanner.words()]
    return " ".join(text for text, _ in found), b"".join(octets for _, octets in found)


def _prefix(word: str) -> tuple[str, bytes]:
    match = _PREFIX.fullmatch(word)
    if match is None:
        raise ContentError(f"Asked to decode '{word}' as an APL record, but missing subnet mask")
    negated, family = match[1], int(match[2])
    if family not in _BITS:
        raise ContentError(f"Asked to encode '{word}' as an IPv6 APL record but got unknown Address Family")
    bits = _BITS[family]
    length = min(int(match[4]), bits)
    octets = _masked(_address(family, match[3], word), length, bits)
    shown = fields.ipv6_text(octets) if family == 2 else ".".join(map(str, octets))
    significant = octets.rstrip(b"\0")
    sign_and_size = (0x80 if negated else 0) | len(significant)
    wire = family.to_bytes(2, "big") + bytes([length, sign_and_size]) + significant
    return f"{negated}{family}:{shown}/{length}", wire


def _address(family: int, text: str, word: str) -> bytes:
    if family == 2:
        return fields.ipv6_octets(text)
    return bytes(int(part) for part in fields.ipv4_text(text, word).split("."))


def _masked(octets: bytes, length: int, bits: int) -> bytes:
    mask = (1 << bits) - (1 << (bits - length))
    return (int.from_bytes(octets, "big") & mask).to_bytes(bits // 8, "big")


_GATEWAYS: dict[int, fields.Field] = {0: lambda _: (None, b""), 1: fields.ipv4, 2: fields.ipv6, 3: fields.name}


def ipsec_key(scanner: Scanner) -> fields.Read:
    """Read a whole IPSECKEY record; without a gateway nothing is printed for it, without an algorithm no key."""
    precedence, kind, algorithm = (scanner.number(8) for _ in range(3))
    if kind not in _GATEWAYS:
        raise ContentError("Parsing record content: invalid gateway type")
    gateway, gateway_wire = _GATEWAYS[kind](scanner)
    key, key_wire = fields.base64_octets(scanner) if algorithm else (None, b"")
    text = " ".join(part for part in (f"{precedence} {kind} {algorithm}", gateway, key) if part)
    return text, bytes([precedence, kind, algorithm]) + gateway_wire + key_wire
