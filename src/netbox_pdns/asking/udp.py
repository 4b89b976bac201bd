"""One connected UDP socket to one server, with many questions on the way.

It reads the socket by itself: `asyncio`'s datagram transport takes one datagram a turn of the loop, which costs more than
all the rest.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Self

from netbox_pdns.asking.flight import Flight, Ticket

_TICK = 0.05
_AT_ONCE = 64
_LARGEST = 65_535
_GIVEN_UP_IN_A_ROW = 20
"""After so many questions without an answer, and none answered between them, nobody is there."""


class UdpLine:
    """Sends the questions of a `Flight` and hands the answers back. Use it as an asynchronous context manager.

    `silent` is called with a reason where nobody answers: every question has been given up then.
    """

    def __init__(self, address: str, port: int, flight: Flight, silent: Callable[[str], None]) -> None:
        self._flight = flight
        self._silent = silent
        self._address = (address, port)
        self._socket: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard = False
        self._given_up = 0
        self._trouble = "no answer"

    async def __aenter__(self) -> Self:
        """Open the socket; raises `OSError` where there is no way to the address."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect(self._address)
        except OSError:
            self._socket.close()
            raise
        asyncio.get_running_loop().add_reader(self._socket, self._readable)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()

    def ask(self, ticket: Ticket) -> None:
        """Send a question as soon as there is room."""
        self._flight.add(ticket)
        self._pump()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def _pump(self) -> None:
        now = time.monotonic()
        while (message := self._flight.next(now)) is not None:
            self._send(message)

    def _send(self, message: bytes) -> None:
        assert self._socket is not None
        try:
            self._socket.send(message)
        except BlockingIOError:  # the buffer is full: it is sent again when it is overdue
            return
        except OSError as error:
            self._trouble = str(error)

    def _readable(self) -> None:
        assert self._socket is not None
        for _ in range(_AT_ONCE):
            try:
                message = self._socket.recv(_LARGEST)
            except BlockingIOError:
                break
            except OSError as error:  # ICMP says that nobody is there; a server that starts again may be, soon
                self._trouble = str(error)
                continue
            self._received(message)
        self._pump()

    def _received(self, message: bytes) -> None:
        ticket = self._flight.received(message)
        if ticket is not None:
            self._heard = True
            self._given_up = 0
            ticket.take(message)

    def _tick(self) -> None:
        again, given_up = self._flight.overdue(time.monotonic())
        for message in again:
            self._send(message)
        self._given_up += len(given_up)
        if given_up and (not self._heard or self._given_up >= _GIVEN_UP_IN_A_ROW):
            given_up += self._flight.clear()
            self._silent(self._trouble)
        for ticket in given_up:
            ticket.take(None)
        self._pump()
        waits = len(self._flight) > 0
        self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick) if waits else None
