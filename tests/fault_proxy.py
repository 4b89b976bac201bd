"""A proxy between us and a real server, which does harm on command: by the request, by the place, once or for ever.

It speaks HTTP/1.1, one request a connection, and asks the server behind it anew for each. A *fault* is a coroutine that gets
an `Exchange` and does with it as it likes; a *rule* says which requests meet with it. Without rules it only passes on.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TypeAlias
from urllib.parse import urlsplit

_HEAD = b"\r\n\r\n"
_LIMIT = 2**26


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as it came."""

    method: str
    target: str
    head: bytes
    body: bytes

    @property
    def kind(self) -> str:
        """The place that it asks for, whatever the zone: what the product does with one call of its clients."""
        path, _, query = self.target.partition("?")
        path = re.sub(r"/zones/[^/]+\.(?=/|$)", "/zones/*", path)
        flag = " slim" if "rrsets=false" in query else " count" if "fields=id&limit=1" in query else ""
        return f"{self.method} {path}{flag}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its head without the empty line, and its body."""

    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        """What goes over the wire."""
        return self.head + _HEAD + self.body

    def with_body(self, body: bytes, *, length: int | None = None) -> Answer:
        """Return the answer with another body, which says to be of *length* (by default its own)."""
        kept = [
            line for line in self.head.split(b"\r\n") if not line.lower().startswith((b"content-length", b"transfer-"))
        ]
        said = len(body) if length is None else length
        return Answer(b"\r\n".join([*kept, b"Content-Length: %d" % said]), body)


class Exchange:
    """One request that meets with a fault."""

    def __init__(self, request: Request, writer: asyncio.StreamWriter, server: tuple[str, int]) -> None:
        self.request = request
        self._writer = writer
        self._server = server

    async def answered(self) -> Answer:
        """Have the server carry the request out, and return its answer."""
        reader, writer = await asyncio.open_connection(*self._server, limit=_LIMIT)
        try:
            lines = self.request.head.removesuffix(_HEAD).split(b"\r\n")
            kept = [line for line in lines if not line.lower().startswith(b"connection:")]
            writer.write(b"\r\n".join([*kept, b"Connection: close"]) + _HEAD + self.request.body)
            head = (await reader.readuntil(_HEAD)).removesuffix(_HEAD)
            body = await reader.read()
        finally:
            writer.close()
        if re.search(rb"(?im)^transfer-encoding: *chunked", head):
            return Answer(head, b"").with_body(_joined(body))
        return Answer(head, body)

    async def give(self, octets: bytes) -> None:
        """Send *octets* to whoever asked."""
        self._writer.write(octets)
        await self._writer.drain()

    def reset(self) -> None:
        """End the connection with an RST, as a process that dies does."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


def _joined(chunked: bytes) -> bytes:
    parts, rest = [], chunked
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        parts.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]
    return b"".join(parts)


Fault: TypeAlias = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which requests meet with *fault*: the *first* one of a method and a path, and *times* in all (None: for ever).

    With *each* they are counted by `Request.kind`, so that every place is hit.
    """

    fault: Fault
    method: str = ".*"
    path: str = ""
    first: int = 1
    times: int | None = 1
    each: bool = False

    def names(self, request: Request) -> bool:
        """Tell whether *request* is one that counts."""
        return bool(re.fullmatch(self.method, request.method) and re.search(self.path, request.target))


