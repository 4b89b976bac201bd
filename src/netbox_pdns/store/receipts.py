"""A receipt for each applied change: what, why, when. The newest are read first, in pages."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

import msgspec
from sqlalchemy import Row, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netbox_pdns.store.database import Database
from netbox_pdns.store.ids import Ids
from netbox_pdns.store.journal import Journal
from netbox_pdns.store.models import ReceiptRow
from netbox_pdns.store.values import MOST_CAUSES, MOST_LINES, Receipt, ReceiptCause, ReceiptPage
from netbox_pdns.store.writes import Write, clean, upsert

LARGEST_PAGE = 500
MOST_IN_MEMORY = 10_000
"""Where the service works in memory, so many receipts are kept."""
_LONGEST_LINE = 500


@dataclass(frozen=True, slots=True)
class AddReceipt(Write):
    """A receipt."""

    receipt: Receipt

    @property
    def key(self) -> Hashable:
        """A receipt is known by its id."""
        return ("receipt", self.receipt.id)

    @property
    def fold(self) -> Hashable:
        """Receipts of one zone may become one."""
        return ("receipt", self.receipt.target, self.receipt.zone)

    def folded(self, later: AddReceipt) -> AddReceipt:
        """Return one receipt of both, with the later one's id and times."""
        return AddReceipt(_bounded(_together(self.receipt, later.receipt)))

    @classmethod
    async def apply(cls, connection: AsyncConnection, writes: Sequence[AddReceipt]) -> None:
        """Write the receipts."""
        await upsert(connection, ReceiptRow, [_row(write.receipt) for write in writes])


@dataclass(frozen=True, slots=True)
class MarkServed(Write):
    """When DNS was seen to answer what a receipt is about."""

    id: str
    served: float

    @property
    def key(self) -> Hashable:
        """It belongs to the receipt."""
        return ("receipt", self.id)

    def after(self, earlier: Write) -> Write:
        """Return the receipt with the time, where it still waits itself."""
        return AddReceipt(replace(earlier.receipt, served=self.served)) if isinstance(earlier, AddReceipt) else self

    @classmethod
    async def apply(cls, connection: AsyncConnection, writes: Sequence[MarkServed]) -> None:
        """Write the times."""
        for write in writes:
            await connection.execute(update(ReceiptRow).where(ReceiptRow.id == write.id).values(served=write.served))


@dataclass(frozen=True, slots=True)
class PruneReceipts(Write):
    """Those from before a time go, and all but the newest *most* (None: as many as there are)."""

    before: float
    most: int | None = None

    @property
    def key(self) -> Hashable:
        """The latest says all."""
        return "prune-receipts"

    @classmethod
    async def apply(cls, connection: AsyncConnection, writes: Sequence[PruneReceipts]) -> None:
        """Delete them."""
        for write in writes:
            await connection.execute(delete(ReceiptRow).where(ReceiptRow.applied < write.before))
            if write.most is not None:
                newest = select(ReceiptRow.id).order_by(ReceiptRow.id.desc()).limit(1).offset(write.most)
                await connection.execute(delete(ReceiptRow).where(ReceiptRow.id <= newest.scalar_subquery()))


class Receipts:
    """All receipts."""

    def __init__(self, journal: Journal, database: Database, ids: Ids) -> None:
        self._journal = journal
        self._database = database
        self._ids = ids

    def add(self, receipt: Receipt) -> str:
        """Have *receipt* written, without what of its causes and summary is beyond their bounds; return its id."""
        receipt = _bounded(replace(receipt, id=self._ids.next()))
        self._journal.put(AddReceipt(receipt))
        return receipt.id

    def mark_served(self, receipt_id: str, served: float) -> None:
        """Take note that DNS answers what the receipt *receipt_id* is about, as was seen at *served*."""
        self._journal.put(MarkServed(receipt_id, served))

    async def page(
        self, *, limit: int = 50, before: str | None = None, target: str | None = None, zone: str | None = None
    ) -> ReceiptPage:
        """Return the newest *limit* receipts (at most 500), of *target* and *zone* where given, older than *before*.

        *before* is the `following` of the page before. Raises `TransientError` where the store does not answer in time.
        """
        limit = max(1, min(limit, LARGEST_PAGE))
        chosen = select(_table()).order_by(ReceiptRow.id.desc()).limit(limit + 1)
        for column, value in ((ReceiptRow.target, target), (ReceiptRow.zone, zone)):
            if value is not None:
                chosen = chosen.where(column == value)
        if before is not None:
            chosen = chosen.where(ReceiptRow.id < before)

        async def query(connection: AsyncConnection) -> list[Receipt]:
            return [_receipt(row) for row in await connection.execute(chosen)]

        found = await self._database.read(query)
        shown = tuple(found[:limit])
        return ReceiptPage(shown, shown[-1].id if len(found) > limit else None)

    def prune(self, before: float) -> None:
        """Have those that were applied before *before* deleted; in memory, all but the newest as well."""
        self._journal.put(PruneReceipts(before, None if self._database.persistent else MOST_IN_MEMORY))


def _table() -> Table:
    table = ReceiptRow.__table__
    assert isinstance(table, Table)
    return table


def _bounded(receipt: Receipt) -> Receipt:
    causes = tuple(
        replace(cause, user=clean(cause.user), request=clean(cause.request)) for cause in receipt.causes[:MOST_CAUSES]
    )
    return replace(receipt, causes=causes, summary=_lines(receipt.summary))


def _lines(lines: Iterable[str]) -> tuple[str, ...]:
    lines = tuple(line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in map(clean, lines))
    if len(lines) <= MOST_LINES:
        return lines
    return (*lines[: MOST_LINES - 1], f"and {len(lines) - MOST_LINES + 1} more")


def _together(earlier: Receipt, later: Receipt) -> Receipt:
    edits = [each.edited for each in (earlier, later) if each.edited is not None]
    return replace(
        later,
        created=earlier.created + later.created,
        changed=earlier.changed + later.changed,
        deleted=earlier.deleted + later.deleted,
        causes=(*earlier.causes, *later.causes),
        edited=min(edits, default=None),
        summary=(*earlier.summary, *later.summary),
    )


def _row(receipt: Receipt) -> dict[str, object]:
    return asdict(receipt) | {
        "causes": msgspec.json.encode(receipt.causes).decode(),
        "summary": msgspec.json.encode(receipt.summary).decode(),
    }


def _receipt(row: Row[tuple[object, ...]]) -> Receipt:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public way, whatever it looks like
    values["causes"] = msgspec.json.decode(row.causes, type=tuple[ReceiptCause, ...])
    values["summary"] = msgspec.json.decode(row.summary, type=tuple[str, ...])
    return Receipt(**values)
