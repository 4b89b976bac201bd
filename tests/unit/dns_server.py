"""A small DNS server of a test's own, which answers over UDP and TCP what the test wants."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message

from netbox_pdns.asking.endpoint import Endpoint

Answer = Callable[[dns.message.Message, int], Iterable[bytes]]
"""What a server sends back to a query; the number counts how often that question was asked before."""


def well(query: dns.message.Message, before: int = 0) -> Iterable[bytes]:
    """Answer as a server should."""
    yield dns.message.make_response(query).to_wire()


def never(query: dns.message.Message, before: int = 0) -> Iterable[bytes]:
    """Answer nothing."""
    return ()


def truncated(query: dns.message.Message, before: int = 0) -> Iterable[bytes]:
    """Answer that it does not fit."""
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC
    yield response.to_wire()


@dataclass
class Server(asyncio.DatagramProtocol):
    """Answers over UDP by `udp` and over TCP by `tcp`; `hangs_up` ends a connection after so many answers."""

    udp: Answer = well
    tcp: Answer = well
    hangs_up: int = 1_000_000
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is one
        """Keep the transport."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a query over UDP."""
        assert self.transport is not None
        for answer in self._answers("UDP", self.udp, data):
            self.transport.sendto(answer, addr)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer queries over TCP."""
        try:
            for _ in range(self.hangs_up):
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                for answer in self._answers("TCP", self.tcp, await reader.readexactly(length)):
                    writer.write(struct.pack("!H", len(answer)) + answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    def _answers(self, transport: str, by: Answer, data: bytes) -> Iterable[bytes]:
        query = dns.message.from_wire(data)
        what = (transport, query.question[0].name.to_text())
        self.asked.append(what)
        return by(query, self.asked.count(what) - 1)


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Endpoint]:
    loop = asyncio.get_running_loop()
    tcp = await asyncio.start_server(server.connected, "127.0.0.1", 0)
    port = tcp.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=("127.0.0.1", port))
    try:
        yield Endpoint("127.0.0.1", port, "look at it")
    finally:
        transport.close()
        tcp.close()
        await tcp.wait_closed()
