"""Cutting a zone's changes into requests that the server takes.

Changes that belong together stay in one batch, because the server checks each batch by itself: a CNAME or DNAME and the
other data of its name (RFC 1034, section 3.6.2). Within a batch removals come first, since PowerDNS works from top to
bottom. Between batches the order is the plan's: every batch leaves a zone that can be served.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from netbox_pdns.planning.values import Change

EXCLUSIVE = frozenset({"CNAME", "DNAME"})
"""Types whose coming or going decides whether a name may hold other data."""


def batches(changes: Sequence[Change], size_of: Callable[[Change], int], limit: int) -> tuple[tuple[Change, ...], ...]:
    """Cut *changes*, sorted by key, into batches of at most *limit* bytes by *size_of*, all of them in order.

    What belongs together is not cut: such a unit that is larger than *limit* is a batch of its own.
    """
    return tuple(removals_first(batch) for batch in _packed(_units(changes), size_of, limit))


def removals_first(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return *changes* with the removals of whole RRsets first, else in their order."""
    return tuple(sorted(changes, key=lambda change: change.after is not None))


def _units(changes: Sequence[Change]) -> Iterator[tuple[Change, ...]]:
    for _, group in groupby(changes, key=lambda change: change.key[0]):
        of_name = tuple(group)
        if any(change.key[1] in EXCLUSIVE for change in of_name):
            yield of_name
        else:
            yield from ((change,) for change in of_name)


def _packed(
    units: Iterable[tuple[Change, ...]], size_of: Callable[[Change], int], limit: int
) -> Iterator[tuple[Change, ...]]:
    batch: list[Change] = []
    filled = 0
    for unit in units:
        size = sum(map(size_of, unit))
        if batch and filled + size > limit:
            yield tuple(batch)
            batch, filled = [], 0
        batch.extend(unit)
        filled += size
    if batch:
        yield tuple(batch)
