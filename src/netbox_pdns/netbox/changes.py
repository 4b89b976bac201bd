"""The change log as it is followed: its newest entries, the ones between two ids, what given ones say.

By `id__gte` and in the order of ids: NetBox's index on them makes that cheap, and no edit moves an entry to another page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from netbox_pdns.netbox.client import PAGE_SIZE, NetBoxClient, Query
from netbox_pdns.netbox.listing import whole
from netbox_pdns.netbox.sight import Sight
from netbox_pdns.netbox.wire import CHANGE_FIELDS, CHANGES, ENTRY_FIELDS, ZONES, ChangeRow, LogEntry, Named, Page

IDS_AT_ONCE = 100
"""Ids that one request asks for: an address has to stay below 4 KiB."""
MOST_ASKED = 200
"""Missing ids that are asked for by name; more are asked for by where they begin and end."""

_LIGHT: Query = (("fields", ENTRY_FIELDS),)
_WHOLE: Query = (("fields", f"{CHANGE_FIELDS},request_id"),)


class ChangeLog:
    """NetBox's change log. Raises `NotPermittedError` where the token may not view it, and what `NetBoxClient.get` does."""

    def __init__(self, client: NetBoxClient) -> None:
        self._client = client

    async def newest(self, *, older_than: float = 0.0, below: int | None = None) -> LogEntry | None:
        """Return the entry with the greatest id, of those *older_than* so many seconds, or with ids *below* one."""
        query: list[tuple[str, str | int]] = [*_LIGHT, ("ordering", "-id")]
        if older_than:
            moment = datetime.fromtimestamp(self._client.now() - older_than, UTC)
            query.append(("time_before", moment.isoformat()))
        if below is not None:
            query.append(("id__lt", below))
        found = await self._client.first(CHANGES, query, LogEntry, limit=1)
        return found[0] if found else None

    async def between(self, first: int, last: int | None = None) -> AsyncIterator[Sequence[LogEntry]]:
        """Yield the entries with ids from *first* to *last* (None: to the end), page by page, in the order of ids."""
        end: Query = () if last is None else (("id__lte", last),)
        while True:
            query: Query = [*_LIGHT, *end, ("id__gte", first), ("ordering", "id"), ("limit", PAGE_SIZE)]
            page = await self._client.get(CHANGES, query, Page[LogEntry])
            yield page.results
            if page.next is None or not page.results:
                return
            first = page.results[-1].id + 1

    async def there(self, ids: Sequence[int]) -> Sequence[LogEntry]:
        """Return those of the entries *ids* that are there."""
        found: list[LogEntry] = []
        for some in _some(ids):
            query: Query = [*_LIGHT, *(("id", each) for each in some)]
            found += await self._client.first(CHANGES, query, LogEntry, limit=PAGE_SIZE)
        return found

    async def rows(self, ids: Sequence[int]) -> Sequence[ChangeRow]:
        """Return those of the entries *ids* that are there with what they say, `IDS_AT_ONCE` at most."""
        assert len(ids) <= IDS_AT_ONCE
        query: Query = [*_WHOLE, *(("id", each) for each in ids)]
        found = await self._client.first(CHANGES, query, ChangeRow, limit=PAGE_SIZE)
        return sorted(found, key=lambda row: row.id)

    async def zone_names(self, ids: Sequence[int]) -> Mapping[int, str]:
        """Return the names of those of the zones *ids* that are there and may be seen, as NetBox writes them."""
        names: dict[int, str] = {}
        for some in _some(ids):
            query: Query = [("fields", "id,name"), *(("id", each) for each in some)]
            names |= {row.id: row.name for row in await whole(self._client, ZONES, query, Named)}
        return names


class Entries(Protocol):
    """What gives the entries of a log; see `ChangeLog`."""

    def between(self, first: int, last: int | None = None) -> AsyncIterator[Sequence[LogEntry]]:
        """Yield the entries with ids from *first* to *last*, page by page, in the order of ids."""

    async def there(self, ids: Sequence[int]) -> Sequence[LogEntry]:
        """Return those of the entries *ids* that are there."""


async def missing(log: Entries, sight: Sight) -> AsyncIterator[Sequence[LogEntry]]:
    """Yield the entries of *log* that are there by now, of those that *sight* misses; and perhaps others, that it knows."""
    gaps = sight.gaps
    if not gaps:
        return
    if sight.missing <= MOST_ASKED:
        yield await log.there([number for gap in gaps for number in range(gap.first, gap.last + 1)])
        return
    async for page in log.between(gaps[0].first, gaps[-1].last):
        yield page


def _some(ids: Sequence[int]) -> Sequence[Sequence[int]]:
    return [ids[at : at + IDS_AT_ONCE] for at in range(0, len(ids), IDS_AT_ONCE)]
