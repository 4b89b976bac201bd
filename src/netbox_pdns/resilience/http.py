"""What HTTP answers say beside their content, and how TLS is set up; shared by both clients."""

from __future__ import annotations

import asyncio
import email.utils
import ssl
from datetime import UTC
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from netbox_pdns.errors import ConfigurationError

_PASSING = frozenset({408, 425, 429})
"""Request Timeout (RFC 9110), Too Early (RFC 8470), Too Many Requests (RFC 6585)."""
_PATIENCE = 3.0
"""Seconds that a server gets to show what it speaks."""


def tls_context(ca_file: Path | None, *, verify: bool, setting: str) -> ssl.SSLContext | bool:
    """Return how TLS is verified: with the system's authorities and *ca_file*, or not at all.

    Raises `ConfigurationError` that names *setting* for a CA file that cannot be read.
    """
    if not verify:
        return False
    if ca_file is None:
        return _system_authorities()
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"the CA file {ca_file} cannot be used: {error}",
            hint="name a file with PEM certificates",
            setting=setting,
        ) from error
    return context


@cache
def _system_authorities() -> ssl.SSLContext:
    """Return what trusts the system's authorities; they are read once, which takes 20 ms, for all clients."""
    return ssl.create_default_context()


def may_pass(status: int) -> bool:
    """Tell whether an answer of *status* is for want of time, turns or strength: trying again may help."""
    return status in _PASSING or status >= 500


def retry_after(response: httpx2.Response, now: float) -> float | None:
    """Return the seconds that *response* asks to wait (RFC 9110, section 10.2.3), None where it does not say.

    A date counts from the answer's own `Date`, so that the clocks need not agree; without one from *now*, which is in
    seconds since 1970.
    """
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    if (until := http_date(value)) is None:
        return None
    sent = http_date(response.headers.get("Date", ""))
    return max(0.0, until - (now if sent is None else sent))


def http_date(text: str) -> float | None:
    """Return an HTTP date in seconds since 1970, None where *text* is none (RFC 9110, section 5.6.7, all three forms)."""
    try:
        date = email.utils.parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def cut(text: str, longest: int = 256) -> str:
    """Return *text* on one line, cut for an error message."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[:longest]}…"


async def wrong_scheme(url: str) -> str | None:
    """Return the scheme that the server at *url* speaks where that is not the URL's own, None where nothing tells.

    No path, key or token is sent.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        return None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    # A server of https has words of plain HTTP, too, for those who come without TLS: what speaks TLS speaks https.
    tls, plain = await asyncio.gather(_speaks_tls(parts.hostname, port), _speaks_http(parts.hostname, port))
    speaks = "https" if tls else "http" if plain else parts.scheme
    return None if speaks == parts.scheme else speaks


async def _speaks_tls(host: str, port: int) -> bool:
    greeting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    greeting.check_hostname = False
    greeting.verify_mode = ssl.CERT_NONE  # nothing is sent: whether it speaks TLS is the question
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(host, port, ssl=greeting)
    except OSError:
        return False
    writer.close()
    return True


async def _speaks_http(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("ascii", "replace"))
            answer = await reader.read(5)
    except OSError:
        return False
    writer.close()
    return answer == b"HTTP/"
