"""How far each target is with NetBox's change log: an entry is passed when what it is about has been reconciled there.

Pure: the feed says what it `took`, the keeper what is `done`, and `saved` is what the store keeps. What is saved is never
ahead of what was done, so after a crash the rest is hinted at again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from netbox_pdns.netbox.sight import Gap, Sight, ranges

EVERYWHERE = ""
"""Stands for all zones, where it cannot be told which are concerned."""
MOST_OPEN = 5_000
"""Entries that a target may be behind with one by one; beyond, it owes a look at everything."""


class Mark(msgspec.Struct, frozen=True):
    """What tells a log from another one: its newest entry's id, time (seconds since 1970) and request."""

    id: int
    time: float
    request: str


class Saved(msgspec.Struct, frozen=True):
    """A target's position as the store keeps it.

    `gaps` are first and last id of what was missing, and for how many seconds; `open` first and last id of what was seen
    and is not done. `owes` tells that everything is to be looked at.
    """

    top: int
    gaps: list[tuple[int, int, float]] = []
    open: list[tuple[int, int]] = []
    owes: bool = False
    mark: Mark | None = None

    def sight(self, now: float) -> Sight:
        """Return what was seen and done, at the time *now* of the feed's clock."""
        missing = (Gap(first, last, now - age) for first, last, age in self.gaps)
        return Sight(self.top, [*missing, *(Gap(first, last, now) for first, last in self.open)])


def saved_of(kept: object) -> Saved | None:
    """Return the position that the store had *kept*; None for none, and for what is none."""
    try:
        return None if kept is None else msgspec.convert(kept, Saved)
    except msgspec.ValidationError:
        return None


class CursorStore(Protocol):
    """Where positions outlive the process. They are JSON-able, and nobody else's to read."""

    def load(self, feed: str, target: str) -> object | None:
        """Return what was saved last for *target*; None where nothing was."""

    def save(self, feed: str, target: str, position: object) -> None:
        """Leave a position to be written; never waits, and what is written last counts."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a target was behind with at one time: whoever then looks at everything is done with that (`passed`)."""

    changes: frozenset[int]
    debts: int


@dataclass(slots=True)
class _Target:
    start: Sight
    open: dict[int, set[str]] = field(default_factory=dict)
    debts: int = 0
    paid: int = 0


class Progress:
    """The positions of all targets. `sight` is what the feed has seen, for whichever of them."""

    def __init__(self, targets: Sequence[str]) -> None:
        self.names = tuple(targets)
        self.sight = Sight()
        self.mark: Mark | None = None
        self.unread: set[int] = set()
        """Entries that were seen, and of which it is not known yet what they are about."""
        self._targets: dict[str, _Target] = {}

    def begin(self, starts: Mapping[str, Saved], fresh: Sight | None, now: float) -> None:
        """Go on from where each target was; those without a start of their own begin at *fresh*."""
        self._targets = {
            name: _Target(
                starts[name].sight(now) if name in starts else fresh or Sight(), debts=int(_owes(starts, name))
            )
            for name in self.names
        }
        seen = [target.start for target in self._targets.values()]
        top = min((each.top for each in seen), default=0)
        self.sight = Sight(top, [gap for each in seen for gap in each.gaps])
        self.unread = set()

    def wanting(self, change: int) -> Sequence[str]:
        """Return the targets that are not done with an entry that has just been seen."""
        return [name for name, target in self._targets.items() if not target.start.has_seen(change)]

    def took(self, change: int, zones: Iterable[str], targets: Iterable[str]) -> None:
        """Take note that *targets* were given hints for *zones* (or `EVERYWHERE`) because of an entry."""
        concerned = set(zones)
        for name in targets:
            target = self._targets[name]
            target.open[change] = set(concerned)
            if len(target.open) > MOST_OPEN:
                self.owe(name)

    def done(self, name: str, zone: str, changes: Collection[int]) -> None:
        """Take note that *zone* was reconciled on the target *name* for the sake of *changes*, among other things."""
        target = self._targets.get(name)
        if target is None:
            return
        for change in changes:
            if (zones := target.open.get(change)) is not None:
                zones.discard(zone)
                if not zones:
                    del target.open[change]

    def owe(self, name: str) -> None:
        """Take note that the target *name* is to be looked at as a whole, in place of what it is behind with."""
        target = self._targets[name]
        target.open.clear()
        target.debts += 1

    def pending(self, name: str) -> Pending:
        """Return what the target *name* is behind with now, before everything is looked at."""
        target = self._targets.get(name) or _Target(Sight())
        return Pending(frozenset(target.open), target.debts)

    def passed(self, name: str, pending: Pending) -> None:
        """Take note that all zones of the target *name* were looked at since it was behind with *pending*."""
        if (target := self._targets.get(name)) is not None:
            target.paid = max(target.paid, pending.debts)
            for change in pending.changes:
                target.open.pop(change, None)

    def saved(self, name: str, now: float) -> Saved:
        """Return the position of the target *name* for the store."""
        target = self._targets[name]
        return Saved(
            top=self.sight.top,
            gaps=[(gap.first, gap.last, round(now - gap.noticed, 1)) for gap in self.sight.gaps],
            open=ranges({*target.open, *self.unread}),
            owes=target.debts > target.paid,
            mark=self.mark,
        )


class Cursors:
    """The positions in the store: each is saved where it has changed by more than its age."""

    def __init__(self, store: CursorStore, feed: str, progress: Progress, clock: Callable[[], float]) -> None:
        self._store = store
        self._feed = feed
        self._progress = progress
        self._clock = clock
        self._written: dict[str, Saved] = {}

    def load(self) -> Mapping[str, Saved]:
        """Return the positions of those targets that have one."""
        found = {name: saved_of(self._store.load(self._feed, name)) for name in self._progress.names}
        return {name: saved for name, saved in found.items() if saved is not None}

    def save(self) -> None:
        """Leave what has changed to the store."""
        for name in self._progress.names:
            saved = self._progress.saved(name, self._clock())
            bare = msgspec.structs.replace(saved, gaps=[(first, last, 0.0) for first, last, _ in saved.gaps])
            if self._written.get(name) != bare:
                self._written[name] = bare
                self._store.save(self._feed, name, msgspec.to_builtins(saved))


def _owes(starts: Mapping[str, Saved], name: str) -> bool:
    return name in starts and starts[name].owes
