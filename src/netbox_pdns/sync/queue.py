"""Which zones of a target wait for a look: one entry a zone, hints merge, failures come back later. No clock, no loop.

An entry is *due* at a time. A zone that is under way is never given out a second time; hints that come meanwhile lead to
exactly one more look afterwards. Who has waited longest goes first, so that a busy zone delays no other. All times are
in seconds of one monotonic clock, which the caller reads.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from netbox_pdns.planning.values import NO_EXPLANATIONS, Explanations, RecordKey
from netbox_pdns.sync.board import QueueState
from netbox_pdns.sync.hints import Cause, Scope

MOST_CAUSES = 1_000
"""Causes that an entry keeps; of an edit storm on one zone the later ones are counted alone."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a zone that failed waits: `first` seconds, twice as long every time, at most `longest`, with jitter."""

    first: float = 2.0
    factor: float = 2.0
    longest: float = 300.0

    def delay(self, attempt: int, chance: float) -> float:
        """Return the seconds to wait after failure number *attempt*, counted from 1; *chance* is from 0 to 1."""
        return min(self.longest, self.first * self.factor ** min(attempt - 1, 32)) * (0.5 + chance * 0.5)


PATIENT = Backoff()


@dataclass(slots=True)
class _Entry:
    scope: Scope
    due: float
    since: float
    attempts: int = 0
    causes: dict[tuple[object, ...], Cause] = field(default_factory=dict)
    changes: set[int] = field(default_factory=set)
    gone: dict[RecordKey, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """A look to be made now: of `zone`, within `scope`, for all of `causes`.

    `since` is when the first of its hints came, `changes` are the change-log entries that they come of, `attempts` how
    often it has failed since it last succeeded, `gone` the records that the hints say were taken away, and why.
    """

    zone: str
    scope: Scope
    causes: tuple[Cause, ...]
    changes: frozenset[int]
    since: float
    attempts: int = 0
    gone: Explanations = field(default_factory=lambda: NO_EXPLANATIONS)


class ZoneQueue:
    """The zones of one target that are to be looked at. At least *pause* seconds lie between two looks at one zone."""

    def __init__(self, pause: float, backoff: Backoff, chance: Callable[[], float] = random.random) -> None:
        self._pause = pause
        self._backoff = backoff
        self._chance = chance
        self._entries: dict[str, _Entry] = {}
        self._active: set[str] = set()
        self._ended: dict[str, float] = {}
        self._order: list[tuple[float, int, str]] = []
        self._count = itertools.count()

    def add(
        self,
        zone: str,
        scope: Scope,
        causes: Iterable[Cause],
        now: float,
        *,
        after: float = 0.0,
        gone: Iterable[tuple[RecordKey, str]] = (),
    ) -> None:
        """Take a hint, for *after* so many seconds; one that waits already is brought forward and made wider."""
        due = max(now + after, self._ended.get(zone, float("-inf")) + self._pause)
        entry = self._entries.get(zone)
        if entry is None:
            entry = self._entries[zone] = _Entry(scope, due, now)
            self._push(zone, due)
        else:
            entry.scope |= scope
            if due < entry.due:
                entry.due = due
                self._push(zone, due)
        _merge(entry, causes)
        _explain(entry, gone)

    def take(self, now: float) -> Work | None:
        """Return the look that is due longest and may begin; None where there is none."""
        while self._order and self._order[0][0] <= now:
            due, _, zone = heapq.heappop(self._order)
            entry = self._entries.get(zone)
            if entry is None or entry.due != due or zone in self._active:
                continue  # it was brought forward, or waits for the end of the one under way
            del self._entries[zone]
            self._active.add(zone)
            return Work(
                zone,
                entry.scope,
                tuple(entry.causes.values()),
                frozenset(entry.changes),
                entry.since,
                entry.attempts,
                entry.gone,
            )
        return None

    def hurry(self, now: float, most: int | None = None) -> None:
        """Bring forward what is backed off from, at most so many zones: those that would be due first."""
        failed = [(entry.due, zone) for zone, entry in self._entries.items() if entry.attempts and entry.due > now]
        for _, zone in sorted(failed)[:most]:
            entry = self._entries[zone]
            entry.due = max(now, self._ended.get(zone, float("-inf")) + self._pause)
            self._push(zone, entry.due)

    def done(self, work: Work, now: float) -> None:
        """Take note that *work* is over and done."""
        self._end(work.zone, now)

    def failed(self, work: Work, now: float, *, wait: float | None = None) -> float:
        """Put *work* back and return the seconds until it is tried again: `wait`, or what its failures so far come to.

        A hint that came meanwhile is tried no later than that.
        """
        attempts = work.attempts + 1
        delay = self.delay(attempts) if wait is None else wait
        later = self._entries.pop(work.zone, None)
        entry = _Entry(work.scope, now + delay, work.since, attempts)
        _merge(entry, work.causes)
        entry.changes |= work.changes
        _explain(entry, work.gone.items())
        if later is not None:
            entry.scope |= later.scope
            entry.due = min(entry.due, max(later.due, now + self._pause))
            _merge(entry, later.causes.values())
            entry.changes |= later.changes
            _explain(entry, later.gone.items())
        self._entries[work.zone] = entry
        self._end(work.zone, now)
        return max(0.0, entry.due - now)

    def delay(self, attempt: int) -> float:
        """Return the seconds to wait after failure number *attempt*, counted from 1."""
        return self._backoff.delay(attempt, self._chance())

    def wait(self, now: float) -> float | None:
        """Return the seconds until something is due, 0 where something is; None where nothing waits."""
        while self._order:
            due, _, zone = self._order[0]
            entry = self._entries.get(zone)
            if entry is not None and entry.due == due and zone not in self._active:
                return max(0.0, due - now)
            heapq.heappop(self._order)
        return None

    def holds(self, zone: str) -> bool:
        """Tell whether a hint for *zone* waits or is being looked into."""
        return zone in self._entries or zone in self._active

    @property
    def is_active(self) -> bool:
        """Whether something is being looked at."""
        return bool(self._active)

    def state(self, now: float) -> QueueState:
        """Return the numbers that are shown."""
        backing_off = sum(1 for entry in self._entries.values() if entry.attempts)
        oldest = min((entry.since for entry in self._entries.values()), default=now)
        return QueueState(len(self._entries), len(self._active), backing_off, max(0.0, now - oldest))

    def _end(self, zone: str, now: float) -> None:
        self._active.discard(zone)
        self._ended[zone] = now
        if len(self._ended) > 1_000:
            self._ended = {each: at for each, at in self._ended.items() if at + self._pause > now}
        if (entry := self._entries.get(zone)) is not None:
            entry.due = max(entry.due, now + self._pause)
            self._push(zone, entry.due)

    def _push(self, zone: str, due: float) -> None:
        heapq.heappush(self._order, (due, next(self._count), zone))


def _explain(entry: _Entry, gone: Iterable[tuple[RecordKey, str]]) -> None:
    for record, why in gone:
        if len(entry.gone) < MOST_CAUSES:
            entry.gone[record] = why


def _merge(entry: _Entry, causes: Iterable[Cause]) -> None:
    for cause in causes:
        if cause.change is not None:
            entry.changes.add(cause.change)
        key = (cause.trigger, cause.user, cause.request or cause.change)
        known = entry.causes.get(key)
        if known is None and len(entry.causes) < MOST_CAUSES:
            entry.causes[key] = cause
