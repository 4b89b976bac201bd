"""Whole lists of NetBox's objects, in few requests: never fewer objects than NetBox counts.

The first page comes with NetBox's count of all, or without it where the list is likely to be one page. The others go by id
(`start=`, which NetBox has since 4.6 and which needs no counting; older ones by `id__gt=`), so that no edit moves an object
from one page to another. A long list is read in two halves side by side, since one of NetBox's workers serves one page at a
time.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from netbox_pdns.errors import DataError, TransientError
from netbox_pdns.netbox.client import PAGE_SIZE, HasId, NetBoxClient, Query
from netbox_pdns.netbox.wire import Named, Page
from netbox_pdns.resilience.together import both

_ATTEMPTS = 3
_HALVED = 8
"""A list of more pages than this is read in two halves."""

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
    listed = await read_up_to(client, path, query, row, None)
    assert listed is not None
    return listed


async def read_up_to(client: NetBoxClient, path: str, query: Query, row: type[R], most: int | None) -> Listed[R] | None:
    """Read a list once, None where it has more than *most* objects; raises as `read`."""
    first = await _first(client, path, query, row)
    counted = _count(path, first)
    if most is not None and counted > most:
        return None
    return await _rest(client, path, query, row, first, counted)


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
    rows = list(_in_order(path, first, 0))
    if first.next is None:
        return Listed(rows, counted, 1)
    after = rows[-1].id
    if counted <= _HALVED * len(rows):
        parts: Sequence[Listed[R]] = [await follow(client, path, query, row, after)]
    else:
        middle = await _id_at(client, path, query, (counted + len(rows)) // 2)
        parts = await both(follow(client, path, query, row, after, middle), follow(client, path, query, row, middle))
    rows += itertools.chain.from_iterable(part.rows for part in parts)
    return Listed(rows, counted, 1 + sum(part.pages for part in parts))


def check_whole(path: str, counted: int, got: int) -> None:
    """Raise `ShiftedListError` where NetBox *counted* other than it gave."""
    if counted != got:
        raise ShiftedListError(
            f"NetBox counts {counted} objects at {path} and gave {got}",
            hint="was the list edited just now? the next run reads it again; if it stays so, see NetBox's log",
        )


async def follow(
    client: NetBoxClient, path: str, query: Query, row: type[R], after: int = 0, last: int | None = None
) -> Listed[R]:
    """Read the objects with ids over *after*, up to *last* (None: to the end), which NetBox does not count."""
    rows: list[R] = []
    for pages in itertools.count(1):
        page = await page_after(client, path, query, row, after)
        found = _in_order(path, page, after + 1)
        rows += (each for each in found if last is None or each.id <= last)
        if page.next is None or (last is not None and found[-1].id >= last):
            return Listed(rows, 0, pages)
        after = found[-1].id
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


async def _id_at(client: NetBoxClient, path: str, query: Query, place: int) -> int:
    """Return the id of the object at *place* in the order of ids, counted from 0."""
    slim = [(key, value) for key, value in query if key != "fields"]
    where: Query = [("fields", "id"), ("limit", 1), ("offset", place), ("ordering", "id")]
    page = await client.get(path, [*slim, *where], Page[Named])
    if not page.results:
        raise _shifted(path)
    return page.results[0].id


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
