"""Domain names as PowerDNS prints them: only dots and backslashes are escaped, and what is not printable ASCII.

Owner names are kept in lower case; names in content keep the case in which they were sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from netbox_pdns.sandbox.powerdns.errors import ApiError, ContentError

_LABEL_LIMIT, _NAME_LIMIT = 63, 255
_ORDINARY_OWNER = re.compile(r"(?:\*\.)?(?:[a-z0-9_/-]{1,63}\.)*")
_ORDINARY_NAME = re.compile(r"(?:[A-Za-z0-9_/*-]{1,63}\.)+")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+")
_ESCAPE = re.compile(r"\\([0-9]{3})|\\(.)", re.DOTALL)


def owner_name(text: str) -> str:
    """Return the owner or zone name of a request in lower case; raises `ApiError` for what PowerDNS does not take."""
    if not text.endswith("."):
        raise ApiError(f"DNS Name '{text}' is not canonical")
    lowered = text.lower()
    if _ORDINARY_OWNER.fullmatch(lowered) and 1 < len(lowered) < _NAME_LIMIT:
        return lowered
    try:
        name = printed(labels_of(text)).lower()
    except ContentError as error:
        raise ApiError(f"Unable to parse DNS Name '{text}'") from error
    if name != "." and not _ORDINARY_OWNER.fullmatch(name):
        raise ApiError(f"Name '{name}' contains unsupported characters")
    return name


def content_name(text: str) -> str:
    """Return a name of a record's content as it is printed; without a final dot it gets one."""
    if _ORDINARY_NAME.fullmatch(text) and len(text) < _NAME_LIMIT:
        return text
    return printed(labels_of(text))


def is_hostname(name: str) -> bool:
    """Tell whether *name* may be a host (RFC 1123, section 2.1)."""
    return _HOST.fullmatch(name) is not None


def labels_of(text: str) -> tuple[bytes, ...]:
    """Return the labels of a name, escapes undone; raises `ContentError` for what is no name."""
    if text in {"", "."}:
        return ()
    labels = tuple(_labels(text if text.endswith(".") and not text.endswith("\\.") else text + "."))
    if any(not label for label in labels):
        raise ContentError(f"Found . in wrong position in DNSName {text}")
    if any(len(label) > _LABEL_LIMIT for label in labels):
        raise ContentError("label too long to append")
    if sum(len(label) + 1 for label in labels) + 1 > _NAME_LIMIT:
        raise ContentError("name too long to append")
    return labels


def name_wire(text: str) -> bytes:
    """Return a name in wire form, uncompressed."""
    return b"".join(bytes([len(label)]) + label for label in labels_of(text)) + b"\0"


def printed(labels: Sequence[bytes]) -> str:
    """Return a name as it is printed."""
    return "".join("".join(map(_octet, label)) + "." for label in labels) or "."


def parents(name: str, zone: str) -> Iterator[str]:
    """Yield the names above *name*, the nearest first, *zone* the last; both printed, *name* below *zone*."""
    while name != zone:
        name = parent(name)
        yield name


def parent(name: str) -> str:
    """Return *name* without its first label; the root above a name of one label."""
    position = 0
    while name[position] != ".":
        position += 2 if name[position] == "\\" else 1
    return name[position + 1 :] or "."


def is_within(name: str, zone: str) -> bool:
    """Tell whether *name* is *zone* or below it."""
    return zone == "." or name == zone or name.endswith("." + zone)


def _labels(text: str) -> Iterator[bytes]:
    octets = bytearray()
    position = 0
    while position < len(text):
        character = text[position]
        if character == "." and position == len(text) - 1 and not octets and position:
            raise ContentError(f"Found . in wrong position in DNSName {text}")
        if escape := _ESCAPE.match(text, position):
            octets += bytes([int(escape[1]) & 255]) if escape[1] else escape[2].encode()
            position = escape.end()
            continue
        position += 1
        if character != ".":
            octets += character.encode()
            continue
        yield bytes(octets)
        octets.clear()


def _octet(octet: int) -> str:
    if octet in b".\\":
        return "\\" + chr(octet)
    return chr(octet) if 0x21 <= octet <= 0x7E else f"\\{octet:03d}"
