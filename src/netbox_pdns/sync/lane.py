"""One target in one run: what is to be done there, so many zones at a time, and what became of each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from dataclasses import replace

from netbox_pdns.errors import ConfigurationError, ConflictError, NetboxPdnsError, TransientError
from netbox_pdns.planning.guard import guard_zones
from netbox_pdns.planning.values import Action, Desired, Gone, Held, TargetZone, ZonePlan, ZoneRef
from netbox_pdns.planning.zones import ZonePairs, pair
from netbox_pdns.resilience.together import both
from netbox_pdns.settings import TargetSettings
from netbox_pdns.sync import reviewed
from netbox_pdns.sync.ahead import FEWEST_ZONES, ReadAhead
from netbox_pdns.sync.events import Listener, RunStarted, TargetFailed, ZoneDone
from netbox_pdns.sync.outcome import TargetReport, ZoneOutcome
from netbox_pdns.sync.patterns import plain_names
from netbox_pdns.sync.reconcile import Reconciler

FAILURES_IN_A_ROW = 3
"""After so many zones that failed for want of an answer, the target counts as down for the rest of the run."""
MOST_WAITING = 3_000
"""RRsets of the zones that wait for a slot; the last of them may go beyond."""
PATIENCE = 2.0
"""Seconds that others wait for a lane that is full and in which no zone ends meanwhile, or that is still being listed."""


class Lane:
    """The zones of one target in one run. Made by `open`; `start` and `end_orphans` do the work."""

    def __init__(self, reconciler: Reconciler, pairs: ZonePairs, tell: Listener) -> None:
        name, request = reconciler.served.target.name, reconciler.request
        self.slots = asyncio.Semaphore(reconciler.served.settings.concurrency)
        self._ahead = ReadAhead(reconciler.served.target)
        self._reconciler = replace(reconciler, ahead=self._ahead)
        self._pairs = pairs
        self._listed = {ref.id: (ref, listed) for ref, listed in pairs.wanted if request.picks(name, ref.name)}
        self._orphaned = tuple(zone for zone in pairs.orphaned if request.picks(name, zone.name))
        self._foreign = tuple(zone for zone in pairs.foreign if request.picks(name, zone.name))
        self._tell = tell
        self._outcomes: list[ZoneOutcome] = []
        self._held: tuple[Held, ...] = ()
        self._failures = 0
        self._down: NetboxPdnsError | None = None
        self._waiting = 0
        self._under_way = 0
        self._stuck = False
        self._moved = asyncio.Event()
        self._put_off: list[ZoneRef] = []
        self._doubles: dict[int, NetboxPdnsError] = {}

    @classmethod
    async def open(cls, reconciler: Reconciler, tell: Listener) -> Lane:
        """List both sides and make the lane; raises what the listing raises."""
        names = plain_names(reconciler.request.zones)
        refs, listed = await both(
            reconciler.source.zones(reconciler.served.settings.selection, names), _listed(reconciler)
        )
        lane = cls(reconciler, pair(refs, listed, reconciler.served.target.mark), tell)
        tell(RunStarted(reconciler.served.target.name, len(lane._listed), len(lane._orphaned)))
        return lane

    @property
    def wanted(self) -> Iterable[ZoneRef]:
        """The zones of NetBox that this run brings to the target."""
        return (ref for ref, _ in self._listed.values())

    def wants(self, ref: ZoneRef) -> bool:
        """Tell whether *ref* is one of `wanted`."""
        return ref.id in self._listed

    def refuse_doubles(self, other: Lane) -> None:
        """Give up the zones that *other*, on the same server, wants under the same name: it serves one of them."""
        theirs = {ref.name: ref for ref in other.wanted}
        name = other._reconciler.served.target.name
        self._doubles |= {ref.id: _double(ref, theirs[ref.name], name) for ref in self.wanted if ref.name in theirs}

    async def read_ahead(self) -> None:
        """Read what the target has of the zones to come, until cancelled: for as long as NetBox is awaited."""
        await self._ahead.read([ref.name for ref, listed in self._listed.values() if listed is not None])

    async def has_room(self, patience: float | None) -> bool:
        """Wait until one more zone may wait here; False where no zone ended for *patience* seconds, None being for ever.

        From then on until one does, the answer comes at once.
        """
        while self._is_full and not (self._stuck and patience is not None):
            self._moved.clear()
            try:
                await asyncio.wait_for(self._moved.wait(), patience)
            except TimeoutError:
                self._stuck = True
        return not self._is_full

    def start(self, desired: Desired, group: asyncio.TaskGroup) -> None:
        """Bring one zone, as a task of *group*, when a slot is free."""
        self._waiting += _weight(desired)
        self._under_way += 1
        group.create_task(self._bring(desired))

    async def idle(self) -> None:
        """Wait until every zone that was started is done."""
        while self._under_way:
            self._moved.clear()
            await self._moved.wait()

    def put_off(self, ref: ZoneRef) -> None:
        """Keep a zone in mind without its content, which is to be read again when there is room."""
        self._put_off.append(ref)

    def take_put_off(self) -> Sequence[ZoneRef]:
        """Return the zones that were put off; none where the target is given up, and then they are reported so."""
        refs, self._put_off = tuple(self._put_off), []
        if self._down is None:
            return refs
        for ref in refs:
            self._note(self._untried(ref, _no_answer(self._down)))
        return ()

    @property
    def _is_full(self) -> bool:
        return self._waiting >= MOST_WAITING

    async def _bring(self, desired: Desired) -> None:
        async with self.slots:
            self._waiting -= _weight(desired)
            self._note(await self._brought(desired))
        self._under_way -= 1
        self._stuck = False
        self._moved.set()

    async def _brought(self, desired: Desired) -> ZoneOutcome:
        if self._down is not None:
            return self._untried(desired.ref, _no_answer(self._down))
        if double := self._doubles.get(desired.ref.id):
            return self._untried(desired.ref, double)
        async with self._reconciler.turns.turn(self._reconciler.served.target.name, desired.ref.name) as ours:
            if not ours:
                return self._untried(desired.ref)
            outcome = await self._reconciler.bring(desired, self._listed[desired.ref.id][1])
        self._count_failures(outcome)
        return outcome

    async def end_orphans(self) -> None:
        """Plan the end of every orphaned zone, ask the guard about all of them together, and carry out the rest."""
        if not self._orphaned or self._down is not None:
            return
        gone = await self._explanations()
        whys = {zone: each.why for zone, each in gone.items()}
        planned = await self._each(self._reconciler.plan_end(zone, whys.get(zone.name)) for zone in self._orphaned)
        plans = (outcome.plan for outcome in planned)
        self._held = self._too_many([plan for plan in plans if plan is not None and plan.action is Action.DELETE])
        for outcome in planned:
            held = tuple(each for each in self._held if each.zone == outcome.zone)
            if held or outcome.error is not None:
                self._note(outcome, held)
            elif outcome.has_changes and (missing := self._missing(gone.get(outcome.zone))):
                self._note(replace(outcome, error=_waits_for(outcome.zone, missing)))
            else:
                async with self._reconciler.turns.turn(outcome.target, outcome.zone) as ours:
                    self._note(await self._reconciler.end(outcome, whys.get(outcome.zone)) if ours else outcome)

    def report(self, error: NetboxPdnsError | None) -> TargetReport:
        """Return what the run came to here; *error* is what ended it early."""
        name, request = self._reconciler.served.target.name, self._reconciler.request
        unseen = () if error or self._down else reviewed.unseen(name, request, self._outcomes, self._foreign)
        return TargetReport(
            name=name,
            outcomes=tuple(sorted((*self._outcomes, *unseen), key=lambda outcome: outcome.zone)),
            held=self._held,
            foreign=self._foreign,
            error=error or self._down,
        )

    async def _explanations(self) -> dict[str, Gone]:
        names = [zone.name for zone in self._orphaned]
        return dict(await self._reconciler.source.explain_zones(names, self._reconciler.served.settings.selection))

    async def _each(self, works: Iterable[Awaitable[ZoneOutcome]]) -> list[ZoneOutcome]:
        async def one(work: Awaitable[ZoneOutcome]) -> ZoneOutcome:
            async with self.slots:
                return await work

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(work)) for work in works]
        return [task.result() for task in tasks]

    def _too_many(self, ends: Sequence[ZonePlan]) -> tuple[Held, ...]:
        """Ask the guard about all zones that end; those of a rule with limits of its own for that are counted alone."""
        policy = self._reconciler.served.settings.policy
        owned = Counter(policy(zone.name).counted for zone in self._owned())
        held: list[Held] = []
        for counted in sorted(owned):
            together = [end for end in ends if policy(end.zone).counted == counted]
            if together:
                held += guard_zones(
                    together,
                    owned=owned[counted],
                    pattern=counted,
                    source_empty=not self._pairs.wanted,
                    limits=policy(together[0].zone).limits,
                    forced=self._reconciler.request.force,
                    spent=self._reconciler.counts.zones_gone(
                        self._reconciler.served.target.name, [end.zone for end in together]
                    ),
                )
        return tuple(held)

    def _owned(self) -> Iterator[TargetZone]:
        mark = self._reconciler.served.target.mark
        yield from (listed for _, listed in self._pairs.wanted if listed is not None and listed.account == mark)
        yield from self._pairs.orphaned

    def _missing(self, gone: Gone | None) -> tuple[str, ...]:
        """Return the zones that must be served before the zone that is *gone* ends, and are not: its successor.

        Where NetBox does not say why the zone goes, any zone that it wants and the target does not have may be it.
        """
        if gone is not None and gone.successor is None:
            return ()
        planned = self._reconciler.request.dry_run
        done = {each.zone for each in self._outcomes if each.applied or (planned and each.has_changes)}
        return tuple(
            ref.name
            for ref, listed in self._pairs.wanted
            if (gone is None or ref.id == gone.successor) and not self._serves(listed) and ref.name not in done
        )

    def _serves(self, listed: TargetZone | None) -> bool:
        """Tell whether the target served a zone of ours before this run; a half-made one has no serial."""
        return listed is not None and listed.account == self._reconciler.served.target.mark and listed.serial != 0

    def _untried(self, ref: ZoneRef, error: NetboxPdnsError | None = None) -> ZoneOutcome:
        return ZoneOutcome(
            target=self._reconciler.served.target.name,
            zone=ref.name,
            plan=None,
            observed=self._listed[ref.id][1],
            ref=ref,
            error=error,
        )

    def _count_failures(self, outcome: ZoneOutcome) -> None:
        if outcome.source_failed:
            return
        if not isinstance(outcome.error, TransientError):
            self._failures = 0
            return
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW and self._down is None:
            self._down = outcome.error
            self._tell(TargetFailed(self._reconciler.served.target.name, outcome.error))

    def _note(self, outcome: ZoneOutcome, held: tuple[Held, ...] = ()) -> None:
        self._outcomes.append(outcome)
        self._tell(ZoneDone(outcome, held))


async def _listed(reconciler: Reconciler) -> tuple[TargetZone, ...]:
    """List the target's zones. Where it has them hardly anything is to be written, and NetBox is best read all at once."""
    listed = await reconciler.served.target.zones()
    if reconciler.request.is_of_all and len(listed) >= FEWEST_ZONES:
        await reconciler.source.begin(reconciler.served.settings.selection)
    return listed


def server_of(settings: TargetSettings) -> tuple[str, str]:
    """Return the server behind a target: targets may share one."""
    return settings.url.rstrip("/"), settings.server_id


def _weight(desired: Desired) -> int:
    return 1 + len(desired.zone.rrsets)


def _no_answer(error: NetboxPdnsError) -> TransientError:
    return TransientError("not tried: the target does not answer", hint=error.hint)


def _double(ref: ZoneRef, other: ZoneRef, target: str) -> ConfigurationError:
    views = " and ".join(sorted({ref.view, other.view}))
    return ConfigurationError(
        f"{ref.name} (views: {views}) is wanted by the target {target} too, on the same PowerDNS, which serves one of them",
        hint="give each view a PowerDNS of its own, or exclude the zone from one of the targets",
        setting="selection",
    )


def _waits_for(zone: str, missing: tuple[str, ...]) -> ConflictError:
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return ConflictError(
        f"{zone} is not removed yet: {missing[0]}{more} is wanted and not served",
        hint="a renamed zone goes when its successor is served: see why that one failed, or sync without --zone",
    )
