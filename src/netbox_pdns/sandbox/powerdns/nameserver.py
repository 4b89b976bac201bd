"""DNS over UDP and TCP on one port of this machine, and NOTIFY to those who follow a zone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from netbox_pdns.sandbox.powerdns.answers import Answer, answered
from netbox_pdns.sandbox.powerdns.messages import LARGEST_OVER_UDP, response, transfer, truncated
from netbox_pdns.sandbox.powerdns.names import printed
from netbox_pdns.sandbox.powerdns.types import mnemonic
from netbox_pdns.sandbox.powerdns.zones import Zone, Zones

HOST = "127.0.0.1"
_LARGEST = 65_535
_WITHOUT_EDNS = 512
_IDLE = 10.0
_TRIES = 50
_TRANSFERS = frozenset({dns.rdatatype.AXFR, dns.rdatatype.IXFR})
_PORT = 53


class Nameserver(asyncio.DatagramProtocol):
    """Answers for *zones*."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._udp: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the socket, through which NOTIFY goes out too."""
        self._udp = cast("asyncio.DatagramTransport", transport)  # before Python 3.12 asyncio's own is no subclass

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question over UDP; what is none is not answered, responses to NOTIFY among it."""
        query = _query(data)
        if query is None or self._udp is None:
            return
        limit = max(_WITHOUT_EDNS, min(query.payload, LARGEST_OVER_UDP)) if query.edns >= 0 else _WITHOUT_EDNS
        made = truncated(query) if _asks_for_any(query) else response(query, self._answer(query))
        try:
            octets = made.to_wire(max_size=limit)
        except dns.exception.TooBig:
            octets = truncated(query).to_wire()
        self._udp.sendto(octets, addr)

    async def serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the questions of one connection; an answer that fits into no message ends it."""
        try:
            async with asyncio.timeout(_IDLE):
                while query := _query(await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))):
                    for octets in self._messages(query):
                        writer.write(len(octets).to_bytes(2, "big") + octets)
                        await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError, dns.exception.TooBig):
            return
        finally:
            writer.close()

    def notify(self, zone: Zone, targets: Sequence[str]) -> None:
        """Send NOTIFY for *zone* to addresses `HOST` or `HOST:PORT` of IPv4."""
        message = dns.message.make_query(zone.name, dns.rdatatype.SOA)
        message.set_opcode(dns.opcode.NOTIFY)
        message.flags = dns.flags.AA | (message.flags & ~dns.flags.RD)
        for target in targets:
            host, _, port = target.partition(":")
            if self._udp is not None:
                self._udp.sendto(message.to_wire(), (host, int(port or _PORT)))
        zone.notified_serial = zone.serial

    def _messages(self, query: dns.message.Message) -> Iterator[bytes]:
        question = query.question[0]
        if question.rdtype in _TRANSFERS:
            zone = self._zones.by_name.get(_text(query))
            if zone is not None and zone.soa is not None:
                yield from transfer(query, zone)
                return
        yield response(query, self._answer(query)).to_wire(max_size=_LARGEST)

    def _answer(self, query: dns.message.Message) -> Answer:
        question = query.question[0]
        if query.opcode() != dns.opcode.QUERY:
            return Answer(dns.rcode.REFUSED)
        if question.rdclass not in {dns.rdataclass.IN, dns.rdataclass.ANY}:
            return Answer(dns.rcode.NOTIMP)
        type = "SOA" if question.rdtype == dns.rdatatype.IXFR else mnemonic(int(question.rdtype))
        return answered(self._zones, _text(query), type)


@asynccontextmanager
async def running_nameserver(zones: Zones, port: int = 0) -> AsyncIterator[tuple[Nameserver, int]]:
    """Answer for *zones* within the block; yield the server and its port, which is free for UDP and TCP where 0 is given.

    Raises OSError where the port is taken.
    """
    udp, tcp = _sockets(port)
    server = Nameserver(zones)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: server, sock=udp)
    listener = await asyncio.start_server(server.serve_tcp, sock=tcp)
    try:
        yield server, int(udp.getsockname()[1])
    finally:
        listener.close()
        transport.close()


def _sockets(port: int) -> tuple[socket.socket, socket.socket]:
    """Return sockets of one port for UDP and TCP; a port that is free for one alone is tried and left."""
    for left in reversed(range(1 if port else _TRIES)):
        udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            udp.bind((HOST, port))
            tcp.bind(udp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
            if not left:
                raise
            continue
        udp.setblocking(False)
        tcp.setblocking(False)
        return udp, tcp
    raise AssertionError("the last try returned or raised")


def _query(data: bytes) -> dns.message.Message | None:
    """Return a question that is to be answered, None for anything else."""
    try:
        message = dns.message.from_wire(data)
    except (dns.exception.DNSException, ValueError):
        return None
    is_query = not message.flags & dns.flags.QR and message.opcode() in {dns.opcode.QUERY, dns.opcode.NOTIFY}
    return message if is_query and len(message.question) == 1 else None


def _asks_for_any(query: dns.message.Message) -> bool:
    return query.question[0].rdtype == dns.rdatatype.ANY


def _text(query: dns.message.Message) -> str:
    return printed([label for label in query.question[0].name.labels if label]).lower()
