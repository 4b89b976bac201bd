"""Asking one server many questions: over UDP, and over TCP what did not fit there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Self

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

from netbox_pdns.asking.endpoint import Endpoint, dns_endpoint
from netbox_pdns.asking.flight import WAITS, WINDOW, Flight, Ticket
from netbox_pdns.asking.tcp import PATIENCE, TcpLine
from netbox_pdns.asking.udp import UdpLine
from netbox_pdns.dns.message import is_truncated, question_of
from netbox_pdns.dns.names import canonical_name
from netbox_pdns.errors import TransientError
from netbox_pdns.settings import TargetSettings


class Asker:
    """Asks the server at *endpoint*; use it as an asynchronous context manager. Several callers may ask at a time."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        window: int = WINDOW,
        waits: Sequence[float] = WAITS,
        patience: float = PATIENCE,
    ) -> None:
        self.endpoint = endpoint
        self.asked = 0
        """Questions that were asked so far."""
        self.seconds = 0.0
        """Seconds in which at least one question was on its way."""
        self._flight = Flight(window, waits)
        self._patience = patience
        self._stack = AsyncExitStack()
        self._udp: UdpLine | None = None
        self._tcp: TcpLine | None = None
        self._silent: TransientError | None = None
        self._opening = asyncio.Lock()
        self._callers = 0
        self._since = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close what is open."""
        await self._stack.aclose()

    async def ask(self, questions: Sequence[bytes], *, tcp: bool = False) -> list[bytes | None]:
        """Return the answers to *questions* (`dns.message.question_of`) in their order, None for what is not answered.

        With *tcp* they are asked over TCP alone. Raises `TransientError` where the server answers nothing at all, or has no
        address.
        """
        udp, tcp_line = await self._lines()
        if self._silent is not None:
            raise self._silent
        if not questions:
            return []
        answers: list[bytes | None] = [None] * len(questions)
        done = asyncio.get_running_loop().create_future()
        left = len(questions)

        def take(index: int, answer: bytes | None) -> None:
            nonlocal left
            answers[index] = answer
            left -= 1
            if left == 0 and not done.done():
                done.set_result(None)

        def truncated_or_taken(index: int, question: bytes, answer: bytes | None) -> None:
            if answer is not None and is_truncated(answer):
                tcp_line.ask(Ticket(question, partial(take, index)))
            else:
                take(index, answer)

        self.asked += len(questions)
        self._clock_on()
        try:
            for index, question in enumerate(questions):
                if tcp:
                    tcp_line.ask(Ticket(question, partial(take, index)))
                else:
                    udp.ask(Ticket(question, partial(truncated_or_taken, index, question)))
            await done
        finally:
            self._clock_off()
        if self._silent is not None:
            raise self._silent
        return answers

    async def _lines(self) -> tuple[UdpLine, TcpLine]:
        """Return the lines to the server, opened by whoever asks first."""
        async with self._opening:
            if self._udp is None or self._tcp is None:
                address, port = await self.endpoint.address(), self.endpoint.port
                line = UdpLine(address, port, self._flight, self._note_silence)
                try:
                    self._udp = await self._stack.enter_async_context(line)
                except OSError as error:
                    raise self.endpoint.silent("UDP", str(error)) from error
                self._tcp = TcpLine(address, port, self._patience)
                self._stack.push_async_callback(self._tcp.aclose)
            return self._udp, self._tcp

    @property
    def trouble(self) -> str:
        """Why the last question over TCP got no answer."""
        return "no answer" if self._tcp is None else self._tcp.trouble

    def _note_silence(self, reason: str) -> None:
        self._silent = self.endpoint.silent("UDP", reason)

    def _clock_on(self) -> None:
        if self._callers == 0:
            self._since = time.monotonic()
        self._callers += 1

    def _clock_off(self) -> None:
        self._callers -= 1
        if self._callers == 0:
            self.seconds += time.monotonic() - self._since


async def asked(settings: TargetSettings, name: str, type: str, *, tcp: bool = False) -> dns.message.Message:
    """Return what the target's DNS answers for *name*, taken as absolute; over UDP first, unless *tcp*.

    Raises `TransientError` that names address and transport where nothing comes.
    """
    endpoint = dns_endpoint(settings)
    async with Asker(endpoint) as asker:
        (answer,) = await asker.ask([question_of((canonical_name(name), type))], tcp=tcp)
        if answer is None:
            raise endpoint.silent("TCP" if tcp else "UDP", asker.trouble)
    try:
        return dns.message.from_wire(answer)
    except dns.exception.DNSException as error:
        raise endpoint.silent("TCP" if tcp else "UDP", f"what comes is no DNS ({error})") from error


def soa_serial_of(answer: dns.message.Message) -> int | None:
    """Return the SOA serial in *answer*, None where it has none."""
    if answer.rcode() != dns.rcode.NOERROR:
        return None
    found = [rdata for rrset in answer.answer if rrset.rdtype == dns.rdatatype.SOA for rdata in rrset]
    return int(found[0].serial) if found else None
