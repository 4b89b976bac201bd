"""A source and a target in memory, for the laws of a run: zones as text, and answers that fail on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from planning_text import applied
from pydantic import SecretStr

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.values import (
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
from netbox_pdns.store.refusals import Refusals
from netbox_pdns.store.removed import RemovedRecords
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.outcome import SyncReport, SyncRequest
from netbox_pdns.sync.reconcile import Served


def content(name: str, serial: int = 1) -> Zone:
    """Return a zone with an SOA, a nameserver and an address."""
    soa = f"ns.x. hostmaster.x. {serial} 1 2 3 4"
    rows = [(name, "SOA", soa), (name, "NS", "ns.x."), (canonical_name(f"www.{name}"), "A", "192.0.2.1")]
    return Zone.of(name, (RRset.of(owner, type, 300, [rdata]) for owner, type, rdata in rows))


@dataclass
class MemorySource:
    """Zones by name; `gone` explains zones, or is the error that asking comes to."""

    names: Sequence[str]
    gone: Mapping[str, Gone] | NetboxPdnsError = field(default_factory=dict)

    async def zones(self, selection: Selection) -> tuple[ZoneRef, ...]:
        """Return all zones."""
        return tuple(ZoneRef(number, name, "v", "", 1) for number, name in enumerate(self.names))

    async def read(self, zones: Sequence[ZoneRef]) -> AsyncIterator[Desired]:
        """Yield the zones in their order."""
        for ref in zones:
            yield Desired(ref, content(ref.name))

    async def explain(self, zone: ZoneRef, removed: Sequence[RecordKey]) -> Explanations:
        """Explain nothing."""
        return {}

    async def explain_zones(self, names: Sequence[str], selection: Selection) -> Mapping[str, Gone]:
        """Return what the test says."""
        if isinstance(self.gone, NetboxPdnsError):
            raise self.gone
        return self.gone


@dataclass
class MemoryTarget:
    """Zones that are there, and the errors that applying a zone comes to; `done` lists what was applied, in order."""

    name: str = "memory"
    url: str = ""
    mark: str = "netbox-pdns:test:memory"
    there: dict[str, Observed] = field(default_factory=dict)
    errors: Mapping[str, NetboxPdnsError] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def has(self, *names: str) -> MemoryTarget:
        """Put zones of ours there."""
        for name in names:
            self.there[name] = Observed(TargetZone(name, "Native", self.mark, 1), content(name))
        return self

    async def zones(self) -> tuple[TargetZone, ...]:
        """Return all zones."""
        return tuple(each.listed for each in self.there.values())

    async def read(self, zone: str) -> Observed | None:
        """Return a zone."""
        return self.there.get(zone)

    async def apply(self, plan: ZonePlan, template: ZoneTemplate) -> Applied:
        """Apply a plan, or fail."""
        self.asked.append(plan.zone)
        await asyncio.sleep(0)
        if plan.zone in self.errors:
            raise self.errors[plan.zone]
        self.done.append(f"{plan.action} {plan.zone}")
        if plan.action is Action.DELETE:
            del self.there[plan.zone]
        else:
            blank = Observed(TargetZone(plan.zone, "Native", self.mark, 0), Zone.of(plan.zone, ()))
            self.there[plan.zone] = applied(plan, self.there.get(plan.zone, blank))
        return Applied(1, 1)


def _settings(url: str, concurrency: int) -> TargetSettings:
    return TargetSettings(url=url, token=SecretStr("t"), concurrency=concurrency)


def run_sync(
    directory: Path, source: MemorySource, *targets: MemoryTarget, concurrency: int = 1, dry_run: bool = False
) -> SyncReport:
    """Run one sync of everything."""

    async def work() -> SyncReport:
        served = [Served(target, _settings(target.url or f"http://{target.name}", concurrency)) for target in targets]
        refusals = await Refusals.load(directory, 0)
        engine = Engine(source, served, RemovedRecords(directory / "removed"), refusals)
        return await engine.run(SyncRequest(dry_run=dry_run))

    return asyncio.run(work())
