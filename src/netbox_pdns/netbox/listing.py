"""Whole lists of NetBox's objects, in few requests: never fewer objects than NetBox counts.

The first page comes with NetBox's count of all, or without it where the list is likely to be one page. The others go by id
(`start=`, which NetBox has since 4.6 and which needs no counting; older ones by `id__gt=`), so that no edit moves an object
from one page to another. Two readers share a long list, since one of NetBox's workers serves one page at a time: whoever has
nothing left to read takes the second half of what the other has left.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from netbox_pdns.errors import DataError, TransientError
from netbox_pdns.netbox.client import PAGE_SIZE, HasId, NetBoxClient, Query
from netbox_pdns.netbox.wire import Named, Page
from netbox_pdns.resilience.together import both, gathered

_ATTEMPTS = 3
_SHARED = 4
"""A stretch of more pages than this is shared: where its middle is costs a request, too."""
_TAKEN_AT_ONCE = 100
"""Objects, whose rdata take about 1 ms."""

R = TypeVar("R", bound=HasId)


class ShiftedListError(TransientError):
    """A list that changed while it was read, or that came back short."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[R]):
    """A list as it was read once, in the order of ids; NetBox `counted` so many when the first page was read."""

    rows: list[R]
    counted: int
    pages: int


@dataclass(slots=True)
class Place:
    """Where the second page of a list that is read time and again began when it was read last: `after` this id."""

    after: int | None = None


async def whole(client: NetBoxClient, path: str, query: Query, row: type[R], place: Place | None = None) -> Sequence[R]:
    """Return a whole list, as long as NetBox counts it; one that shifts meanwhile is read again.

    Where its *place* is known from before, its first page and the others are read side by side.
    Raises `ShiftedListError` where that goes on, or where the list comes back short.
    """
    for attempt in range(_ATTEMPTS):
        try:
            listed = await _read_at(client, path, query, row, place or Place())
            check_whole(path, listed.counted, len(listed.rows))
        except ShiftedListError:
            if attempt + 1 == _ATTEMPTS:
                raise
        else:
            return listed.rows
    raise AssertionError(path)


async def read(client: NetBoxClient, path: str, query: Query, row: type[R]) -> Listed[R]:
    """Read a list once, whatever it comes to; raises `ShiftedListError` where its pages do not follow each other."""
    first = await _first(client, path, query, row)
    return await _rest(client, path, query, row, first, _count(path, first))


async def each_page(
    client: NetBoxClient, path: str, query: Query, row: type[R], most: int, take: Callable[[Sequence[R]], object]
) -> bool:
    """Read a list once and have its pages taken as they come, whatever their order; tell whether they were all.

    They were not where NetBox counts more than *most* objects, of which none is taken, or other than it gives.
    Raises as `read`.
    """
    first = await _first(client, path, query, row)
    counted = _count(path, first)
    if counted > most:
        return False
    got = 0

    def counting(rows: Sequence[R]) -> None:
        nonlocal got
        got += len(rows)
        take(rows)

    await _Shared(client, path, query, row, counting).follow(first, counted)
    return got == counted


async def _read_at(client: NetBoxClient, path: str, query: Query, row: type[R], place: Place) -> Listed[R]:
    """Read a list once, and take note of the *place* where its second page begins; raises as `read`."""
    if place.after is None:
        first, others = await _first(client, path, query, row), None
    else:
        first, others = await both(_first(client, path, query, row), follow(client, path, query, row, place.after))
    counted, expected = _count(path, first), place.after
    place.after = first.results[-1].id if first.next is not None and first.results else None
    if others is None or place.after is None or place.after != expected:
        return await _rest(client, path, query, row, first, counted)
    return Listed([*_in_order(path, first, 0), *others.rows], counted, 1 + others.pages)


async def _first(client: NetBoxClient, path: str, query: Query, row: type[R]) -> Page[R]:
    place: Query = [("limit", PAGE_SIZE), ("offset", 0), ("ordering", "id")]
    page: Page[R] = await client.get(path, [*query, *place], Page[row])  # type: ignore[valid-type]
    return page


def _count(path: str, first: Page[R]) -> int:
    if first.count is None:
        raise DataError(f"NetBox does not count the list at {path}", hint="see `netbox-pdns check`")
    return first.count


async def read_short(
    client: NetBoxClient, path: str, query: Query, row: type[R], most: int | None = None
) -> Listed[R] | None:
    """Read a list that is likely to be one page, which NetBox is not asked to count then.

    Returns None for a list of more pages that has more than *most* objects; raises as `read`.
    """
    first = await page_after(client, path, query, row, 0)
    if first.next is None:
        rows = _in_order(path, first, 0)
        return Listed(rows, len(rows), 1)
    counted = await client.count(path, query)
    if most is not None and counted > most:
        return None
    return await _rest(client, path, query, row, first, counted)


async def _rest(client: NetBoxClient, path: str, query: Query, row: type[R], first: Page[R], counted: int) -> Listed[R]:
    """Read what follows the page *first* of a list of which NetBox has *counted* the objects."""
    rows: list[R] = []
    pages = await _Shared(client, path, query, row, rows.extend).follow(first, counted)
    if pages > 1:
        rows.sort(key=_id)
    return Listed(rows, counted, pages)


@dataclass(slots=True, eq=False)
class _Stretch:
    """What one reader has left of a list: the objects with ids over `after`, up to `last` (None: to the end).

    They are at the places from `place` to before `end`, as far as NetBox counted when the first page was read.
    """

    after: int
    last: int | None
    place: int
    end: int


