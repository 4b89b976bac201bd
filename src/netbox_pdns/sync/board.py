"""What the service knows at this moment: one board, written by the keeper, read by whoever shows it.

Everything here is in memory and bounded by the number of zones; what must outlive the process is the store's. What zones
come to together is counted as they change: who asks for it often, as Prometheus does, reads no zone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from netbox_pdns.planning.values import Held, LeftOut
from netbox_pdns.resilience.breaker import BreakerState as BreakerState  # noqa: PLC0414 - a word of the board, too


class Condition(StrEnum):
    """How a zone of a target stands."""

    UNKNOWN = "unknown"
    """Not looked at since the start."""
    EQUAL = "equal"
    """As NetBox wants it, as far as it can be."""
    WAITING = "waiting"
    """A hint is in the queue, or being worked on."""
    DIFFERS = "differs"
    """Otherwise than NetBox wants it, which is only reported: nothing is to be written there now."""
    HELD = "held"
    """Something waits for a word."""
    FAILING = "failing"
    """The last look failed; it is tried again at `next_try`."""
    FOREIGN = "foreign"
    """Not ours, and otherwise than NetBox wants it."""


@dataclass(frozen=True, slots=True)
class ZoneState:
    """One zone on one target. Times are in seconds since 1970; `error` and `hint` are of the last look.

    `source_serial` is NetBox's serial, `served_serial` what secondaries see; both as of `looked_at`.
    """

    target: str
    zone: str
    condition: Condition = Condition.UNKNOWN
    view: str = ""
    url: str = ""
    records: int = 0
    source_serial: int | None = None
    served_serial: int | None = None
    looked_at: float | None = None
    changed_at: float | None = None
    left_out: tuple[LeftOut, ...] = ()
    held: tuple[Held, ...] = ()
    differences: int = 0
    error: str | None = None
    error_class: str | None = None
    hint: str | None = None
    attempts: int = 0
    next_try: float | None = None
    not_served: tuple[str, ...] = ()
    """RRsets (`NAME TYPE`) that the server took and DNS does not answer: an alarm."""


@dataclass(slots=True)
class ZoneCounts:
    """What the zones of one target come to: how many stand how, and what there is in them, as `ZoneState` has it."""

    conditions: Counter[Condition] = field(default_factory=Counter)
    left_out: int = 0
    held: int = 0
    differences: int = 0
    not_served: int = 0

    def add(self, state: ZoneState, times: int = 1) -> None:
        """Count *state*; with -1 *times* count it no more."""
        self.conditions[state.condition] += times
        self.left_out += times * len(state.left_out)
        self.held += times * len(state.held)
        self.differences += times * state.differences
        self.not_served += times * len(state.not_served)


@dataclass(frozen=True, slots=True)
class QueueState:
    """A target's queue: keys that wait or are under way, and for how many seconds the oldest has waited."""

    depth: int = 0
    active: int = 0
    backing_off: int = 0
    oldest: float = 0.0


@dataclass(frozen=True, slots=True)
class TargetState:
    """One target: its queue, its breaker, what went wrong last. Times in seconds since 1970."""

    name: str
    url: str
    queue: QueueState = QueueState()
    breaker: BreakerState = BreakerState.CLOSED
    breaker_since: float | None = None
    """Since when the breaker is not closed."""
    last_pass: float | None = None
    """When all of its zones had last been looked at."""
    error: str | None = None


@dataclass(slots=True)
class InitialSync:
    """The first pass after the start, as the specification's `app_state` has it."""

    started: bool = False
    completed: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class TriggerState:
    """One trigger: whether it works (`detail` says what does not), what it saw last, and how many hints it made."""

    name: str
    working: bool
    detail: str = ""
    last: float | None = None
    hints: int = 0
    begun: bool = True
    """Whether it had the time to say how it stands: at the start none has, which is nothing to warn of."""


@dataclass(slots=True)
class Tally:
    """Counts since the start, of which the rates of `/status` are made."""

    syncs: int = 0
    failed_syncs: int = 0
    calls: int = 0
    retried_calls: int = 0
    contention: int = 0
    """Locks that were waited for for more than a second, or not had at all."""

    @property
    def success_rate(self) -> float:
        """The share of looks that did not fail; 1 before the first."""
        return 1.0 if not self.syncs else 1 - self.failed_syncs / self.syncs

    @property
    def retry_rate(self) -> float:
        """The share of calls that were tried again; 0 before the first."""
        return 0.0 if not self.calls else self.retried_calls / self.calls


@dataclass(slots=True)
class Board:
    """The whole of it. `source_error` says why NetBox cannot be read at the moment, `suspect` why nothing is written."""

    clock: Callable[[], float] = time.time
    started: float = 0.0
    initial_sync: InitialSync = field(default_factory=InitialSync)
    last_sync: float | None = None
    tally: Tally = field(default_factory=Tally)
    source_breaker: BreakerState = BreakerState.CLOSED
    source_breaker_since: float | None = None
    source_error: str | None = None
    suspect: str | None = None
    targets: dict[str, TargetState] = field(default_factory=dict)
    queues: dict[str, Callable[[], QueueState]] = field(default_factory=dict)
    """What tells a target's queue; counting it takes as long as it is."""
    triggers: dict[str, TriggerState] = field(default_factory=dict)
    counts: dict[str, ZoneCounts] = field(default_factory=dict)
    """By target, of those that have zones; `note` and `forget` keep it."""
    _zones: dict[tuple[str, str], ZoneState] = field(default_factory=dict)
    _troubled: dict[tuple[str, str], ZoneState] = field(default_factory=dict)
    """Those of the zones that fail, or are not served as they were written."""

    def target(self, name: str) -> TargetState:
        """Return a target's state with its queue as it is now."""
        state = self.targets[name]
        return replace(state, queue=self.queues[name]()) if name in self.queues else state

    def zone(self, target: str, zone: str) -> ZoneState:
        """Return the state of one zone; one that is not known is `UNKNOWN`."""
        return self._zones.get((target, zone)) or ZoneState(target, zone)

    def note(self, state: ZoneState) -> None:
        """Put a zone's state up."""
        self.forget(state.target, state.zone)
        self._zones[state.target, state.zone] = state
        self.counts.setdefault(state.target, ZoneCounts()).add(state)
        if state.condition is Condition.FAILING or state.not_served:
            self._troubled[state.target, state.zone] = state

    def forget(self, target: str, zone: str) -> None:
        """Take down a zone that is gone on both sides."""
        self._troubled.pop((target, zone), None)
        if (state := self._zones.pop((target, zone), None)) is None:
            return
        counts = self.counts[target]
        counts.add(state, -1)
        if not counts.conditions.total():
            del self.counts[target]

    def zones(self) -> Iterable[ZoneState]:
        """Return all states, by zone and target."""
        return _sorted(self._zones)

    def troubled(self) -> Iterable[ZoneState]:
        """Return the states of zones that fail, or are not served as they were written, by zone and target."""
        return _sorted(self._troubled)

    def counted(self) -> Mapping[Condition, int]:
        """Return how many zones stand how."""
        return {each: sum(counts.conditions[each] for counts in self.counts.values()) for each in Condition}


def _sorted(zones: Mapping[tuple[str, str], ZoneState]) -> Iterable[ZoneState]:
    return (zones[key] for key in sorted(zones, key=lambda key: (key[1], key[0])))
