"""Cutting a zone's changes into requests that the server takes.

Changes that belong together stay in one batch, because the server checks each batch by itself: a CNAME or DNAME and the
other data of its name (RFC 1034, section 3.6.2). Within a batch removals come first, since PowerDNS works from top to
bottom. Over the batches what comes goes before what changes, and that before what goes: a nameserver has its address
before the zone names it, and keeps the address until the zone names it no more, wherever the work is broken off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from netbox_pdns.planning.values import Change

EXCLUSIVE = frozenset({"CNAME", "DNAME"})
"""Types whose coming or going decides whether a name may hold other data."""


def batches(changes: Sequence[Change], size_of: Callable[[Change], int], limit: int) -> tuple[tuple[Change, ...], ...]:
    """Cut *changes*, in any order, into batches of at most *limit* bytes by *size_of*; all of them, each once.

    What belongs together is not cut: such a unit that is larger than *limit* is a batch of its own.
    """
    ordered = sorted(_units(changes), key=_turn)
    return tuple(removals_first(batch) for batch in _packed(ordered, size_of, limit))


def removals_first(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return *changes* with the removals of whole RRsets first, else in their order."""
    return tuple(sorted(changes, key=lambda change: change.after is not None))


def _units(changes: Sequence[Change]) -> Iterator[tuple[Change, ...]]:
    by_key = sorted(changes, key=lambda change: change.key)
    for _, group in groupby(by_key, key=lambda change: change.key[0]):
        of_name = tuple(group)
        if any(change.key[1] in EXCLUSIVE for change in of_name):
            yield of_name
        else:
            yield from ((change,) for change in of_name)


def _turn(unit: tuple[Change, ...]) -> int:
    """Return 0 for what only comes, 2 for what only goes, 1 for all else."""
    if all(change.before is None for change in unit):
        return 0
    return 2 if all(change.after is None for change in unit) else 1


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
