"""Which NetBox all of this is about, and how far its changes were applied: to notice that it went back."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from netbox_pdns.store.journal import Journal
from netbox_pdns.store.models import CursorRow, SourceRow, ZoneRow
from netbox_pdns.store.values import Remark, RemarkKind, SourceMark
from netbox_pdns.store.writes import Write, clean, upsert

_NEW = "what was known of the zones is not there"
_OTHER = "what was known of the zones was about another NetBox"


@dataclass(frozen=True, slots=True)
class PutSource(Write):
    """The mark as it is now, and why a deep pass is owed (None: it is not)."""

    at_end: ClassVar[bool] = True

    url: str
    mark: SourceMark | None
    owed: str | None

    @property
    def key(self) -> Hashable:
        """There is one NetBox."""
        return "source"

    @classmethod
    async def apply(cls, connection: AsyncConnection, writes: Sequence[PutSource]) -> None:
        """Write the mark."""
        await upsert(connection, SourceRow, [_row(each.url, each.mark, each.owed) for each in writes])


class Source:
    """The newest change of NetBox that was applied; in memory, with a copy on disk."""

    def __init__(self, journal: Journal, url: str) -> None:
        self._journal = journal
        self._url = plain_url(url)
        self._mark: SourceMark | None = None
        self._owed: str | None = None

    async def recall(self, connection: AsyncConnection) -> tuple[Remark, ...]:
        """Read the mark; where the file is of another NetBox, drop what it says of zones and feeds, and say so."""
        rows = {row.url: row for row in await connection.execute(select(SourceRow.__table__))}
        if own := rows.get(self._url):
            self._mark = None if own.change is None else SourceMark(own.change, own.changed_at or 0.0, own.request)
            self._owed = own.owed
            return ()
        self._mark, self._owed = None, _OTHER if rows else _NEW
        for table in (ZoneRow, CursorRow, SourceRow):
            await connection.execute(delete(table))
        await upsert(connection, SourceRow, [_row(self._url, None, self._owed)])
        if not rows:
            return ()
        text = f"the store was about {', '.join(sorted(rows))}, now NetBox is {self._url}: its zones are looked at anew"
        return (Remark(RemarkKind.OTHER_SOURCE, text, hint="if that is the same NetBox, nothing is lost"),)

    @property
    def mark(self) -> SourceMark | None:
        """The newest entry of NetBox's change log that was applied; None before the first."""
        return self._mark

    @property
    def owed(self) -> str | None:
        """Why the content of every zone has to be compared once; None where that need not be.

        It stays, over restarts, until `deep_pass_done`.
        """
        return self._owed

    def advance(self, mark: SourceMark) -> None:
        """Take note that *mark* and all before it was applied; an older one than is known is no news."""
        if self._mark is None or mark.change > self._mark.change:
            self._mark = SourceMark(mark.change, mark.at, clean(mark.request))
            self._put()

    def went_back(self, newest: SourceMark, same: SourceMark | None) -> str | None:
        """Return what shows that NetBox is not the one, or not as far, as it was; None where nothing does.

        *newest* is the newest entry of its change log now, *same* the entry that has the id of `mark` now, None where
        there is none: NetBox deletes old entries.
        """
        mark = self._mark
        if mark is None:
            return None
        if newest.change < mark.change:
            return f"its newest change is {newest.change}, and {mark.change} was applied already"
        if same is not None and same.request != mark.request:
            return f"its change {mark.change} is another than the one that was applied"
        return None

    def accept(self) -> None:
        """Forget the mark: NetBox is right, whatever it was before; the content of every zone has to be compared."""
        self._mark, self._owed = None, "NetBox went back, and that was accepted"
        self._put()

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
        self._journal.put(PutSource(self._url, self._mark, self._owed))


def plain_url(url: str) -> str:
    """Return *url* so that one NetBox has one: without a slash at the end, in lower case up to the path."""
    scheme, separator, rest = url.strip().rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{separator}{host.lower()}{slash}{path}"


def _row(url: str, mark: SourceMark | None, owed: str | None) -> dict[str, object]:
    if mark is None:
        return {"url": url, "change": None, "changed_at": None, "request": "", "owed": owed}
    return {"url": url, "change": mark.change, "changed_at": mark.at, "request": mark.request, "owed": owed}
