"""Which NetBox all of this is about, and whether the content of every zone has to be compared once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from netbox_pdns.store.journal import Journal
from netbox_pdns.store.models import CursorRow, SourceRow, ZoneRow
from netbox_pdns.store.values import Remark, RemarkKind
from netbox_pdns.store.writes import Write, upsert

_NEW = "what was known of the zones is not there"
_OTHER = "what was known of the zones was about another NetBox"


@dataclass(frozen=True, slots=True)
class PutSource(Write):
    """Which NetBox it is, and why a deep pass is owed (None: it is not)."""

    at_end: ClassVar[bool] = True

    url: str
    owed: str | None

    @property
    def key(self) -> Hashable:
        """There is one NetBox."""
        return "source"

    @classmethod
    async def apply(cls, connection: AsyncConnection, writes: Sequence[PutSource]) -> None:
        """Write it down."""
        await upsert(connection, SourceRow, [_row(each.url, each.owed) for each in writes])


class Source:
    """What is owed to the NetBox of *url*; in memory, with a copy on disk."""

    def __init__(self, journal: Journal, url: str) -> None:
        self._journal = journal
        self._url = plain_url(url)
        self._owed: str | None = None

    async def recall(self, connection: AsyncConnection) -> tuple[Remark, ...]:
        """Read what is owed; where the file is of another NetBox, drop what it says of zones and feeds, and say so."""
        rows = {row.url: row for row in await connection.execute(select(SourceRow.__table__))}
        if own := rows.get(self._url):
            self._owed = own.owed
            return ()
        self._owed = _OTHER if rows else _NEW
        for table in (ZoneRow, CursorRow, SourceRow):
            await connection.execute(delete(table))
        await upsert(connection, SourceRow, [_row(self._url, self._owed)])
        if not rows:
            return ()
        text = f"the store was about {', '.join(sorted(rows))}, now NetBox is {self._url}: its zones are looked at anew"
        return (Remark(RemarkKind.OTHER_SOURCE, text, hint="if that is the same NetBox, nothing is lost"),)

    @property
    def owed(self) -> str | None:
        """Why the content of every zone has to be compared once; None where that need not be.

        It stays, over restarts, until `deep_pass_done`.
        """
        return self._owed

    def accept(self) -> None:
        """Take note that NetBox is right, whatever it was before; the content of every zone has to be compared."""
        self.owe("NetBox went back, and that was accepted")

    def owe(self, why: str) -> None:
        """Take note that the content of every zone has to be compared, because of *why*."""
        self._owed = why
        self._put()

    def deep_pass_done(self) -> None:
        """Take note that the content of every zone was compared."""
        if self._owed is not None:
            self._owed = None
            self._put()

    def _put(self) -> None:
        self._journal.put(PutSource(self._url, self._owed))


def plain_url(url: str) -> str:
    """Return *url* so that one NetBox has one: without a slash at the end, in lower case up to the path."""
    scheme, separator, rest = url.strip().rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{separator}{host.lower()}{slash}{path}"


def _row(url: str, owed: str | None) -> dict[str, object]:
    return {"url": url, "owed": owed}
