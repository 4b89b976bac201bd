"""What was last seen of every zone on every target, so that a start need not compare all content anew."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from netbox_pdns.store.database import Database
from netbox_pdns.store.journal import Journal
from netbox_pdns.store.models import ZoneRow
from netbox_pdns.store.values import ZoneNote
from netbox_pdns.store.writes import Write, upsert

_COLUMNS = (
    ZoneRow.target, ZoneRow.zone, ZoneRow.source_serial, ZoneRow.served_serial, ZoneRow.equal_at, ZoneRow.rrsets,
    ZoneRow.clean, ZoneRow.attempts, ZoneRow.next_try,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PutZone(Write):
    """What is remembered of a zone, or (None) that it is gone on both sides."""

    target: str
    zone: str
    note: ZoneNote | None

    @property
    def key(self) -> Hashable:
        """One note is kept of a target and zone."""
        return ("zone", self.target, self.zone)

    @classmethod
    async def apply(cls, connection: AsyncConnection, writes: Sequence[PutZone]) -> None:
        """Write the notes, and delete what has none."""
        if gone := [write for write in writes if write.note is None]:
            keys = (and_(ZoneRow.target == each.target, ZoneRow.zone == each.zone) for each in gone)
            await connection.execute(delete(ZoneRow).where(or_(*keys)))
        if notes := [write.note for write in writes if write.note is not None]:
            await upsert(connection, ZoneRow, [asdict(note) for note in notes])


class ZoneMemory:
    """The notes of all zones; kept on disk alone."""

    def __init__(self, journal: Journal, database: Database) -> None:
        self._journal = journal
        self._database = database

    async def load(self, target: str) -> dict[str, ZoneNote]:
        """Return what is on disk of *target*'s zones, by zone.

        Raises `TransientError` where it cannot be read in time: then look at every zone's content.
        """

        async def query(connection: AsyncConnection) -> dict[str, ZoneNote]:
            rows = await connection.execute(select(*_COLUMNS).where(ZoneRow.target == target))
            return {row.zone: ZoneNote(*row) for row in rows}

        return await self._database.read(query)

    def note(self, note: ZoneNote) -> None:
        """Remember *note* in the place of what was known of its zone."""
        self._journal.put(PutZone(note.target, note.zone, note))

    def forget(self, target: str, zone: str) -> None:
        """Forget a zone that is gone on both sides."""
        self._journal.put(PutZone(target, zone, None))
