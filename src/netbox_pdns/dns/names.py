"""Domain names as text: absolute, lower-case, escaped in one way (RFC 1035 section 5.1, RFC 4343).

A canonical name is the key under which names of NetBox, of PowerDNS and of DNS answers meet, so two
names are the same if and only if their canonical texts are equal.
"""

from __future__ import annotations

import re
from functools import lru_cache

import dns.exception
import dns.name

from netbox_pdns.errors import DataError

# What needs no parser: labels of 1 to 63 ordinary characters. RFC 1035 limits the whole to 255 octets.
_ORDINARY = re.compile(r"(?:[a-z0-9_*/-]{1,63}\.)++")
_LONGEST = 254
_REMEMBERED = 16_384
"""Names whose canonical form is kept: both sides of a zone, and its targets, name the same again and again."""
_LABEL = re.compile(r"(?:\\.|[^.\\])+\.")


@lru_cache(_REMEMBERED)
def canonical_name(text: str) -> str:
    """Return the canonical form of the domain name *text*; without a final dot it is taken as absolute.

    Raises `DataError` for what is no domain name.
    """
    lowered = text.lower()
    if not lowered.endswith("."):
        lowered += "."
    if len(lowered) <= _LONGEST and _ORDINARY.fullmatch(lowered):
        return lowered
    try:
        return dns.name.from_text(text, origin=dns.name.root).canonicalize().to_text()
    except (dns.exception.DNSException, UnicodeError, ValueError) as error:
        raise DataError(f"{text!r} is no domain name: {error}", hint="correct the name in NetBox") from error


def name_or_text(text: str) -> str:
    """Return the canonical form of *text*, or *text* itself in lower case where it is no domain name.

    So a list with one such name in it, which somebody else has made, can be read for all the others.
    """
    try:
        return canonical_name(text)
    except DataError:
        return text.lower()


def is_within(name: str, zone: str) -> bool:
    """Tell whether the canonical *name* is *zone* or below it; both canonical."""
    return (
        name == zone
        or zone == "."
        or (name.endswith("." + zone) and not ("\\" in name and _ends_in_escape(name, zone)))
    )


def _ends_in_escape(name: str, zone: str) -> bool:
    """Tell whether the dot before *zone* is part of a label (``a\\.example.com.`` is not in ``example.com.``)."""
    before = name[: -len(zone) - 1]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def ancestors(name: str, zone: str) -> tuple[str, ...]:
    """Return the names from just below *zone* down to *name* itself; none for the zone's own name.

    Both are canonical, and *name* is within *zone*.
    """
    if name == zone:
        return ()
    below = name if zone == "." else name[: len(name) - len(zone)]
    starts = [match.start() for match in _LABEL.finditer(below)]
    return tuple(name[start:] for start in reversed(starts))