class _Shared(Generic[R]):
    """A list that two readers share."""

    def __init__(
        self, client: NetBoxClient, path: str, query: Query, row: type[R], take: Callable[[Sequence[R]], object]
    ) -> None:
        self._client = client
        self._path = path
        self._query = query
        self._row = row
        self._take = take
        self._pages = 1
        self._page_size = 1
        self._under_way: list[_Stretch] = []

    async def follow(self, first: Page[R], counted: int) -> int:
        """Have all pages taken, the *first* one and those after it; return how many there were."""
        rows = _in_order(self._path, first, 0)
        if first.next is None:
            await self._taken(rows)
        else:
            self._page_size = len(rows)
            stretch = _Stretch(rows[-1].id, None, len(rows), counted)
            self._under_way.append(stretch)
            await gathered((self._taken(rows), self._work(stretch), self._work(None)))
        return self._pages

    async def _work(self, stretch: _Stretch | None) -> None:
        if stretch is not None:
            await self._read(stretch)
        while (half := await self._half()) is not None:
            await self._read(half)

    async def _half(self) -> _Stretch | None:
        """Take the second half of what the other reader has left; None where it is not worth it."""
        whole = max(self._under_way, key=lambda stretch: stretch.end - stretch.place, default=None)
        if whole is None or whole.end - whole.place <= _SHARED * self._page_size:
            return None
        middle = (whole.place + whole.end) // 2
        id_ = await _id_at(self._client, self._path, self._query, middle)
        if id_ is None or (whole.last is not None and id_ >= whole.last):
            return None  # objects went since they were counted, and the others moved up
        if whole not in self._under_way or id_ <= whole.after:
            return None  # its reader was quicker
        half = _Stretch(id_, whole.last, middle + 1, whole.end)
        whole.last, whole.end = id_, middle + 1
        self._under_way.append(half)
        return half

    async def _read(self, stretch: _Stretch) -> None:
        page = await self._page(stretch)
        while (rows := self._cut(stretch, page)) and stretch in self._under_way:
            page, _ = await both(self._page(stretch), self._taken(rows))
        await self._taken(rows)

    async def _page(self, stretch: _Stretch) -> Page[R]:
        self._pages += 1
        return await page_after(self._client, self._path, self._query, self._row, stretch.after)

    def _cut(self, stretch: _Stretch, page: Page[R]) -> Sequence[R]:
        """Return what of *page* is of the *stretch*, which may have become shorter meanwhile, and shorten that by it."""
        rows = _in_order(self._path, page, stretch.after + 1)
        last = rows[-1].id if rows else stretch.after
        if page.next is None or (stretch.last is not None and last >= stretch.last):
            self._under_way.remove(stretch)
        if stretch.last is not None:
            rows = [row for row in rows if row.id <= stretch.last]
        stretch.after = last
        stretch.place += len(rows)
        return rows

    async def _taken(self, rows: Sequence[R]) -> None:
        """Have *rows* taken so that others get their turns meanwhile, the request for the next page above all."""
        for at in range(0, len(rows), _TAKEN_AT_ONCE):
            self._take(rows[at : at + _TAKEN_AT_ONCE])
            await asyncio.sleep(0)


def _id(row: HasId) -> int:
    return row.id


def check_whole(path: str, counted: int, got: int) -> None:
    """Raise `ShiftedListError` where NetBox *counted* other than it gave."""
    if counted != got:
        raise ShiftedListError(
            f"NetBox counts {counted} objects at {path} and gave {got}",
            hint="was the list edited just now? the next run reads it again; if it stays so, see NetBox's log",
        )


async def follow(client: NetBoxClient, path: str, query: Query, row: type[R], after: int = 0) -> Listed[R]:
    """Read the objects with ids over *after*, which NetBox does not count."""
    rows: list[R] = []
    for pages in itertools.count(1):
        page = await page_after(client, path, query, row, after)
        rows += _in_order(path, page, after + 1)
        if page.next is None:
            return Listed(rows, 0, pages)
        after = rows[-1].id
    raise AssertionError(path)


async def page_after(client: NetBoxClient, path: str, query: Query, row: type[R], after: int) -> Page[R]:
    """Return the objects with ids over *after*, as many as come in one page, which NetBox does not count."""
    by_start: Query = [*query, ("limit", PAGE_SIZE), ("start", after + 1)]
    page: Page[R] = await client.get(path, by_start, Page[row])  # type: ignore[valid-type]
    if page.count is None:
        return page
    # An older NetBox, which counts since it does not know `start`.
    by_id: Query = [*query, ("limit", PAGE_SIZE), ("id__gt", after), ("ordering", "id")]
    return await client.get(path, by_id, Page[row])  # type: ignore[valid-type]


async def _id_at(client: NetBoxClient, path: str, query: Query, place: int) -> int | None:
    """Return the id of the object at *place* in the order of ids, counted from 0; None where there are not so many."""
    slim = [(key, value) for key, value in query if key != "fields"]
    where: Query = [("fields", "id"), ("limit", 1), ("offset", place), ("ordering", "id")]
    page = await client.get(path, [*slim, *where], Page[Named])
    return page.results[0].id if page.results else None


def _in_order(path: str, page: Page[R], start: int) -> list[R]:
    """Return the objects of *page*; raises `ShiftedListError` where their ids do not rise from *start*."""
    ids = [start - 1, *(row.id for row in page.results)]
    if any(a >= b for a, b in itertools.pairwise(ids)) or (page.next is not None and not page.results):
        raise _shifted(path)
    return page.results


def _shifted(path: str) -> ShiftedListError:
    return ShiftedListError(
        f"the list at {path} shifted while it was read", hint="it was edited just now; the next run reads it again"
    )
