"""What can be written into the file: each kind of write knows what takes its place, and writes many of its kind at once.

A write can be repeated: what is written twice is as if it were written once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from netbox_pdns.store.models import Base


class Write(ABC):
    """One write that waits for its turn."""

    __slots__ = ()

    at_end: ClassVar[bool] = False
    """Whether it promises that all that was put before it is written: then it is never written before any of that."""

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """What it is about: of two writes with one key that both wait, one is left."""

    @property
    def fold(self) -> Hashable | None:
        """What it may be folded together with where too many wait: those of one fold; None for what stays as it is."""
        return None

    def after(self, earlier: Write) -> Write:
        """Return what *earlier*, with the same key, and this one come to."""
        del earlier
        return self

    def folded(self, later: Any) -> Write:
        """Return this write and *later*, of the same fold, in one."""
        return later  # type: ignore[no-any-return]

    @classmethod
    @abstractmethod
    async def apply(cls, connection: AsyncConnection, writes: Sequence[Any]) -> None:
        """Write *writes*, all of this class and each about something else."""


async def upsert(connection: AsyncConnection, row: type[Base], values: Sequence[Mapping[str, Any]]) -> None:
    """Insert *values* as rows, or put them in the place of those with the same primary key."""
    table = row.__table__
    assert isinstance(table, Table)
    keys = [column.name for column in table.primary_key]
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    others = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    await connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=others), list(values))


def clean(text: str) -> str:
    """Return *text* as it can be stored: what others send may hold half a character, or NUL, which PostgreSQL has not."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{REPLACEMENT CHARACTER}")
