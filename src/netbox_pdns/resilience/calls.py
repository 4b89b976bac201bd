"""One HTTP call, whole: bounded in time and in size, and every way in which it can break off as an error of ours.

The library's own time-outs are for a connection and for each silence; a server that sends a byte now and then would hold
a call for ever. Both clients call through `answered` and read what comes back by `decoded`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import httpx2
import msgspec

from netbox_pdns.errors import ConfigurationError, DataError, NetboxPdnsError, TransientError

T = TypeVar("T")

LARGEST_ANSWER = 512 * 1024 * 1024
"""Bytes of an answer, unpacked: some ten times a zone of 200,000 RRsets, or the list of 100,000 zones."""
_ENCODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers of how an answer was packed, which it is no more."""

UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What reading JSON can end with; only the first is the decoder's own."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom calls go to: `name` for people, where it is, and what the operator calls a setting of it (`url`, ...).

    A call may take `patience` seconds in all, its answer `largest` bytes.
    """

    name: str
    url: str
    setting: Callable[[str], str]
    patience: float
    largest: int = LARGEST_ANSWER


class StrangeAnswerError(ValueError):
    """JSON, and not of the shape that was asked for: trying again cannot help. The clients say what that means."""


async def answered(
    http: httpx2.AsyncClient,
    peer: Peer,
    method: str,
    url: str,
    *,
    params: Sequence[tuple[str, str | int]] = (),
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx2.Response:
    """Send one request and return the whole answer, whatever its status; its text is read as UTF-8.

    Raises `TransientError`, `ConfigurationError`, or `DataError` for an answer that is too large.
    """
    try:
        async with (
            asyncio.timeout(peer.patience),
            http.stream(method, url, params=tuple(params) or None, content=content, headers=headers) as response,
        ):
            body = await _body(response, peer)
    except TimeoutError as error:
        raise TransientError(
            f"{peer.name} at {peer.url} was not done with its answer after {peer.patience:g} s",
            hint=f"is it overloaded? raise {peer.setting('call_timeout')} where it needs so long",
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise transport_error(error, peer) from error
    kept = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in _ENCODED]
    whole = httpx2.Response(response.status_code, headers=kept, content=body)
    whole.encoding = "utf-8"  # the charset that a strange server names may be no text encoding at all
    return whole


async def _body(response: httpx2.Response, peer: Peer) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > peer.largest:
            raise DataError(
                f"{peer.name} at {peer.url} answers with more than {peer.largest} bytes",
                hint=f"does {peer.setting('url')} lead to another service?",
            )
        parts.append(part)
    return b"".join(parts)


def decoded(body: bytes, kind: type[T], peer: Peer, *, strict: bool = True) -> T:
    """Return what the JSON *body* of an answer of *peer* says; numbers may be written as text where it is not *strict*.

    Raises `TransientError` for what is no JSON, for it was cut off or garbled on its way, and `StrangeAnswerError`.
    """
    try:
        return msgspec.json.decode(body, type=kind, strict=strict)
    except msgspec.ValidationError as error:
        raise StrangeAnswerError(str(error)) from error
    except RecursionError as error:
        raise StrangeAnswerError("it is nested too deeply") from error
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise TransientError(
            f"the answer of {peer.name} at {peer.url} is no whole JSON: {error}",
            hint=f"is it cut off on its way? where it stays so, {peer.setting('url')} leads to another service",
        ) from error


def transport_error(error: httpx2.HTTPError | httpx2.InvalidURL, peer: Peer) -> NetboxPdnsError:
    """Return the *error* of a call to *peer* as what should be done about it."""
    where, url = f"{peer.name} at {peer.url}", peer.setting("url")
    text = str(error) or error.__class__.__name__
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return ConfigurationError(f"{peer.url!r} is no URL: {text}", hint=f"correct {url}", setting=url)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        hint = f"give the authority's certificate with {peer.setting('ca_file')}, or correct {url}"
        return ConfigurationError(f"{where}: its certificate is not trusted: {text}", hint=hint, setting=url)
    if "SSL" in text and "EOF" not in text:  # one that ends within the handshake is restarted, or overloaded
        hint = f"does it speak https there? correct {url} (http:// or https://)"
        return ConfigurationError(f"{where}: no TLS connection: {text}", hint=hint, setting=url)
    if isinstance(error, httpx2.TimeoutException):
        setting = peer.setting("connect_timeout" if isinstance(error, httpx2.ConnectTimeout) else "read_timeout")
        return TransientError(f"{where} did not answer in time", hint=f"is it overloaded? raise {setting}")
    if isinstance(error, httpx2.DecodingError):
        return TransientError(f"{where}: its answer cannot be unpacked: {text}", hint="is it garbled by a proxy?")
    if isinstance(error, httpx2.ConnectError):
        return TransientError(f"{where} cannot be reached: {text}", hint=f"is it running, and is {url} right?")
    return TransientError(
        f"{where} broke the connection off: {text}", hint="see its log, and that of a proxy before it"
    )
