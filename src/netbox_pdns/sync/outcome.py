"""What a run came to: one outcome a zone and target, one report a run. Values, which the command line prints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.saved import Reviewed
from netbox_pdns.planning.values import Action, Held, HoldReason, TargetZone, ZonePlan, ZoneRef
from netbox_pdns.sync.patterns import matches


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What the operator asked for.

    `zones` are name patterns (`*`, `?`), none means all. `adopt` are patterns of foreign zones to adopt.
    `force` are the reasons to hold that are waved through, `dry_run` plans and writes nothing. Where something was
    `reviewed`, its zones alone are looked at, and each is applied as it was reviewed or not at all. `only` are the targets
    and zones (canonical names) to look at, None being all that the patterns fit.
    """

    zones: tuple[str, ...] = ()
    dry_run: bool = False
    force: frozenset[HoldReason] = frozenset()
    adopt: tuple[str, ...] = ()
    reviewed: Reviewed | None = None
    only: frozenset[tuple[str, str]] | None = None

    @property
    def is_of_all(self) -> bool:
        """Tell whether all zones are to be looked at."""
        return not self.zones and self.only is None and self.reviewed is None

    def picks(self, target: str, zone: str) -> bool:
        """Tell whether *zone* (canonical name) of *target* is to be looked at."""
        if self.only is not None and (target, zone) not in self.only:
            return False
        return matches(zone, self.zones or ("all",)) and (self.reviewed is None or (target, zone) in self.reviewed)


@dataclass(frozen=True, slots=True)
class ZoneOutcome:
    """One zone on one target: the plan, and what became of it.

    `applied` is False for a dry run, in `observe` mode, for an empty plan and where `error` says why not.
    `records` counts what NetBox wants served. `removed_file` is where the removed was written.
    """

    target: str
    zone: str
    plan: ZonePlan | None
    observed: TargetZone | None = None
    ref: ZoneRef | None = None
    records: int = 0
    applied: bool = False
    serial: int | None = None
    batches: int = 0
    seconds: float = 0.0
    foreign: bool = False
    orphaned: bool = False
    observe_only: bool = False
    notes: tuple[str, ...] = ()
    """What the operator should know of the applied change: a serial that secondaries do not see grow, say."""
    error: NetboxPdnsError | None = None
    source_failed: bool = False
    """Whether `error` is the source's, which says nothing of the target."""
    removed_file: Path | None = None

    def held_by(self, held: tuple[Held, ...]) -> ZoneOutcome:
        """Return the same with what keeps it beside what its plan says: that too many zones would go, or all."""
        if self.plan is None or not held:
            return self
        return replace(self, plan=replace(self.plan, held=(*self.plan.held, *held)))

    @property
    def needs_attention(self) -> bool:
        """Tell whether something was left out or held, or failed, or waits for its adoption."""
        plan = self.plan
        return self.error is not None or self.awaits_adoption or (plan is not None and bool(plan.held or plan.left_out))

    @property
    def awaits_adoption(self) -> bool:
        """Tell whether NetBox wants the zone, and wants it otherwise than others have made it."""
        plan = self.plan
        return plan is not None and plan.foreign and plan.is_empty and bool(plan.differences)

    @property
    def has_changes(self) -> bool:
        """Tell whether the plan has something to apply."""
        return self.plan is not None and self.plan.action is not Action.NOTHING


@dataclass(frozen=True, slots=True)
class TargetReport:
    """One target in one run: its outcomes by zone, or why there are none."""

    name: str
    outcomes: tuple[ZoneOutcome, ...] = ()
    held: tuple[Held, ...] = ()
    """What is held of the target as a whole: zone deletions, an empty source."""
    foreign: tuple[TargetZone, ...] = ()
    """Zones of the server that are neither ours nor in NetBox: shown, never touched."""
    error: NetboxPdnsError | None = None


@dataclass(frozen=True, slots=True)
class SyncReport:
    """A whole run."""

    targets: tuple[TargetReport, ...]
    seconds: float
    dry_run: bool

    @property
    def outcomes(self) -> Iterable[ZoneOutcome]:
        """Every outcome of every target."""
        return (outcome for target in self.targets for outcome in target.outcomes)

    @property
    def has_changes(self) -> bool:
        """Tell whether something is (or, in a real run, was) to apply."""
        return any(outcome.has_changes for outcome in self.outcomes)

    @property
    def needs_attention(self) -> bool:
        """Tell whether something was left out, held, or failed: exit status 3."""
        return any(outcome.needs_attention for outcome in self.outcomes) or any(
            target.error is not None or target.held for target in self.targets
        )
