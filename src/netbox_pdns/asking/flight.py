"""Questions on their way: which are sent, under which id, which answer belongs to which, and which are overdue.

It knows no socket and no clock: `udp` hands it the time and the octets. Promises:

- a question has a random id that no other question on the way has (RFC 5452, section 9);
- an answer counts only with the id *and* the question that were sent; any other octets are dropped;
- a question that is not answered is sent again, so many times, and then given up.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netbox_pdns.dns.message import answers, message_id, query

WINDOW = 64
"""Questions that are on the way at a time: as many small datagrams as the buffers of any system hold."""
WAITS = (0.8, 1.6, 2.6)
"""Seconds that an answer is waited for, try by try: five altogether, as a resolver has it."""
_IDS = 2**16


@dataclass(slots=True)
class Ticket:
    """One question, and what is done with its answer (None: there was none)."""

    question: bytes
    take: Callable[[bytes | None], None]
    number: int = 0
    tries: int = 0
    due: float = 0.0


class Flight:
    """The questions that wait, and those on their way."""

    def __init__(self, window: int = WINDOW, waits: Sequence[float] = WAITS) -> None:
        self._window = window
        self._waits = tuple(waits)
        self._waiting: deque[Ticket] = deque()
        self._away: dict[int, Ticket] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._away)

    def add(self, ticket: Ticket) -> None:
        """Let a question wait for its turn."""
        self._waiting.append(ticket)

    def next(self, now: float) -> bytes | None:
        """Return the next message to send, None while the window is full or nothing waits."""
        if not self._waiting or len(self._away) >= self._window:
            return None
        ticket = self._waiting.popleft()
        ticket.number = self._free_id()
        self._away[ticket.number] = ticket
        return self._sent(ticket, now)

    def received(self, message: bytes) -> Ticket | None:
        """Return the question that *message* answers, which is done then; None for what nobody asked."""
        number = message_id(message)
        ticket = None if number is None else self._away.get(number)
        if ticket is None or not answers(message, ticket.question):
            return None
        return self._away.pop(ticket.number)

    def overdue(self, now: float) -> tuple[list[bytes], list[Ticket]]:
        """Return the messages to send again, and the questions that are given up."""
        again, given_up = [], []
        for ticket in [each for each in self._away.values() if each.due <= now]:
            if ticket.tries < len(self._waits):
                again.append(self._sent(ticket, now))
            else:
                given_up.append(self._away.pop(ticket.number))
        return again, given_up

    def clear(self) -> list[Ticket]:
        """Give up every question and return them."""
        left = [*self._away.values(), *self._waiting]
        self._away.clear()
        self._waiting.clear()
        return left

    def _sent(self, ticket: Ticket, now: float) -> bytes:
        ticket.due = now + self._waits[ticket.tries]
        ticket.tries += 1
        return query(ticket.number, ticket.question)

    def _free_id(self) -> int:
        while (number := secrets.randbelow(_IDS)) in self._away:
            pass
        return number
