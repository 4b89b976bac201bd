"""The record types that PowerDNS 4.7 has a name for; all others go as TYPEnnn (RFC 3597)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NUMBERS: Mapping[str, int] = MappingProxyType(
    {
        "A": 1,
        "NS": 2,
        "CNAME": 5,
        "SOA": 6,
        "MB": 7,
        "MG": 8,
        "MR": 9,
        "PTR": 12,
        "HINFO": 13,
        "MINFO": 14,
        "MX": 15,
        "TXT": 16,
        "RP": 17,
        "AFSDB": 18,
        "SIG": 24,
        "KEY": 25,
        "AAAA": 28,
        "LOC": 29,
        "SRV": 33,
        "NAPTR": 35,
        "KX": 36,
        "CERT": 37,
        "A6": 38,
        "DNAME": 39,
        "OPT": 41,
        "APL": 42,
        "DS": 43,
        "SSHFP": 44,
        "IPSECKEY": 45,
        "RRSIG": 46,
        "NSEC": 47,
        "DNSKEY": 48,
        "DHCID": 49,
        "NSEC3": 50,
        "NSEC3PARAM": 51,
        "TLSA": 52,
        "SMIMEA": 53,
        "RKEY": 57,
        "CDS": 59,
        "CDNSKEY": 60,
        "OPENPGPKEY": 61,
        "CSYNC": 62,
        "ZONEMD": 63,
        "SVCB": 64,
        "HTTPS": 65,
        "SPF": 99,
        "NID": 104,
        "L32": 105,
        "L64": 106,
        "LP": 107,
        "EUI48": 108,
        "EUI64": 109,
        "TKEY": 249,
        "IXFR": 251,
        "AXFR": 252,
        "MAILB": 253,
        "MAILA": 254,
        "ANY": 255,
        "URI": 256,
        "CAA": 257,
        "DLV": 32769,
        "ALIAS": 65401,
        "LUA": 65402,
    }
)
_MNEMONICS: Mapping[int, str] = MappingProxyType({number: name for name, number in NUMBERS.items()})
_LARGEST = 65_535


def known_type(text: str) -> str | None:
    """Return the type that *text* means, by its mnemonic where PowerDNS has one; None for what is none."""
    upper = text.upper()
    if upper in NUMBERS:
        return upper
    digits = upper.removeprefix("TYPE")
    if digits == upper or not (digits.isascii() and digits.isdecimal()):
        return None
    number = int(digits)
    return mnemonic(number) if 0 < number <= _LARGEST else None


def mnemonic(number: int) -> str:
    """Return the name of a type, TYPEnnn where it has none."""
    return _MNEMONICS.get(number) or f"TYPE{number}"


def type_number(type: str) -> int:
    """Return the number of a type that `known_type` returned."""
    return NUMBERS.get(type) or int(type.removeprefix("TYPE"))
