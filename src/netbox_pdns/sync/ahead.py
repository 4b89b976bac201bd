"""What a target has of its zones, read while NetBox is still being read: else its server would stand idle meanwhile.

What was read ahead may be older than what NetBox says. It is good for finding that there is nothing to do; before anything
is written the zone is read again (`netbox_pdns.sync.reconcile`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.values import Observed
from netbox_pdns.sync.ports import Target

FEWEST_ZONES = 50
"""Fewer are read when their turn comes."""
MOST_KEPT = 50_000
"""RRsets that are kept, some 20 MiB; the last zones may go beyond."""
LARGEST = 25_000
"""RRsets of a zone that is kept; a larger one is read when its turn comes, when there is room for it."""
_AT_ONCE = 4


class ReadAhead:
    """Zones of one target that were read before their turn; each is given out once."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._found: dict[str, Observed] = {}
        self._kept = 0

    async def read(self, zones: Sequence[str]) -> None:
        """Read *zones* (canonical names) until as much is kept as may be; it may be cancelled at any time."""
        if len(zones) < FEWEST_ZONES:
            return
        left = iter(zones)
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._each(left))

    def take(self, zone: str) -> Observed | None:
        """Return the zone as it was read, None where it was not."""
        found = self._found.pop(zone, None)
        self._kept -= _size(found)
        return found

    async def _each(self, left: Iterator[str]) -> None:
        while self._kept < MOST_KEPT and (zone := next(left, None)) is not None:
            try:
                observed = await self._target.read(zone)
            except NetboxPdnsError:
                return  # the zone is read again in its turn, and what is wrong is told then
            if observed is not None and _size(observed) <= LARGEST:
                self._found[zone] = observed
                self._kept += _size(observed)


def _size(observed: Observed | None) -> int:
    return 0 if observed is None else 1 + len(observed.zone.rrsets) + len(observed.disabled)
