"""One zone of one target: observe, plan, write down what goes, apply. The main line of the product.

The desired content comes in (it is read in bulk for all zones); everything else happens here, in the order of the
picture in docs/architecture.md. A failure is an outcome like any other, so that no zone stops another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.errors import ConflictError, DataError, NetboxPdnsError, RefusedRecord, TransientError
from netbox_pdns.planning.values import (
    NO_EXPLANATIONS,
    Action,
    Desired,
    Explanations,
    Observed,
    PlanContext,
    RecordKey,
    TargetZone,
    ZonePlan,
    ZoneRef,
)
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.resilience.together import off_the_loop
from netbox_pdns.settings import TargetSettings
from netbox_pdns.store.kept import Kept
from netbox_pdns.sync import reviewed
from netbox_pdns.sync.ahead import ReadAhead
from netbox_pdns.sync.events import Listener, ZonePlanned, silent
from netbox_pdns.sync.outcome import SyncRequest, ZoneOutcome
from netbox_pdns.sync.patterns import matches
from netbox_pdns.sync.ports import Removals, Source, Target
from netbox_pdns.sync.turns import UNSHARED, Turns

MOST_REFUSALS = 200
"""So many records of one zone may be refused in one run; a zone with more is reported as failed."""

UNEXPLAINED = "NetBox holds it no more and does not say why"


@dataclass(slots=True)
class Served:
    """A target, and what is wanted of it.

    Rules for zones (mode, limits and so on) may be exchanged for others while it works, by other `settings` of the same
    server: each plan that is made from then on goes by them.
    """

    target: Target
    settings: TargetSettings


@dataclass(frozen=True, slots=True)
class Part:
    """What of a zone is looked at: the owner `names` and the apex, beside `elsewhere` RRsets of the server that are not.

    `cuts` are the owner names of the zone's delegations.
    """

    names: frozenset[str]
    elsewhere: int
    cuts: frozenset[str] = frozenset()


class _Uncounted:
    """Every run by itself: nothing counts that went before it."""

    def records_gone(self, target: str, zone: str, wanted: Iterable[RecordKey] = ()) -> int:
        return 0

    def zones_gone(self, target: str, wanted: Iterable[str] = ()) -> int:
        return 0

    async def reserve(
        self, target: str, zone: str, records: Iterable[RecordKey] = (), *, whole_zone: bool = False
    ) -> str:
        return ""

    def settle(self, removal_id: str) -> None: ...

    def take_back(self, removal_id: str) -> None: ...


UNCOUNTED: Removals = _Uncounted()


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Brings the zones of one target to what NetBox wants, one zone a call."""

    source: Source
    served: Served
    kept: Kept
    request: SyncRequest
    tell: Listener = silent
    clock: Callable[[], float] = time.time
    counts: Removals = UNCOUNTED
    turns: Turns = UNSHARED
    gone: Explanations = field(default_factory=lambda: NO_EXPLANATIONS)
    """What is known beforehand to explain records that go."""
    ahead: ReadAhead | None = None
    """What was read of the server before its turn came."""

    async def bring(self, desired: Desired, listed: TargetZone | None) -> ZoneOutcome:
        """Bring one zone to *desired*; *listed* is its line in the target's zone list, None without one."""
        blank = self._blank(desired.zone.name, listed, desired)
        return await _timed(blank, self._bring(blank, desired, None))

    async def bring_part(self, desired: Desired, observed: Observed, part: Part) -> ZoneOutcome | None:
        """Bring *part* of a zone of ours from *observed* to *desired*, which hold as much.

        None, with nothing done, where the zone is not there as one of ours that is served: look at the whole of it then.
        """
        if observed.zone.soa is None or self._is_foreign(observed.listed):
            return None
        blank = self._blank(desired.zone.name, observed.listed, desired)
        return await _timed(blank, self._bring(blank, desired, part, observed))

    async def plan_end(self, listed: TargetZone, why: str | None) -> ZoneOutcome:
        """Plan the end of a zone of ours that is no longer wanted; *why* is NetBox's explanation, where it has one."""
        blank = self._blank(listed.name, listed, None)
        return await _timed(blank, self._plan_end(blank, why))

    async def end(self, planned: ZoneOutcome, why: str | None) -> ZoneOutcome:
        """Carry out what `plan_end` planned."""
        return await _timed(planned, self._carry_out(planned, NO_EXPLANATIONS, why))

    async def _bring(
        self, blank: ZoneOutcome, desired: Desired, part: Part | None, observed: Observed | None = None
    ) -> ZoneOutcome:
        refused = self._refused(blank)
        early = None if self.ahead is None else self.ahead.take(blank.zone)
        if blank.observed is not None and observed is None:
            observed = early or await self._read(blank.zone, part)
        while True:
            context = self._context_of(desired.zone.name, refused, part)
            plan = await off_the_loop(_size(desired, observed), plan_zone, desired, observed, context)
            if early is not None and (plan.unexplained or not plan.is_empty):
                # Others may have written since, and NetBox was read later: what is written starts from a new look.
                early, observed = None, await self._read(blank.zone, part)
                blank = self._seen(blank, observed)
                continue
            plan, explanations = await self._explained_plan(plan, desired, observed, context)
            plan = await self._as_reviewed(plan, desired, observed, refused)
            try:
                outcome = await self._carry_out(replace(blank, plan=plan), explanations)
            except RefusedRecord as refusal:
                # Nothing of its batch was applied. Look again, and plan without it: the rest must not wait.
                new = _newly_refused(refused, refusal, desired.zone)
                refused |= new
                if refusal.by_name:
                    self.kept.refusals.note(blank.target, blank.zone, new, self.clock())
            else:
                if blank.notes or not isinstance(outcome.error, ConflictError):
                    if outcome.error is None and self._tries_again(blank):
                        self.kept.refusals.keep(blank.target, blank.zone, refused.keys())
                    return outcome
                # Somebody made, took or removed the zone since it was looked at: whose it is now decides what is done.
                blank = replace(blank, notes=(f"looked again: {outcome.error}",))
            observed = await self._read(blank.zone, part)
            blank = self._seen(blank, observed)

    async def _read(self, zone: str, part: Part | None) -> Observed | None:
        target = self.served.target
        return await (target.read(zone) if part is None else target.read_names(zone, part.names))

    def _seen(self, blank: ZoneOutcome, observed: Observed | None) -> ZoneOutcome:
        listed = None if observed is None else observed.listed
        return replace(blank, observed=listed, foreign=self._is_foreign(listed))

    def _context_of(self, zone: str, refused: Mapping[RecordKey, str], part: Part | None) -> PlanContext:
        context = replace(self._context(zone), refused=refused)
        return context if part is None else replace(context, elsewhere=part.elsewhere, cuts=part.cuts)

    async def _explained_plan(
        self, plan: ZonePlan, desired: Desired, observed: Observed | None, context: PlanContext
    ) -> tuple[ZonePlan, Explanations]:
        """Ask why records go that *plan* does not know the reason of, and plan again with what is told."""
        if not plan.unexplained:
            return plan, NO_EXPLANATIONS
        try:
            explanations = await self._explained(desired.ref, plan.unexplained)
        except NetboxPdnsError as error:
            raise _SourceFailed(error) from error
        spent = self.counts.records_gone(plan.target, plan.zone, plan.unexplained)
        explained = replace(context, explanations=explanations, spent=spent)
        plan = await off_the_loop(_size(desired, observed), plan_zone, desired, observed, explained)
        return plan, explanations

    async def _explained(self, zone: ZoneRef, records: Sequence[RecordKey]) -> Explanations:
        known = {record: self.gone[record] for record in records if record in self.gone}
        unknown = [record for record in records if record not in known]
        return {**known, **await self.source.explain(zone, unknown)} if unknown else known

    async def _plan_end(self, blank: ZoneOutcome, why: str | None) -> ZoneOutcome:
        observed = await self.served.target.read(blank.zone)
        if observed is None:  # gone since it was listed
            return replace(blank, error=reviewed.gone(self.request, blank.target, blank.zone))
        context = replace(self._context(blank.zone), gone=why)
        plan = await off_the_loop(_size(None, observed), plan_zone, None, observed, context)
        return replace(blank, plan=await self._as_reviewed(plan, None, observed, {}))

    def _refused(self, blank: ZoneOutcome) -> dict[RecordKey, str]:
        """Return the records that are not to be sent since the server refused them lately.

        A plan tells of all of them; one that was reviewed is carried out as it was, with those refused by then.
        """
        if self._tries_again(blank):
            return self.kept.refusals.believed(blank.target, blank.zone, self.clock())
        seen = (self.request.reviewed or {}).get((blank.target, blank.zone))
        return {**(dict(seen.refused) if seen else {}), **self.kept.refusals.of(blank.target, blank.zone)}

    def _tries_again(self, blank: ZoneOutcome) -> bool:
        """Tell whether what was refused some time ago is sent again."""
        return not self.request.dry_run and self.request.reviewed is None and not blank.observe_only

    async def _as_reviewed(
        self, plan: ZonePlan, desired: Desired | None, observed: Observed | None, refused: Mapping[RecordKey, str]
    ) -> ZonePlan:
        """Tell of *plan* and return it, where it may be applied: raises `MovedError` where another one was reviewed."""
        self.tell(ZonePlanned(plan, desired, observed, refused))
        if self.request.reviewed is None:
            return plan
        seen = self.request.reviewed[plan.target, plan.zone]
        return await asyncio.to_thread(reviewed.approved, seen, desired, observed, plan)

    async def _carry_out(self, planned: ZoneOutcome, explanations: Explanations, why: str | None = None) -> ZoneOutcome:
        plan = planned.plan
        if plan is None or plan.is_empty or self.request.dry_run or planned.observe_only:
            return planned
        file = None
        noted = await self._reserve(plan)
        try:
            if plan.soas is not None:
                await self.kept.adopted.note(plan.target, plan.zone, plan.soas)
            if going := _going(plan):
                reasons = _reasons(plan, explanations, why)
                file = await self.kept.removed.write(
                    planned.target, planned.zone, going, reasons, disabled=plan.disabled
                )
            applied = await self.served.target.apply(plan, self.served.settings.template)
        except RefusedRecord:
            self.counts.take_back(noted)
            raise
        except NetboxPdnsError as error:
            if not isinstance(error, TransientError):  # after such it is in doubt whether something went
                self.counts.take_back(noted)
            return replace(planned, error=error, removed_file=file)
        self.counts.settle(noted)
        return replace(
            planned,
            applied=True,
            serial=applied.serial,
            batches=applied.batches,
            notes=(*planned.notes, *applied.notes),
            removed_file=file,
        )

    async def _reserve(self, plan: ZonePlan) -> str:
        """Have what *plan* takes away counted by the guard from now on; returns "" where nothing counts."""
        if plan.action is Action.DELETE:
            return await self.counts.reserve(plan.target, plan.zone, whole_zone=True)
        unexplained = set(plan.unexplained)
        gone = [record for change in plan.changes for record in change.removed_records if record in unexplained]
        return await self.counts.reserve(plan.target, plan.zone, gone) if gone else ""

    def _context(self, zone: str) -> PlanContext:
        settings = self.served.settings
        return PlanContext(
            target=self.served.target.name,
            mark=self.served.target.mark,
            now=int(self.clock()),
            limits=settings.policy(zone).limits,
            adopted=self.kept.adopted.of(self.served.target.name, zone),
            unmanaged=settings.unmanaged,
            adopt=settings.adopt,
            adopting=matches(zone, self.request.adopt),
            forced=self.request.force,
            signs=settings.template.dnssec,
        )

    def _blank(self, zone: str, listed: TargetZone | None, desired: Desired | None) -> ZoneOutcome:
        return ZoneOutcome(
            target=self.served.target.name,
            zone=zone,
            plan=None,
            observed=listed,
            ref=None if desired is None else desired.ref,
            records=0 if desired is None else sum(len(rrset.rdatas) for rrset in desired.zone.rrsets.values()),
            foreign=self._is_foreign(listed),
            orphaned=desired is None,
            observe_only=self.served.settings.policy(zone).mode == "observe",
        )

    def _is_foreign(self, listed: TargetZone | None) -> bool:
        return listed is not None and listed.account != self.served.target.mark


