"""What of the change log has been seen, by the ids of its entries. Pure.

NetBox gives an entry its id before it commits it, so an id that is missing between two that were seen may still appear: it
is part of a gap until it was seen, or until it can no longer come. Gaps also stay where a transaction was taken back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Gap:
    """The ids from `first` to `last`, which were missing when they were `noticed` (seconds of a monotonic clock)."""

    first: int
    last: int
    noticed: float

    def __len__(self) -> int:
        """Return how many ids these are."""
        return self.last - self.first + 1


class Sight:
    """Everything up to `top` has been seen, but for what is in `gaps`."""

    def __init__(self, top: int = 0, gaps: Iterable[Gap] = ()) -> None:
        self._top = top
        self._gaps = _apart(replace(gap, last=min(gap.last, top)) for gap in gaps if gap.first <= top)

    @property
    def top(self) -> int:
        """The greatest id that was seen; 0 before the first."""
        return self._top

    @property
    def gaps(self) -> Sequence[Gap]:
        """What is missing below, in order."""
        return tuple(self._gaps)

    @property
    def missing(self) -> int:
        """How many ids are missing."""
        return sum(len(gap) for gap in self._gaps)

    def has_seen(self, number: int) -> bool:
        """Tell whether the entry *number* was seen."""
        return number <= self._top and self._gap_of(number) is None

    def see(self, ids: Iterable[int], now: float) -> Sequence[int]:
        """Take note that *ids* are there, and return those that were not seen before, in order."""
        new = []
        for number in sorted(set(ids)):
            if number > self._top:
                if number > self._top + 1:
                    self._gaps.append(Gap(self._top + 1, number - 1, now))
                self._top = number
                new.append(number)
            elif (at := self._gap_of(number)) is not None:
                self._close(at, number)
                new.append(number)
        return new

    def give_up(self, noticed_until: float) -> None:
        """Forget the gaps that were noticed up to that time: nothing comes there any more."""
        self._gaps = [gap for gap in self._gaps if gap.noticed > noticed_until]

    def _gap_of(self, number: int) -> int | None:
        at = bisect_right(self._gaps, number, key=lambda gap: gap.first) - 1
        return at if at >= 0 and number <= self._gaps[at].last else None

    def _close(self, at: int, number: int) -> None:
        gap = self._gaps[at]
        halves = (replace(gap, last=number - 1), replace(gap, first=number + 1))
        self._gaps[at : at + 1] = [half for half in halves if len(half) > 0]


def ranges(ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return *ids* as the first and last of each run of them, in order."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(ids)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _apart(gaps: Iterable[Gap]) -> list[Gap]:
    """Return the gaps in order, those that overlap made one, as late as the later of them was noticed."""
    found: list[Gap] = []
    for gap in sorted(gaps, key=lambda gap: gap.first):
        if found and gap.first <= found[-1].last:
            last = found[-1]
            found[-1] = Gap(last.first, max(last.last, gap.last), max(last.noticed, gap.noticed))
        else:
            found.append(gap)
    return found
