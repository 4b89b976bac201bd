"""The fields that record content is made of: each reads one, and returns how PowerDNS prints it and its wire form."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from netbox_pdns.sandbox.powerdns.errors import ContentError
from netbox_pdns.sandbox.powerdns.names import content_name, name_wire
from netbox_pdns.sandbox.powerdns.scanner import Scanner
from netbox_pdns.sandbox.powerdns.types import known_type, mnemonic, type_number

Read: TypeAlias = tuple[str | None, bytes]
"""A field's text, None where nothing is printed for it, and its octets."""
Field: TypeAlias = Callable[[Scanner], Read]

_ESCAPE = re.compile(rb"\\([0-9]{3})|\\(.)", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_LONGEST_STRING = 255
_EUI = re.compile(r"[0-9A-Fa-f]{1,2}(?:-[0-9A-Fa-f]{1,2})*")
_LOCATOR = re.compile(r"[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){3}")
_DATE = re.compile(r"[0-9]{14}")


def number(bits: int) -> Field:
    """Return the field of an unsigned number."""
    size = bits // 8

    def read(scanner: Scanner) -> Read:
        value = scanner.number(bits)
        return str(value), value.to_bytes(size, "big")

    return read


def name(scanner: Scanner) -> Read:
    """Read a domain name."""
    text = content_name(scanner.word())
    return text, name_wire(text)


def ipv4(scanner: Scanner) -> Read:
    """Read an IPv4 address."""
    text = ipv4_text(scanner.word(), scanner.text)
    return text, socket.inet_aton(text)


def ipv4_text(word: str, content: str) -> str:
    """Return an IPv4 address without leading zeros; *content* is what it was found in."""
    if not word[:1].isdigit():
        raise ContentError.unread(f"while parsing IP address, expected digits at position 0 in '{content}'")
    parts = word.split(".")
    if len(parts) != 4:
        few = "not enough dots" if len(parts) < 4 else "too many dots"
        raise ContentError.unread(f"unable to parse IP address, {few}")
    if any(not (part.isascii() and part.isdecimal() and int(part) < 256) for part in parts):
        raise ContentError.unread("unable to parse IP address")
    return ".".join(str(int(part)) for part in parts)


def ipv6(scanner: Scanner) -> Read:
    """Read an IPv6 address, which may hold an IPv4 address."""
    octets = ipv6_octets(scanner.word())
    return ipv6_text(octets), octets


def ipv6_octets(word: str) -> bytes:
    """Return the octets of an IPv6 address."""
    try:
        return ipaddress.IPv6Address(word).packed
    except ValueError as error:
        raise ContentError("Invalid IPv6 address") from error


def ipv6_text(octets: bytes) -> str:
    """Return an IPv6 address as inet_ntop(3) prints it: those that embed IPv4 addresses with dots."""
    return socket.inet_ntop(socket.AF_INET6, octets)


def string(scanner: Scanner) -> Read:
    """Read one character string (RFC 1035, section 3.3)."""
    text = scanner.quoted()
    return text, counted(octets_of(text[1:-1]))


def strings(scanner: Scanner) -> Read:
    """Read all character strings that are left; one that is too long goes on the wire as several."""
    texts: list[str] = []
    while text := scanner.quoted():
        texts.append(text)
    return " ".join(texts), b"".join(_split(octets_of(text[1:-1])) for text in texts) or b"\0"


def unbounded(scanner: Scanner) -> Read:
    """Read the texts that are left as one, without a length before it (CAA, URI)."""
    texts: list[str] = []
    while text := scanner.quoted():
        texts.append(text)
    return " ".join(texts), b"".join(octets_of(text[1:-1]) for text in texts)


def tag(scanner: Scanner) -> Read:
    """Read a word that is printed as it is and counted (CAA)."""
    word = scanner.word()
    return word, counted(word.encode())


def hexadecimal(scanner: Scanner) -> Read:
    """Read all octets that are left, written by sixteen."""
    octets = hex_octets(scanner.rest())
    return octets.hex(), octets


def hex_octets(digits: str) -> bytes:
    """Return the octets that *digits* mean; half of one is filled up."""
    wrong = re.search(r"[^0-9A-Fa-f]", digits)
    if wrong is not None:
        raise ContentError.unread(f"Unknown hexadecimal character '{ord(wrong[0])}'")
    return bytes.fromhex(digits + "0" * (len(digits) % 2))


def salt(scanner: Scanner) -> Read:
    """Read a counted salt, `-` for none (RFC 5155, section 3.3)."""
    word = scanner.word()
    octets = b"" if word == "-" else hex_octets(word)
    return octets.hex() or "-", counted(octets)


def base64_octets(scanner: Scanner) -> Read:
    """Read all octets that are left in base64; where they are none of it they are left unread."""
    start, text = scanner.begin(), scanner.rest()
    if not _BASE64.fullmatch(text):
        scanner.position = start
        return "", b""
    try:
        octets = base64.b64decode(text)
    except binascii.Error:
        octets = b"\0"
    return base64.b64encode(octets).decode("ascii"), octets


def type_name(scanner: Scanner) -> Read:
    """Read the mnemonic of a record type."""
    type = _type(scanner.word())
    return type, type_number(type).to_bytes(2, "big")


def type_bitmap(scanner: Scanner) -> Read:
    """Read the record types that are left (RFC 4034, section 4.1.2)."""
    numbers = sorted({type_number(_type(word)) for word in scanner.words()})
    return " ".join(mnemonic(each) for each in numbers) or None, _bitmap(numbers)


def moment(scanner: Scanner) -> Read:
    """Read a time as YYYYMMDDHHMMSS or in seconds (RFC 4034, section 3.2)."""
    word = scanner.word()
    if _DATE.fullmatch(word):
        seconds = int(datetime.strptime(word, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp())
    else:
        seconds = Scanner(word).number(32)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d%H%M%S")
    return text, (seconds % 2**32).to_bytes(4, "big")


def hashed_owner(scanner: Scanner) -> Read:
    """Read a hash in base32 with the extended alphabet (RFC 5155, section 3.3)."""
    word = scanner.word().upper()
    try:
        octets = base64.b32hexdecode(word)
    except binascii.Error as error:
        raise ContentError(f"'{word}' is no base32") from error
    return word, counted(octets)


def locator(scanner: Scanner) -> Read:
    """Read a 64-bit number in four groups (RFC 6742, section 2.1.2)."""
    word = scanner.word()
    if not _LOCATOR.fullmatch(word):
        raise ContentError.unread(f"while parsing colon-delimited 64-bit field: '{word}' is invalid")
    octets = b"".join(int(group, 16).to_bytes(2, "big") for group in word.split(":"))
    return ":".join(octets[i : i + 2].hex().upper() for i in range(0, 8, 2)), octets


def extended_identifier(size: int) -> Field:
    """Return the field of an EUI-48 or EUI-64 address of *size* octets (RFC 7043)."""

    def read(scanner: Scanner) -> Read:
        text = scanner.text
        scanner.position = len(text)
        groups = text.split("-")
        if not _EUI.fullmatch(text) or len(groups) != size:
            raise ContentError(f"Asked to encode '{text}' as an EUI{size * 8} address, but does not parse")
        octets = bytes(int(group, 16) for group in groups)
        return octets.hex("-"), octets

    return read


def counted(octets: bytes) -> bytes:
    """Return *octets* with one octet before them that says how many they are."""
    return bytes([min(len(octets), _LONGEST_STRING)]) + octets[:_LONGEST_STRING]


def octets_of(text: str) -> bytes:
    """Return what a text means, its escapes undone."""
    raw = text.encode()
    if b"\\" not in raw:
        return raw
    return _ESCAPE.sub(lambda match: bytes([int(match[1]) & 255]) if match[1] else match[2], raw)


def escaped_text(octets: bytes) -> str:
    """Return *octets* as a text is printed within quotes."""
    return "".join(_escaped(octet) for octet in octets)


def _escaped(octet: int) -> str:
    if octet in b'"\\':
        return "\\" + chr(octet)
    return chr(octet) if 0x20 <= octet <= 0x7E else f"\\{octet:03d}"


def _split(octets: bytes) -> bytes:
    cut = range(0, len(octets) or 1, _LONGEST_STRING)
    return b"".join(counted(octets[start : start + _LONGEST_STRING]) for start in cut)


def _type(word: str) -> str:
    type = known_type(word)
    if type is None:
        raise ContentError(f"Unknown DNS type '{word}'")
    return type


def _bitmap(numbers: Sequence[int]) -> bytes:
    windows: dict[int, bytearray] = {}
    for each in numbers:
        window = windows.setdefault(each >> 8, bytearray(32))
        window[(each & 255) >> 3] |= 0x80 >> (each & 7)
    return b"".join(bytes([key, len(bits.rstrip(b"\0"))]) + bits.rstrip(b"\0") for key, bits in windows.items())
