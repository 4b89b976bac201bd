"""What a run tells while it goes: frozen events, and the one method of those that listen.

Log lines, the progress bar and the demo's pages are listeners; the engine knows none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.values import Desired, Held, Observed, RecordKey, ZonePlan
from netbox_pdns.sync.hints import Cause, Depth
from netbox_pdns.sync.outcome import ZoneOutcome
from netbox_pdns.sync.queue import Work


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The lists are read: so many zones are to be looked at on `target`, so many of ours are orphaned there."""

    target: str
    zones: int
    orphaned: int


@dataclass(frozen=True, slots=True)
class ZonePlanned:
    """A zone's plan was made of `desired` and `observed`, with `refused` left out; nothing of it is applied yet.

    A zone may be planned several times in a run: the last plan is the one that counts. Whoever keeps the sides keeps the
    zone's whole content.
    """

    plan: ZonePlan
    desired: Desired | None
    observed: Observed | None
    refused: Mapping[RecordKey, str]


@dataclass(frozen=True, slots=True)
class ZoneDone:
    """One zone of one target is done with, well or not; `held` is what keeps its deletion beside what its own plan says."""

    outcome: ZoneOutcome
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetFailed:
    """A target cannot be worked with in this run; the others go on."""

    target: str
    error: NetboxPdnsError


@dataclass(frozen=True, slots=True)
class LookDone:
    """A look of the keeper's is over after so many `seconds`, for hints or in a pass over everything.

    Without an `outcome` and an `error` neither side has the zone; with an `error` the look is made again later. `dry` tells
    that nothing was to be written: what `work` was for is not done with.
    """

    target: str
    work: Work
    outcome: ZoneOutcome | None
    error: NetboxPdnsError | None
    seconds: float
    dry: bool = False


@dataclass(frozen=True, slots=True)
class PassBegun:
    """A pass over all zones of `targets` begins; nothing of it is read yet."""

    depth: Depth
    cause: Cause
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassDone:
    """A pass is over. `targets` are those of which all zones were looked at, `error` is what kept it from more."""

    depth: Depth
    cause: Cause
    targets: tuple[str, ...]
    seconds: float
    error: NetboxPdnsError | None = None
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Confirmed:
    """DNS was asked for what was written to a zone of a target, until `at` (seconds since 1970).

    `lag` is the seconds from the first of the edits to then, None where no edit's time is known or not all is served.
    `not_served` are the RRsets (`NAME TYPE`) that the server took and does not answer; `trouble` says why nothing answers.
    """

    target: str
    zone: str
    causes: tuple[Cause, ...]
    at: float
    lag: float | None
    not_served: tuple[str, ...] = ()
    trouble: str = ""


Event: TypeAlias = RunStarted | ZonePlanned | ZoneDone | TargetFailed | LookDone | PassBegun | PassDone | Confirmed


class Listener(Protocol):
    """Whoever wants to know. It must not block, and must not raise."""

    def __call__(self, event: Event) -> None:
        """Take note of *event*."""


def silent(event: Event) -> None:
    """Listen to nothing."""
