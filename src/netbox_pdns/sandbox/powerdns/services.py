"""SVCB and HTTPS parameters (RFC 9460) as PowerDNS 4.7 reads and prints them."""

from __future__ import annotations

import base64
import re
import socket

from netbox_pdns.sandbox.powerdns import fields
from netbox_pdns.sandbox.powerdns.errors import ContentError
from netbox_pdns.sandbox.powerdns.scanner import Scanner

_NUMBERS = {"mandatory": 0, "alpn": 1, "no-default-alpn": 2, "port": 3, "ipv4hint": 4, "ech": 5, "ipv6hint": 6}
_NAMES = {number: name for name, number in _NUMBERS.items()}
_KEY = re.compile(r"key([0-9]+)")
_LARGEST_KEY = 65_535
_AUTO = "auto"
_VALUE = re.compile(r'"(?:\\.|[^"\\])*"|[^ "]*', re.DOTALL)
_BARE_SPECIAL = re.compile(r"[;()]")


def service(scanner: Scanner) -> fields.Read:
    """Read a whole SVCB or HTTPS record: priority, target and, unless it is an alias, parameters."""
    priority = scanner.number(16)
    target, target_wire = fields.name(scanner)
    found: dict[int, tuple[str, bytes]] = {}
    while priority and not scanner.at_end:
        key, text, octets = _parameter(scanner)
        found.setdefault(key, (text, octets))
    parameters = sorted(found.items())
    text = " ".join([str(priority), str(target), *(shown for _, (shown, _) in parameters)])
    wire = b"".join(_pair(key, octets) for key, (_, octets) in parameters)
    return text, priority.to_bytes(2, "big") + target_wire + wire


def _pair(key: int, octets: bytes) -> bytes:
    return key.to_bytes(2, "big") + len(octets).to_bytes(2, "big") + octets


def _parameter(scanner: Scanner) -> tuple[int, str, bytes]:
    """Return number, text and octets of the next parameter."""
    text = scanner.text
    start = scanner.position + len(text[scanner.position :]) - len(text[scanner.position :].lstrip(" "))
    end = min((at for at in (text.find(" ", start), text.find("=", start)) if at >= 0), default=len(text))
    word, scanner.position = text[start:end], end
    key = _key(word)
    has_value = text[end : end + 1] == "="
    if key == _NUMBERS["no-default-alpn"]:
        if has_value:
            raise ContentError.unread("no-default-alpn key can not have values")
        return key, word, b""
    if not has_value:
        raise ContentError.unread(f"expected '=' after {word}")
    return (key, *_value(scanner, key, word))


def _value(scanner: Scanner, key: int, word: str) -> tuple[str, bytes]:
    start = scanner.position + 1
    match = _VALUE.match(scanner.text, start)
    raw = match[0] if match else ""
    if not raw:
        raise ContentError.unread(f"expected value after {word}=")
    scanner.position = start + len(raw)
    quoted = raw.startswith('"')
    if quoted and (special := _BARE_SPECIAL.search(raw)) and raw[special.start() - 1] != "\\":
        raise ContentError.unread(f"SvcParam '{raw[special.start() :]}' is not recognized or in keyNNNN format")
    inner = raw[1:-1] if quoted else raw
    if _is_port(key):
        if quoted:
            raise ContentError.unread(f"expected digits at position {start} in '{scanner.text}'")
        port = _port(scanner, start)
        return f"port={port}", port.to_bytes(2, "big")
    return _printed(key, fields.octets_of(inner), generic=word.startswith("key"))


def _is_port(key: int) -> bool:
    return key == _NUMBERS["port"]


def _port(scanner: Scanner, start: int) -> int:
    scanner.position = start
    return scanner.number(16)


def _printed(key: int, octets: bytes, *, generic: bool) -> tuple[str, bytes]:
    """Return text and octets of a value whose escapes are undone; *generic* where it was written as keyNNN."""
    name = _NAMES.get(key)
    if name is None:
        return f'key{key}="{fields.escaped_text(octets)}"', octets
    if name == "ech":
        wire = octets if generic else base64.b64decode(octets + b"=" * (-len(octets) % 4))
        return f'ech="{base64.b64encode(wire).decode("ascii")}"', wire
    return _listed(name, octets.decode("utf-8", "replace"))


def _listed(name: str, value: str) -> tuple[str, bytes]:
    """Return the text and octets of a value that is a list."""
    if name == "mandatory":
        keys = sorted({_key(word) for word in value.split(",")})
        shown = ",".join(_NAMES.get(key, f"key{key}") for key in keys)
        return f"mandatory={shown}", b"".join(key.to_bytes(2, "big") for key in keys)
    if name == "alpn":
        return _protocols(value)
    family = socket.AF_INET if name == "ipv4hint" else socket.AF_INET6
    if value.split(",", maxsplit=1)[0] == _AUTO:
        return f"{name}={_AUTO}", b""
    packed = [_packed(family, address) for address in value.split(",")]
    return f"{name}={','.join(socket.inet_ntop(family, each) for each in packed)}", b"".join(packed)


def _packed(family: socket.AddressFamily, address: str) -> bytes:
    try:
        return socket.inet_pton(family, address)
    except OSError as error:
        raise ContentError(f"Unable to convert presentation address '{address}'") from error


def _protocols(value: str) -> tuple[str, bytes]:
    """Return ALPN ids; a comma within one is escaped (RFC 9460, appendix A.1)."""
    protocols = (
        [part.replace("\\,", ",").replace("\\\\", "\\") for part in re.split(r"(?<!\\),", value)] if value else []
    )
    escaped = ",".join(part.replace("\\", "\\\\").replace(",", "\\,") for part in protocols)
    text = escaped.replace("\\", "\\\\")
    return f"alpn={text}", b"".join(fields.counted(part.encode()) for part in protocols)


def _key(word: str) -> int:
    match = _KEY.fullmatch(word)
    if word in _NUMBERS:
        return _NUMBERS[word]
    if match is None or int(match[1]) > _LARGEST_KEY:
        raise ContentError.unread(f"SvcParam '{word}' is not recognized or in keyNNNN format")
    return int(match[1])