@dataclass
class FaultProxy:
    """A running proxy: `seen` are the requests that came, in their order."""

    server: tuple[str, int]
    tls: ssl.SSLContext | None = None
    port: int = 0
    seen: list[Request] = field(default_factory=list)
    harmed: list[str] = field(default_factory=list)
    """The kinds of the requests that met with a fault."""
    _rules: tuple[Rule, ...] = ()
    _counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _listener: asyncio.Server | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """Where the proxy is."""
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}"

    @contextmanager
    def harming(self, *rules: Rule) -> Iterator[None]:
        """Do harm by *rules* within the block; it forgets what it saw before."""
        self.seen, self.harmed, self._counts = [], [], Counter()
        self._rules = rules
        try:
            yield
        finally:
            self._rules = ()
            assert self._loop is not None
            asyncio.run_coroutine_threadsafe(self.listen(), self._loop).result(10.0)

    async def listen(self) -> None:
        """Take connections, again where the proxy refused them."""
        if self._listener is None:
            self._loop = asyncio.get_running_loop()
            self._listener = await asyncio.start_server(
                self._connected, "127.0.0.1", self.port, ssl=self.tls, limit=_LIMIT
            )
            self.port = self._listener.sockets[0].getsockname()[1]

    async def refuse(self, exchange: Exchange) -> None:
        """Be gone from now on: this connection ends, and others are refused until the harm ends."""
        if self._listener is not None:
            listener, self._listener = self._listener, None
            for sock in listener.sockets:
                asyncio.get_running_loop().remove_reader(sock)
            await asyncio.sleep(
                0
            )  # a connection that is accepted already gets its transport, which a closed server forgets
            listener.close()
        exchange.reset()

    async def close(self) -> None:
        """End all connections."""
        if self._listener is not None:
            self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(_HEAD)
        length = re.search(rb"(?im)^content-length: *([0-9]+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        request = Request(method, target, head, body)
        self.seen.append(request)
        exchange = Exchange(request, writer, self.server)
        if (fault := self._fault(request)) is not None:
            self.harmed.append(request.kind)
            await fault(exchange)
        else:
            await passed_on(exchange)

    def _fault(self, request: Request) -> Fault | None:
        for number, rule in enumerate(self._rules):
            if rule.names(request):
                key = number, request.kind if rule.each else ""
                self._counts[key] += 1
                nth = self._counts[key] - rule.first
                if nth >= 0 and (rule.times is None or nth < rule.times):
                    return rule.fault
        return None


@asynccontextmanager
async def running_proxy(url: str, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[FaultProxy]:
    """Run a proxy before the server at *url* within the block, which speaks TLS itself where *tls* is given."""
    parts = urlsplit(url)
    proxy = FaultProxy((str(parts.hostname), int(parts.port or 80)), tls)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.close()


# The faults


async def passed_on(exchange: Exchange) -> None:
    """Do no harm."""
    await exchange.give((await exchange.answered()).raw)


async def reset(exchange: Exchange) -> None:
    """End the connection before the server has seen the request."""
    exchange.reset()


async def lost(exchange: Exchange) -> None:
    """Have the request carried out, and lose the whole answer."""
    await exchange.answered()
    exchange.reset()


async def torn(exchange: Exchange) -> None:
    """Have the request carried out, and break off in mid-answer."""
    raw = (await exchange.answered()).raw
    await exchange.give(raw[: len(raw) * 2 // 3])
    exchange.reset()


async def shortened(exchange: Exchange) -> None:
    """Give less than the answer says that it is long, and end in good order."""
    answer = await exchange.answered()
    if answer.body:
        answer = answer.with_body(answer.body[: len(answer.body) // 2], length=len(answer.body))
    else:
        answer = Answer(answer.head[: len(answer.head) // 2], b"")
    await exchange.give(answer.raw.removesuffix(b"" if answer.body else _HEAD))


async def cut_off(exchange: Exchange) -> None:
    """Give half of the body as if it were the whole."""
    answer = await exchange.answered()
    await exchange.give((answer.with_body(answer.body[: len(answer.body) // 2]) if answer.body else answer).raw)


async def hanging(exchange: Exchange) -> None:
    """Say nothing for as long as anybody waits."""
    await asyncio.Event().wait()


async def dripping(exchange: Exchange) -> None:
    """Give the answer octet by octet, never long silent."""
    for octet in (await exchange.answered()).raw:
        await exchange.give(bytes([octet]))
        await asyncio.sleep(0.05)


async def garbage(exchange: Exchange) -> None:
    """Say that it is JSON, and give what is none."""
    await exchange.give(_answer("200 OK", b"\x00\xff{'a': \xfe", "Content-Type: application/json"))


async def unpackable(exchange: Exchange) -> None:
    """Say that it is packed, and give what is not."""
    await exchange.give(_answer("200 OK", b"junk", "Content-Type: application/json", "Content-Encoding: gzip"))


async def not_http(exchange: Exchange) -> None:
    """Be another service altogether."""
    await exchange.give(b"220 mail.example.com ESMTP\r\n")


def status(text: str, *headers: str, body: bytes = b'{"detail": "no", "error": "no"}') -> Fault:
    """Return the fault that answers with a status, without asking the server."""

    async def fault(exchange: Exchange) -> None:
        await exchange.give(_answer(text, body, "Content-Type: application/json", *headers))

    return fault


def patient(seconds: float) -> Fault:
    """Return the fault of a server that asks to come back at a date, *seconds* from now."""

    async def fault(exchange: Exchange) -> None:
        now = 1_800_000_000.0  # its clock is its own
        dates = (f"Date: {formatdate(now, usegmt=True)}", f"Retry-After: {formatdate(now + seconds, usegmt=True)}")
        await status("503 Service Unavailable", *dates)(exchange)

    return fault


async def login_page(exchange: Exchange) -> None:
    """Give a form to log in, with status 200, as single sign-on before a server does."""
    await exchange.give(_answer("200 OK", b"<html><form action=/login>", "Content-Type: text/html"))


async def other_shape(exchange: Exchange) -> None:
    """Give JSON of another service."""
    await exchange.give(_answer("200 OK", b'{"hello": ["world"], "results": 7}', "Content-Type: application/json"))


def after(happening: Callable[[], object], then: Fault = passed_on) -> Fault:
    """Return the fault that lets something happen (off the event loop) just before the request goes its way."""

    async def fault(exchange: Exchange) -> None:
        await asyncio.to_thread(happening)
        await then(exchange)

    return fault


def _answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + _HEAD + body


PASSING: dict[str, Fault] = {
    "reset-before": reset,
    "reset-in-mid-answer": torn,
    "answer-lost": lost,
    "answer-ends-too-soon": shortened,
    "500": status("500 Internal Server Error"),
    "502": status("502 Bad Gateway", body=b"<html>bad gateway"),
    "503-with-seconds": status("503 Service Unavailable", "Retry-After: 1"),
    "503-with-a-date": patient(1.0),
    "429": status("429 Too Many Requests", "Retry-After: 1"),
    "no-http": not_http,
    "badly-packed": unpackable,
}
"""What passes: one failure of each kind of call is made good by the retry."""
PASSING_READS: dict[str, Fault] = {"garbage": garbage, "cut-off": cut_off}
"""What passes, and shows where an answer has content alone."""
