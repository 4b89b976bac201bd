"""The tables of the service's memory. What they mean for the rest of the program is in `values`.

They are kept to what SQLite and PostgreSQL have in common: text, numbers, and JSON as text. Times are seconds since 1970.
A change of a table needs a migration (`migrations/versions/`) and a new `SCHEMA`; a test holds the three together.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Double, Index, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "0002"
"""The newest migration: a file that says so is up to date, and Alembic need not be imported."""


class Base(DeclarativeBase):
    """What all tables belong to."""

    type_annotation_map: ClassVar = {str: Text, int: BigInteger, float: Double}


class ZoneRow(Base):
    """What is remembered of one zone on one target."""

    __tablename__ = "zone_memory"

    target: Mapped[str] = mapped_column(primary_key=True)
    zone: Mapped[str] = mapped_column(primary_key=True)
    source_serial: Mapped[int | None]
    served_serial: Mapped[int | None]
    equal_at: Mapped[float | None]
    rrsets: Mapped[int]
    clean: Mapped[bool]
    attempts: Mapped[int]
    next_try: Mapped[float | None]


class CursorRow(Base):
    """How far a feed was read for a target; `position` is the feed's own, in JSON."""

    __tablename__ = "feed_cursor"

    feed: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[str]
    saved_at: Mapped[float]


class RemovalRow(Base):
    """Records, or a whole zone, that were removed without an explanation; `digests` names the records, in JSON."""

    __tablename__ = "removal"
    __table_args__ = (Index("removal_at", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    zone: Mapped[str]
    at: Mapped[float]
    whole_zone: Mapped[bool]
    records: Mapped[int]
    digests: Mapped[str]
    settled: Mapped[bool]


class ReceiptRow(Base):
    """One applied change; the ids grow with time. `causes` and `summary` are JSON."""

    __tablename__ = "receipt"
    __table_args__ = (
        Index("receipt_zone", "zone", "id"),
        Index("receipt_target", "target", "id"),
        Index("receipt_applied", "applied"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    zone: Mapped[str]
    action: Mapped[str]
    created: Mapped[int]
    changed: Mapped[int]
    deleted: Mapped[int]
    serial: Mapped[int | None]
    causes: Mapped[str]
    edited: Mapped[float | None]
    applied: Mapped[float]
    served: Mapped[float | None]
    summary: Mapped[str]


class SourceRow(Base):
    """The NetBox that all of this is about, and why a deep pass is owed."""

    __tablename__ = "source"

    url: Mapped[str] = mapped_column(primary_key=True)
    owed: Mapped[str | None]