def _size(desired: Desired | None, observed: Observed | None) -> int:
    return (len(desired.zone.rrsets) if desired else 0) + (len(observed.zone.rrsets) if observed else 0)


class _SourceFailed(Exception):
    """The source does not say what it was asked; the target is not to blame."""

    def __init__(self, error: NetboxPdnsError) -> None:
        super().__init__(str(error))
        self.error = error


async def _timed(blank: ZoneOutcome, work: Awaitable[ZoneOutcome]) -> ZoneOutcome:
    started = time.monotonic()
    try:
        outcome = await work
    except NetboxPdnsError as error:
        outcome = replace(blank, error=error)
    except _SourceFailed as failure:
        outcome = replace(blank, error=failure.error, source_failed=True)
    return replace(outcome, seconds=blank.seconds + time.monotonic() - started)


def _newly_refused(refused: Mapping[RecordKey, str], refusal: RefusedRecord, desired: Zone) -> dict[RecordKey, str]:
    """Return what *refusal* names: one record, or the whole RRset where the server does not tell which.

    Raises `DataError` where nothing new is named: planning again would only come to the same end.
    """
    rrset = desired.rrsets.get((refusal.name, refusal.type))
    rdatas = (refusal.rdata,) if refusal.rdata is not None else () if rrset is None else rrset.rdatas
    new = {(refusal.name, refusal.type, rdata): refusal.reason for rdata in rdatas}
    if new.keys() <= refused.keys() or len(refused) >= MOST_REFUSALS:
        raise DataError(
            f"{desired.name}: {refusal}",
            hint="nothing of this batch was applied; correct the record in NetBox, then sync the zone again",
        ) from refusal
    return new


def _going(plan: ZonePlan) -> tuple[RRset, ...]:
    """Return the RRsets, as the server has them, of which something goes."""
    going = [change.before for change in plan.changes if change.before is not None and change.removed]
    if plan.action is Action.DELETE and plan.soa_before is not None:
        going.append(plan.soa_before)
    return tuple(going)


def _reasons(plan: ZonePlan, explanations: Explanations, why: str | None) -> Iterable[str]:
    if plan.action is Action.DELETE:
        return (f"the zone goes: {why or UNEXPLAINED}",)
    return (
        f"{name} {type} {rdata}: {explanations.get((name, type, rdata), UNEXPLAINED)}"
        for change in plan.changes
        for name, type, rdata in change.removed_records
    )
