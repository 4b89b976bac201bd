"""One TCP connection to one server, with several questions on it at a time (RFC 7766, section 6.2.1.1)."""

from __future__ import annotations

import asyncio
import struct
from collections import deque

from netbox_pdns.asking.flight import Flight, Ticket

PATIENCE = 5.0
"""Seconds that a connection may take, and that an answer may be silent."""
_AT_ONCE = 20
_MOST_UNASKED = 100
"""So many messages that nobody asked for are passed over on one connection, which is closed then."""
_TRIES = 2
"""A server may close a connection whenever it likes: what was open is asked once more."""


class TcpLine:
    """Asks over TCP; connects when the first question comes. `aclose` ends it."""

    def __init__(self, address: str, port: int, patience: float = PATIENCE) -> None:
        self._address = (address, port)
        self._patience = patience
        self._waiting: deque[Ticket] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.trouble = "no answer"
        """Why the last question that was given up got no answer."""

    def ask(self, ticket: Ticket) -> None:
        """Ask a question in its turn."""
        self._waiting.append(ticket)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())

    async def aclose(self) -> None:
        """Give up what is on the way and close the connection."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        await self._hang_up()

    async def _work(self) -> None:
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            flight = Flight(window=len(some))
            for ticket in some:
                ticket.tries = 0
                flight.add(ticket)
            for _ in range(_TRIES):
                if await self._round(flight):
                    break
                left = flight.clear()
                for ticket in left:
                    ticket.tries = 0
                    flight.add(ticket)
            for ticket in flight.clear():
                ticket.take(None)

    async def _round(self, flight: Flight) -> bool:
        """Ask what waits in *flight* over one connection; False where it did not answer all."""
        try:
            reader, writer = await self._connected()
            while (message := flight.next(0.0)) is not None:
                writer.write(struct.pack("!H", len(message)) + message)
            await self._answers(reader, flight)
        except (OSError, EOFError, TimeoutError) as error:
            self.trouble = str(error) or error.__class__.__name__
            await self._hang_up()
            return False
        return True

    async def _answers(self, reader: asyncio.StreamReader, flight: Flight) -> None:
        """Hand the answers out until all are there; raises `EOFError` where the connection ends before, or only chatters."""
        unasked = 0
        while len(flight):
            async with asyncio.timeout(self._patience):
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                answer = await reader.readexactly(length)
            ticket = flight.received(answer)
            if ticket is not None:
                ticket.take(answer)
                continue
            unasked += 1
            if unasked > _MOST_UNASKED:
                raise EOFError("it answers what nobody asked")

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._stream is None:
            async with asyncio.timeout(self._patience):
                self._stream = await asyncio.open_connection(*self._address)
        return self._stream

    async def _hang_up(self) -> None:
        if self._stream is not None:
            _, writer = self._stream
            self._stream = None
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:  # it is closed all the same
                return
