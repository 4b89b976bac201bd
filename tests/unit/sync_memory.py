"""A source and a target that keep their zones in memory: what the tests of the reconciler are written in.

They are as strict as a server: a zone is made once, a change must start from what is there, a refused record stops its
batch. What goes wrong is said per zone, in `fails`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from planning_text import applied
from pydantic import SecretStr

from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.errors import ConflictError, NetboxPdnsError, RefusedRecord
from netbox_pdns.planning.values import (
    NO_EXPLANATIONS,
    Action,
    Applied,
    Desired,
    Explanations,
    Gone,
    Observed,
    RecordKey,
    TargetZone,
    ZonePlan,
    ZoneRef,
)
from netbox_pdns.settings import Selection, TargetSettings, ZoneTemplate
from netbox_pdns.store.kept import Kept
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.events import Listener, silent
from netbox_pdns.sync.lane import PATIENCE
from netbox_pdns.sync.outcome import SyncReport, SyncRequest
from netbox_pdns.sync.reconcile import Served


def zone(name: str, *addresses: str, serial: int = 7) -> Zone:
    """Return a zone with an SOA, a nameserver, and `www` with *addresses*."""
    rrsets = [
        RRset.of(name, "SOA", 60, [f"ns1.{name} h.{name} {serial} 1 1 1 1"]),
        RRset.of(name, "NS", 60, ["ns.example.net."]),
    ]
    www = [RRset.of(f"www.{name}", "A", 60, addresses)] if addresses else []
    return Zone.of(name, [*rrsets, *www])


def _at(zone: Zone, names: Collection[str]) -> Zone:
    """Return what *zone* has at *names* and the apex."""
    return Zone.of(zone.name, [rrset for (name, _), rrset in zone.rrsets.items() if name in {zone.name, *names}])


@dataclass
class MemorySource:
    """Zones by the view that selects them; `gone` says why zones are no longer wanted, or how asking that fails."""

    views: Mapping[str | None, Sequence[Zone]]
    gone: Mapping[str, Gone] | NetboxPdnsError = field(default_factory=dict)
    explains: NetboxPdnsError | None = None
    ends_with: NetboxPdnsError | None = None
    reads: list[int] = field(default_factory=list)
    """How many zones each reading was of."""
    asked: list[str] = field(default_factory=list)
    """The zones that were asked for by name."""
    names: list[frozenset[str]] = field(default_factory=list)
    """The names that were read by themselves."""
    begun: list[Selection] = field(default_factory=list)
    """Of what all is to be read at once."""
    given_up: int = 0
    """How often that was ended."""

    async def zones(self, selection: Selection, names: Sequence[str] = ()) -> tuple[ZoneRef, ...]:
        """Return the zones of the view that *selection* names; all of them, whatever *names* are asked for."""
        return tuple(desired.ref for desired in self._all() if desired.ref.view == str(selection.view))

    async def begin(self, selection: Selection) -> None:
        """Take note."""
        self.begun.append(selection)

    async def give_up(self) -> None:
        """Take note."""
        self.given_up += 1

    async def zone(self, selection: Selection, name: str) -> ZoneRef | None:
        """Return the zone of the view that *selection* names."""
        self.asked.append(name)
        return next((ref for ref in await self.zones(selection) if ref.name == name), None)

    async def read(self, zones: Sequence[ZoneRef]) -> AsyncIterator[Desired]:
        """Yield the zones, then fail where that is wanted."""
        self.reads.append(len(zones))
        for desired in self._all():
            if desired.ref in zones:
                yield desired
        if self.ends_with is not None:
            raise self.ends_with

    async def read_names(self, zone: ZoneRef, names: Collection[str]) -> Desired | None:
        """Return what is wanted at *names* and the apex."""
        self.names.append(frozenset(names))
        for desired in self._all():
            if (desired.ref.name, desired.ref.view) == (zone.name, zone.view):
                return replace(desired, zone=_at(desired.zone, names))
        return None

    async def explain(self, zone: ZoneRef, removed: Sequence[RecordKey]) -> Explanations:
        """Explain nothing, or fail where that is wanted."""
        if self.explains is not None:
            raise self.explains
        return NO_EXPLANATIONS

    async def explain_zones(self, names: Sequence[str], selection: Selection) -> Mapping[str, Gone]:
        """Return what `gone` says."""
        if isinstance(self.gone, NetboxPdnsError):
            raise self.gone
        return {name: why for name, why in self.gone.items() if name in names}

    def _all(self) -> list[Desired]:
        every = [(view, zone) for view, zones in self.views.items() for zone in zones]
        return [
            Desired(ZoneRef(number, zone.name, str(view), "", zone.serial), zone)
            for number, (view, zone) in enumerate(every)
        ]


@dataclass
class MemoryTarget:
    """A server in memory. `fails` is what a zone's change ends with; `calls` are the changes asked for, in their order.

    `listed_after` is what its list waits for, `until` what every change waits for before it begins; `after` is told when a
    change is done.
    `refuses` are records that it takes from nobody, and names, unless `by_name` is False. A zone of `appears` is made by
    somebody else just before ours is.
    """

    name: str = "one"
    served: dict[str, Observed] = field(default_factory=dict)
    fails: dict[str, NetboxPdnsError] = field(default_factory=dict)
    refuses: dict[RecordKey, str] = field(default_factory=dict)
    by_name: bool = True
    appears: dict[str, Observed] = field(default_factory=dict)
    listed_after: Callable[[], Awaitable[object]] | None = None
    until: Callable[[], Awaitable[object]] | None = None
    after: Callable[[], None] = lambda: None
    lists: NetboxPdnsError | None = None
    calls: list[tuple[str, Action]] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """The mark of this target's zones."""
        return f"netbox-pdns:test:{self.name}"

    @property
    def done(self) -> list[str]:
        """The changes that did not end with an error of `fails`, as `ACTION ZONE`, in their order."""
        return [f"{action} {zone}" for zone, action in self.calls if zone not in self.fails]

    def has(self, zone: Zone, account: str | None = None) -> None:
        """Serve *zone*, marked as ours unless another *account* is given."""
        self.served[zone.name] = self.seen(zone, account)

    def seen(self, zone: Zone, account: str | None = None) -> Observed:
        """Return *zone* as it is read."""
        mark = self.mark if account is None else account
        return Observed(TargetZone(zone.name, "Native", mark, zone.serial or 0), zone)

    async def zones(self) -> tuple[TargetZone, ...]:
        """Return the list, or fail where that is wanted."""
        if self.listed_after is not None:
            await self.listed_after()
        if self.lists is not None:
            raise self.lists
        return tuple(observed.listed for observed in self.served.values())

    async def read(self, zone: str) -> Observed | None:
        """Return what is there."""
        return self.served.get(zone)

    async def read_names(self, zone: str, names: Collection[str]) -> Observed | None:
        """Return what is there at *names* and the apex."""
        there = self.served.get(zone)
        return None if there is None else replace(there, zone=_at(there.zone, names), disabled={})

    async def line(self, zone: str) -> TargetZone | None:
        """Return the zone's line, or fail where that is wanted."""
        return next((each for each in await self.zones() if each.name == zone), None)

    async def apply(self, plan: ZonePlan, template: ZoneTemplate) -> Applied:
        """Carry *plan* out, or fail as is wanted."""
        self.calls.append((plan.zone, plan.action))
        await (asyncio.sleep(0) if self.until is None else self.until())
        self.after()
        if plan.zone in self.fails:
            raise self.fails[plan.zone]
        self._refuse(plan)
        match plan.action:
            case Action.CREATE:
                self._create(plan)
            case Action.UPDATE:
                there = applied(plan, self.served[plan.zone])
                self.served[plan.zone] = replace(there, listed=replace(there.listed, serial=there.zone.serial or 0))
            case Action.DELETE:
                del self.served[plan.zone]
            case Action.ADOPT:
                there = self.served[plan.zone]
                self.served[plan.zone] = replace(there, listed=replace(there.listed, account=self.mark))
        return Applied(7, 1)

    def _refuse(self, plan: ZonePlan) -> None:
        came = (
            (*change.key, rdata) for change in plan.changes if change.after is not None for rdata in change.after.rdatas
        )
        for name, type, rdata in came:
            if reason := self.refuses.get((name, type, rdata)):
                raise RefusedRecord(reason, zone=plan.zone, name=name, type=type, rdata=rdata, by_name=self.by_name)

    def _create(self, plan: ZonePlan) -> None:
        if plan.zone in self.appears:
            self.served[plan.zone] = self.appears.pop(plan.zone)
        if plan.zone in self.served:
            raise ConflictError(f"{plan.zone} is not ours (any more)")
        self.served[plan.zone] = applied(plan, self.seen(Zone.of(plan.zone, ())))
        self.has(self.served[plan.zone].zone)


def settings_of(target: MemoryTarget, **fields: object) -> TargetSettings:
    """Return the settings of a target: a server of its own, the view None."""
    own = {"name": target.name, "url": f"http://{target.name}", "token": SecretStr("x"), "concurrency": 1}
    return TargetSettings.model_validate({**own, **fields})


def sync(
    directory: Path,
    source: MemorySource,
    *targets: Served | MemoryTarget,
    request: SyncRequest | None = None,
    listener: Listener = silent,
    patience: float = PATIENCE,
    limit: float | None = None,
    now: float = 0.0,
) -> SyncReport:
    """Run a sync *now* and return what it came to; its data are in *directory*. It fails after *limit* seconds."""
    served = [each if isinstance(each, Served) else Served(each, settings_of(each)) for each in targets]

    async def work() -> SyncReport:
        kept = await Kept.load(directory, now)
        async with asyncio.timeout(limit):
            engine = Engine(source, served, kept, listener, lambda: now, patience=patience)
            return await engine.run(request or SyncRequest())

    return asyncio.run(work())
