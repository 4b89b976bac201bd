"""Plain HTTP over connections that are used once, below the HTTP library: for a server that closes every connection.

PowerDNS does, so a pool keeps nothing for it and costs half of our time of a call. What the library is for stays the
library's: requests and answers, unpacking, proxies, and HTTPS, for which a proxy before PowerDNS keeps its connections.
Every way of breaking off is an error of the library, as its own transport has them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import h11
import httpx2

_READ = 64 * 1024
_LONGEST_HEAD = 100 * 1024
"""Bytes of an answer's head."""


def once_transport(url: str) -> OnceTransport | None:
    """Return what sends requests to the server at *url*; None where the library does: by https, or by way of a proxy.

    A proxy is one of the usual environment variables (`HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    """
    parts = urlsplit(url)
    proxied = not getproxies().keys().isdisjoint({"http", "all"}) and not proxy_bypass(parts.netloc)
    return None if parts.scheme != "http" or proxied else OnceTransport()


class OnceTransport(httpx2.AsyncBaseTransport):
    """Sends each request over a connection of its own, which ends with the answer. For `http` alone."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the answer, its body still to be read; raises `httpx2.TransportError`."""
        timeouts: dict[str, float | None] = request.extensions.get("timeout", {})
        connection = await _connected(request.url, timeouts.get("connect"), timeouts.get("read"))
        try:
            await connection.send(request, timeouts.get("write"))
            head = await connection.head()
        except BaseException:
            connection.close()
            raise
        return httpx2.Response(head.status_code, headers=head.headers.raw_items(), stream=_Body(connection))


async def _connected(url: httpx2.URL, patience: float | None, silence: float | None) -> _Connection:
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(url.host, url.port or 80)
    except TimeoutError as error:
        raise httpx2.ConnectTimeout("the connection was not made in time") from error
    except OSError as error:
        raise httpx2.ConnectError(str(error)) from error
    return _Connection(h11.Connection(h11.CLIENT, _LONGEST_HEAD), reader, writer, silence)


@dataclass(frozen=True, slots=True)
class _Connection:
    """One exchange; `silence` are the seconds that may pass without a byte."""

    state: h11.Connection
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    silence: float | None

    async def send(self, request: httpx2.Request, patience: float | None) -> None:
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        try:
            headers = request.headers.raw
            target = h11.Request(method=request.method.encode(), target=request.url.raw_path, headers=headers)
            self.writer.write(self.state.send(target))
            async for part in request.stream:
                self.writer.write(self.state.send(h11.Data(part)))
            self.writer.write(self.state.send(h11.EndOfMessage()))
            async with asyncio.timeout(patience):
                with suppress(ConnectionError):  # it may have answered, and reads no further
                    await self.writer.drain()
        except h11.LocalProtocolError as error:
            raise httpx2.LocalProtocolError(str(error)) from error
        except TimeoutError as error:
            raise httpx2.WriteTimeout("the request was not taken in time") from error

    async def head(self) -> h11.Response:
        while True:
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise httpx2.RemoteProtocolError("it ended the connection without an answer")

    async def parts(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)

    def close(self) -> None:
        self.writer.transport.abort()

    async def _event(self) -> object:
        with _protocol_errors():
            while (event := self.state.next_event()) is h11.NEED_DATA:
                self.state.receive_data(await self._read())
            return event

    async def _read(self) -> bytes:
        try:
            async with asyncio.timeout(self.silence):
                return await self.reader.read(_READ)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("nothing came in time") from error
        except OSError as error:
            raise httpx2.ReadError(str(error)) from error


@contextmanager
def _protocol_errors() -> Iterator[None]:
    try:
        yield
    except h11.RemoteProtocolError as error:
        raise httpx2.RemoteProtocolError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Body(httpx2.AsyncByteStream):
    """What follows the head of an answer."""

    connection: _Connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self.connection.parts():
            yield part

    async def aclose(self) -> None:
        self.connection.close()
