"""Which zones are read together: groups of about one page of records, as far as the groups before tell.

A request has its price, and so has each zone that it names, for every page again. A group that fits into one page pays both
once. How many records a zone has is not known beforehand: a group is cut by what the last ones had.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Sequence

from netbox_pdns.netbox.client import PAGE_SIZE
from netbox_pdns.planning.values import ZoneRef

MOST_ZONES = 200
"""Their ids are in the URL, of which the server of NetBox takes 4,094 characters."""
_FILLED = 0.9
"""The share of a page that a group is to fill: a few records more than a page cost a second one."""
_GUESS = 25.0
"""Records of a zone, as long as nothing is known."""

Group = tuple[ZoneRef, ...]


class Groups:
    """Cuts zones into groups, of one view each: a zone's name tells it from the others of its group.

    Those that stand together by name are often alike, and so many large ones would come together at the end: their order
    is a shuffled one, the same at every run.
    """

    def __init__(self, refs: Iterable[ZoneRef]) -> None:
        self._left = deque(sorted(refs, key=lambda ref: (ref.view, zlib.crc32(ref.name.encode()), ref.name)))
        self._halves: deque[Group] = deque()
        self._records_a_zone = _GUESS

    def __bool__(self) -> bool:
        return bool(self._left or self._halves)

    def take(self) -> Group:
        """Return the next group; there must be one."""
        if self._halves:
            return self._halves.popleft()
        view, most = self._left[0].view, min(MOST_ZONES, max(1, int(PAGE_SIZE * _FILLED / self._records_a_zone)))
        group: list[ZoneRef] = []
        while self._left and len(group) < most and self._left[0].view == view:
            group.append(self._left.popleft())
        return tuple(group)

    def note(self, records: Sequence[int]) -> None:
        """Take note of how many records each zone of a group had; a single large one changes little."""
        if records:
            mean = sum(min(each, PAGE_SIZE) for each in records) / len(records)
            self._records_a_zone = max(1.0, (self._records_a_zone + mean) / 2)

    def halve(self, group: Group) -> None:
        """Put back, in two halves, a group that has too many records."""
        middle = (len(group) + 1) // 2
        self._halves.extend((group[:middle], group[middle:]))
