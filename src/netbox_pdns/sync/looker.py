"""Looks at one zone of one target, whole or in part, whatever made us look. What is done there is the reconciler's.

What is known of a zone from its last whole look tells whether a part of it can be trusted to be looked at by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from netbox_pdns.planning.names_moved import delegations
from netbox_pdns.planning.values import NO_EXPLANATIONS, Explanations, ZoneRef
from netbox_pdns.resilience.together import both
from netbox_pdns.store.kept import Kept
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.events import Event, Listener, ZonePlanned, silent
from netbox_pdns.sync.hints import Scope
from netbox_pdns.sync.outcome import SyncRequest, ZoneOutcome
from netbox_pdns.sync.ports import Removals, Source
from netbox_pdns.sync.reconcile import UNCOUNTED, Part, Reconciler, Served

MOST_NOT_OURS = 100_000
"""Zones of other targets that are kept in mind."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A zone at its last whole look: how NetBox has it, how many RRsets it has, whether some are disabled on the server.

    `cuts` are the owner names of its delegations, on either side.
    """

    ref: ZoneRef
    rrsets: int
    disabled: bool
    cuts: frozenset[str]


class Looker:
    """Looks at the zones of one target."""

    def __init__(
        self,
        source: Source,
        served: Served,
        kept: Kept,
        *,
        tell: Listener = silent,
        clock: Callable[[], float] = time.time,
        counts: Removals = UNCOUNTED,
    ) -> None:
        self.served = served
        self._source = source
        self._kept = kept
        self._tell = tell
        self._clock = clock
        self._counts = counts
        self._known: dict[str, _Known] = {}
        self._not_ours: set[str] = set()
        """Zones with which this target has nothing to do: where only records are edited, that stays so."""

    async def look(
        self,
        zone: str,
        scope: Scope,
        request: SyncRequest | None = None,
        gone: Explanations = NO_EXPLANATIONS,
    ) -> ZoneOutcome | None:
        """Bring *zone* (canonical name) to what NetBox wants and return what it came to.

        None where neither side has to do with it. *request* may force or adopt; *gone* is known to explain records that go.
        Raises what the lists of NetBox or of the server raise.
        """
        request = request or SyncRequest()
        if scope.rrsets is not None and zone in self._not_ours:
            return None
        if scope.rrsets is not None and (known := self._known.get(zone)) is not None and not known.disabled:
            outcome = await self._part(known, frozenset(name for name, _ in scope.rrsets), request, gone)
            if outcome is not None:
                return outcome
        return await self._whole(zone, request, gone)

    def note(self, event: Event) -> None:
        """Learn of a zone from a whole look at it, whoever made it."""
        if not isinstance(event, ZonePlanned) or event.plan.target != self.served.target.name:
            return
        self._not_ours.discard(event.plan.zone)
        if event.desired is None or event.plan.foreign:
            self._known.pop(event.plan.zone, None)
        else:
            disabled = event.observed is not None and bool(event.observed.disabled)
            wanted = event.desired.zone
            there = {} if event.observed is None else event.observed.zone.rrsets
            cuts = delegations(wanted.name, [*wanted.rrsets, *there])
            self._known[event.plan.zone] = _Known(event.desired.ref, len(wanted.rrsets), disabled, cuts)

    async def _part(
        self, known: _Known, names: frozenset[str], request: SyncRequest, gone: Explanations
    ) -> ZoneOutcome | None:
        desired, observed = await both(
            self._source.read_names(known.ref, names), self.served.target.read_names(known.ref.name, names)
        )
        if desired is None or observed is None:
            return None
        elsewhere = max(0, known.rrsets - len(desired.zone.rrsets))
        return await self._reconciler(request, self._tell, gone).bring_part(
            desired, observed, Part(names, elsewhere, known.cuts)
        )

    async def _whole(self, zone: str, request: SyncRequest, gone: Explanations) -> ZoneOutcome | None:
        target = self.served.target
        self._not_ours.discard(zone)
        ref, line = await both(self._source.zone(self.served.settings.selection, zone), target.line(zone))
        if ref is not None:
            async for desired in self._source.read((ref,)):
                return await self._reconciler(request, self._noting, gone).bring(desired, line)
        self._known.pop(zone, None)
        if line is None or line.account != target.mark:
            if len(self._not_ours) < MOST_NOT_OURS:
                self._not_ours.add(zone)
            return None
        return await self._end(zone, request)

    async def _end(self, zone: str, request: SyncRequest) -> ZoneOutcome | None:
        """Have a zone that NetBox wants no more ended as a run would: with all others of the target in view."""
        engine = Engine(
            self._source,
            (self.served,),
            self._kept,
            self.note,
            self._clock,
            self._counts,
        )
        report = await engine.run(replace(request, only=frozenset({(self.served.target.name, zone)})))
        target = report.targets[0]
        if target.error is not None:
            raise target.error
        for outcome in target.outcomes:
            if outcome.zone == zone:
                return outcome.held_by(tuple(each for each in target.held if each.zone == zone))
        return None

    def _reconciler(self, request: SyncRequest, tell: Listener, gone: Explanations) -> Reconciler:
        return Reconciler(
            self._source,
            self.served,
            self._kept,
            request,
            tell,
            self._clock,
            self._counts,
            gone=gone,
        )

    def _noting(self, event: Event) -> None:
        self.note(event)
        self._tell(event)
