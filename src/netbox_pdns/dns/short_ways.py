"""Canonical rdata of the commonest types without a parser: the same text, some twenty times as fast.

Each short way takes the plain spelling alone and answers None for any other, which is then parsed. Tests hold the two ways
against each other.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

from netbox_pdns.dns.names import canonical_name

ShortWay: TypeAlias = Callable[[str, str], str | None]
"""Takes the text of an rdata and the canonical name that relative names are below."""

_NAME = r"(?:[A-Za-z0-9_-]{1,63}\.){0,60}(?:[A-Za-z0-9_-]{1,63}\.?)"
_LONGEST_NAME = 254
_ORDINARY_NAME = re.compile(_NAME)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_ORDINARY_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_ORDINARY_TXT = re.compile(r'"[ !#-\[\]-~]{0,255}"')
_ORDINARY_IPV6 = re.compile(r"[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]+")
_LARGEST_NUMBER = 65_535
_LARGEST_OF_SOA = 2**31 - 1
"""Seconds (RFC 2181, section 8); greater serials are left to the parser."""


def _ipv4(text: str, origin: str) -> str | None:
    return text if _ORDINARY_IPV4.fullmatch(text) else None


@lru_cache(4096)
def _ipv6(text: str, origin: str) -> str | None:
    """Those that begin with `::` may hold an IPv4 address, and are printed in several ways."""
    if not _ORDINARY_IPV6.fullmatch(text):
        return None
    try:
        address = str(ipaddress.IPv6Address(text))
    except ValueError:
        return None
    return None if address.startswith("::") else address


def _name(text: str, origin: str) -> str | None:
    if not _ORDINARY_NAME.fullmatch(text):
        return None
    absolute = text if text.endswith(".") else f"{text}.{origin}" if origin != "." else f"{text}."
    return canonical_name(absolute) if len(absolute) <= _LONGEST_NAME else None


def _text(text: str, origin: str) -> str | None:
    return text if _ORDINARY_TXT.fullmatch(text) else None


def _numbers_and_name(count: int) -> ShortWay:
    ordinary = re.compile(rf"(?:(?:0|[1-9][0-9]{{0,4}}) ){{{count}}}{_NAME}")

    def short_way(text: str, origin: str) -> str | None:
        if not ordinary.fullmatch(text):
            return None
        *numbers, name = text.split(" ")
        target = _name(name, origin)
        if target is None or any(int(number) > _LARGEST_NUMBER for number in numbers):
            return None
        return " ".join([*numbers, target])

    return short_way


_ORDINARY_SOA = re.compile(rf"{_NAME} {_NAME}(?: (?:0|[1-9][0-9]{{0,9}})){{5}}")


def _soa(text: str, origin: str) -> str | None:
    if not _ORDINARY_SOA.fullmatch(text):
        return None
    mname, rname, *numbers = text.split(" ")
    server, mailbox = _name(mname, origin), _name(rname, origin)
    if server is None or mailbox is None or any(int(number) > _LARGEST_OF_SOA for number in numbers):
        return None
    return " ".join([server, mailbox, *numbers])


SHORT_WAYS: Mapping[str, ShortWay] = {
    "A": _ipv4,
    "AAAA": _ipv6,
    "CNAME": _name,
    "DNAME": _name,
    "MX": _numbers_and_name(1),
    "NS": _name,
    "PTR": _name,
    "SOA": _soa,
    "SRV": _numbers_and_name(3),
    "TXT": _text,
}
