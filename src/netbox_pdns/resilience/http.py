"""What every HTTP call can run into, as errors of ours; shared by both clients."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from netbox_pdns.errors import ConfigurationError, NetboxPdnsError, TransientError

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


def transport_error(
    error: httpx2.HTTPError | httpx2.InvalidURL, server: str, url: str, setting: str
) -> NetboxPdnsError:
    """Return *error* of a call to *server* (its name for people) as what should be done about it."""
    text = str(error) or error.__class__.__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        hint = f"give the authority's certificate with the CA file setting, or correct {setting}"
        return ConfigurationError(
            f"{server} at {url}: its certificate is not trusted: {text}", hint=hint, setting=setting
        )
    if isinstance(error, ssl.SSLError) or "SSL" in text or "WRONG_VERSION_NUMBER" in text:
        hint = f"does it speak https there? correct {setting} (http:// or https://)"
        return ConfigurationError(f"{server} at {url}: no TLS connection: {text}", hint=hint, setting=setting)
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return ConfigurationError(f"{url!r} is no URL: {text}", hint=f"correct {setting}", setting=setting)
    if isinstance(error, httpx2.TimeoutException):
        return TransientError(f"{server} at {url} did not answer in time", hint="is it overloaded? raise the time-out")
    hint = f"is it running, and is {setting} right?"
    return TransientError(f"{server} at {url} cannot be reached: {text}", hint=hint)


def retry_after(response: httpx2.Response) -> float | None:
    """Return the seconds that *response* asks to wait (RFC 9110, section 10.2.3), None where it does not say."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


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
    greeting = ssl.create_default_context()
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
