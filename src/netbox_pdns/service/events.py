"""What happens, told to whoever listens: a bus with bounded queues, and its text for browsers (server-sent events).

Nobody waits for a reader: one that is slow loses the oldest, and is told how many they were.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SIZE = 1_000
"""Messages that wait for one reader."""
MOST_READERS = 100


@dataclass(frozen=True, slots=True)
class Message:
    """Something that happened: `kind` is `zone`, `target`, `change` or `lost`, `data` plain values; numbered from 1."""

    number: int
    kind: str
    data: Mapping[str, Any]


class Subscription:
    """The messages for one reader."""

    def __init__(self, size: int) -> None:
        self._waiting: deque[Message] = deque(maxlen=size)
        self._lost = 0
        self._closed = False
        self._something = asyncio.Event()

    def offer(self, message: Message) -> None:
        """Leave *message* for the reader; where it has no room the oldest goes."""
        self._lost += len(self._waiting) == self._waiting.maxlen
        self._waiting.append(message)
        self._something.set()

    def close(self) -> None:
        """Let the reader read what waits, and end."""
        self._closed = True
        self._something.set()

    @property
    def ended(self) -> bool:
        """Tell whether nothing waits, and nothing will."""
        return self._closed and not self._waiting

    def take(self) -> Message | None:
        """Return the oldest message, None where none waits; before it one that says how many went."""
        if self._lost:
            lost, self._lost = self._lost, 0
            return Message(self._waiting[0].number - 1, "lost", {"messages": lost})
        return self._waiting.popleft() if self._waiting else None

    async def next(self, patience: float) -> Message | None:
        """Return the next message; None after *patience* seconds without one, and at the end."""
        try:
            async with asyncio.timeout(patience):
                while not self.ended:
                    if (message := self.take()) is not None:
                        return message
                    self._something.clear()
                    await self._something.wait()
        except TimeoutError:
            return None
        return None


class EventBus:
    """Tells every reader; publishing costs next to nothing where nobody reads."""

    def __init__(self) -> None:
        self._readers: set[Subscription] = set()
        self._number = 0
        self._closed = False

    @property
    def readers(self) -> int:
        """How many read."""
        return len(self._readers)

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """Tell all readers that something of *kind* happened."""
        self._number += 1
        message = Message(self._number, kind, data)
        for reader in self._readers:
            reader.offer(message)

    @contextmanager
    def subscribe(self, size: int = SIZE) -> Iterator[Subscription]:
        """Yield the messages from now on, of which at most *size* wait."""
        reader = Subscription(size)
        self._readers.add(reader)
        if self._closed:
            reader.close()
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    def close(self) -> None:
        """Let every reader end: the service stops."""
        self._closed = True
        for reader in self._readers:
            reader.close()


def as_text(message: Message) -> str:
    """Return *message* as a server-sent event (WHATWG HTML, section 9.2): JSON stands on one line."""
    return f"id: {message.number}\nevent: {message.kind}\ndata: {json.dumps(message.data, ensure_ascii=False)}\n\n"
