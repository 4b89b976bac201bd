"""LOC content (RFC 1876) as PowerDNS reads and prints it."""

from __future__ import annotations

import re

from netbox_pdns.sandbox.powerdns.errors import ContentError
from netbox_pdns.sandbox.powerdns.fields import Read
from netbox_pdns.sandbox.powerdns.scanner import Scanner

_NUMBER = r"[0-9]+(?:\.[0-9]*)?"
_PLACE = re.compile(
    rf"([0-9]+)(?: ([0-9]+)(?: ({_NUMBER}))?)? ([NS]) ([0-9]+)(?: ([0-9]+)(?: ({_NUMBER}))?)? ([EW]) "
    rf"(-?{_NUMBER})m?(?: ({_NUMBER})m?)?(?: ({_NUMBER})m?)?(?: ({_NUMBER})m?)?"
)
_DEFAULTS = (1.0, 10_000.0, 10.0)
_EQUATOR = 2**31
_BELOW = 10_000_000
"""Centimetres from the reference below which altitudes count (100 km below the spheroid)."""


def place(scanner: Scanner) -> Read:
    """Read a whole LOC record."""
    match = _PLACE.fullmatch(scanner.text)
    if match is None:
        raise ContentError("Error decoding LOC content")
    scanner.position = len(scanner.text)
    latitude = _angle(match[1], match[2], match[3], 1 if match[4] == "N" else -1)
    longitude = _angle(match[5], match[6], match[7], 1 if match[8] == "E" else -1)
    altitude = round(float(match[9]) * 100)
    sizes = [
        _packed(float(given) if given else usual)
        for given, usual in zip(match.group(10, 11, 12), _DEFAULTS, strict=True)
    ]
    lengths = [altitude / 100, *(_metres(size) for size in sizes)]
    text = f"{_printed(latitude, 'NS')} {_printed(longitude, 'EW')} " + " ".join(f"{each:.2f}m" for each in lengths)
    angles = b"".join((_EQUATOR + each).to_bytes(4, "big") for each in (latitude, longitude))
    return text, bytes([0, *sizes]) + angles + ((altitude + _BELOW) % 2**32).to_bytes(4, "big")


def _angle(degrees: str, minutes: str | None, seconds: str | None, sign: int) -> int:
    """Return thousandths of a second of arc."""
    whole = int(degrees) * 3_600_000 + int(minutes or 0) * 60_000
    return sign * (whole + int(float(seconds or 0) * 1000 + 1e-6))


def _printed(angle: int, sides: str) -> str:
    """Print an angle; at exactly 0 it is of the second side."""
    degrees, rest = divmod(abs(angle), 3_600_000)
    minutes, thousandths = divmod(rest, 60_000)
    return f"{degrees} {minutes} {thousandths / 1000:.3f} {sides[0] if angle > 0 else sides[1]}"


def _packed(metres: float) -> int:
    """Return a length as a digit of centimetres and a power of ten."""
    centimetres, power = round(metres * 100), 0
    while centimetres >= 10 and power < 9:
        centimetres, power = centimetres // 10, power + 1
    return min(centimetres, 9) << 4 | power


def _metres(packed: int) -> float:
    return float((packed >> 4) * 10 ** (packed & 15)) / 100
