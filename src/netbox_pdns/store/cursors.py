"""How far each feed was read, for each target: a position says that all before it is done with."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from sqlalchemy import and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from netbox_pdns.store.journal import Journal
from netbox_pdns.store.models import CursorRow
from netbox_pdns.store.values import Clock
from netbox_pdns.store.writes import Write, upsert


@dataclass(frozen=True, slots=True)
class PutCursor(Write):
    """A position, or (None) that there is none any more."""

    at_end: ClassVar[bool] = True

    feed: str
    target: str
    position: str | None
    saved_at: float

    @property
    def key(self) -> Hashable:
        """One cursor is kept of a feed and target."""
        return ("cursor", self.feed, self.target)

    @classmethod
    async def apply(cls, connection: AsyncConnection, writes: Sequence[PutCursor]) -> None:
        """Write the positions, and delete what has none."""
        if gone := [write for write in writes if write.position is None]:
            keys = (and_(CursorRow.feed == each.feed, CursorRow.target == each.target) for each in gone)
            await connection.execute(delete(CursorRow).where(or_(*keys)))
        if kept := [write for write in writes if write.position is not None]:
            rows = [
                {"feed": each.feed, "target": each.target, "position": each.position, "saved_at": each.saved_at}
                for each in kept
            ]
            await upsert(connection, CursorRow, rows)


class Cursors:
    """The cursors of all feeds, in memory; what is saved gets onto the disk after all that was put before it."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._positions: dict[tuple[str, str], str] = {}

    async def recall(self, connection: AsyncConnection) -> None:
        """Read all from disk."""
        rows = await connection.execute(select(CursorRow.feed, CursorRow.target, CursorRow.position))
        self._positions = {(feed, target): position for feed, target, position in rows}

    def load(self, feed: str, target: str) -> Any:
        """Return the position that was saved last, as JSON has it (a tuple is a list by then); None without one."""
        position = self._positions.get((feed, target))
        return None if position is None else msgspec.json.decode(position)

    def save(self, feed: str, target: str, position: object) -> None:
        """Save *position*: anything that msgspec makes JSON of."""
        text = msgspec.json.encode(position).decode()
        self._positions[feed, target] = text
        self._journal.put(PutCursor(feed, target, text, self._clock()))

    def forget(self, feed: str, target: str) -> None:
        """Forget the position."""
        self._positions.pop((feed, target), None)
        self._journal.put(PutCursor(feed, target, None, self._clock()))

    def again(self) -> None:
        """Save all once more: the file was made anew."""
        for (feed, target), position in self._positions.items():
            self._journal.put(PutCursor(feed, target, position, self._clock()))
