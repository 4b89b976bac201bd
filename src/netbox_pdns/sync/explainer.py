"""Gathers what is known of one name: NetBox's records, each target's zone and plan, what its DNS answers. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from netbox_pdns.asking.asker import Asker
from netbox_pdns.asking.endpoint import dns_endpoint
from netbox_pdns.dns.message import question_of
from netbox_pdns.dns.names import ancestors, is_within
from netbox_pdns.dns.rrset import Key, RRset
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.expectations import Expectation, Seen, expectations, hiding, standing_in, to_be_seen
from netbox_pdns.planning.holdings import HeldRecord, HeldZone
from netbox_pdns.planning.unmanaged import is_unmanaged
from netbox_pdns.planning.values import (
    NO_EXPLANATIONS,
    Desired,
    Explanations,
    PlanContext,
    TargetZone,
    ZonePlan,
    ZoneRef,
)
from netbox_pdns.planning.verdicts import shown, verdict
from netbox_pdns.store.kept import Kept
from netbox_pdns.sync.explanation import Explanation, ZoneOfName
from netbox_pdns.sync.outcome import SyncRequest
from netbox_pdns.sync.ports import Source
from netbox_pdns.sync.reconcile import Reconciler, Served
from netbox_pdns.sync.story import Facts, told


class Holder(Source, Protocol):
    """A source that also tells what it holds and does not want."""

    async def zones_named(self, names: Sequence[str]) -> tuple[HeldZone, ...]:
        """Return the zones of all views, active or not, that have one of the canonical *names*."""

    async def records_named(self, name: str) -> tuple[HeldRecord, ...]:
        """Return the records of all zones, active or not, whose owner is the canonical *name*."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains names by a source and all targets."""

    source: Holder
    targets: Sequence[Served]
    kept: Kept

    async def explain(self, name: str, type: str | None) -> Explanation:
        """Return the story of the canonical *name*, of one *type* or of all that anybody has there.

        Raises `NetboxPdnsError` where NetBox cannot be asked.
        """
        home = _home(await self.source.zones_named((*ancestors(name, "."), ".")), name, type)
        ids = {zone.id for zone in home}
        records = [each for each in await self.source.records_named(name) if each.zone in ids]
        looks = [_Look(self, served, name, home) for served in self.targets]
        async with asyncio.TaskGroup() as group:
            for look in looks:
                group.create_task(look.at_zone())
        types = {type} if type is not None else {each.type for each in records}.union(*(each.types() for each in looks))
        keys = [(name, each) for each in sorted(types or {"A"})]
        async with asyncio.TaskGroup() as group:
            for look in looks:
                group.create_task(look.at_rrsets(keys))
        zones = [
            ZoneOfName(
                zone.name,
                zone.view,
                zone.url,
                zone.status,
                zone.active,
                tuple(look.facts.target for look in looks if look.ref is not None and look.ref.id == zone.id),
            )
            for zone in home
        ]
        return told(name, keys, zones, records, [look.facts for look in looks])


def _home(zones: Sequence[HeldZone], name: str, type: str | None) -> tuple[HeldZone, ...]:
    """Return the zones that *name* is in: in each view the longest match, active or not.

    A DS is in the zone above its name (RFC 4035, section 3.1.4.1).
    """
    home: dict[str, HeldZone] = {}
    for zone in sorted(zones, key=lambda zone: len(zone.name)):
        if is_within(name, zone.name) and not (type == "DS" and zone.name == name):
            home[zone.view] = zone
    return tuple(home.values())


class _Look:
    """What is found out of one target."""

    def __init__(self, explainer: Explainer, served: Served, name: str, home: Sequence[HeldZone]) -> None:
        self.facts = Facts(target=served.target.name)
        self.ref: ZoneRef | None = None
        self._explainer = explainer
        self._served = served
        self._name = name
        self._home = home
        self._listed: Mapping[str, TargetZone] = {}

    def types(self) -> set[str]:
        """Return the types that NetBox or the server has at the name."""
        desired, observed = self.facts.desired, self.facts.observed
        keys = [] if desired is None else [*desired.zone.rrsets, *(record.key for record in desired.left_out)]
        keys += [] if observed is None else [*observed.zone.rrsets, *observed.disabled]
        return {type for name, type in keys if name == self._name}

    async def at_zone(self) -> None:
        """Look at the zone: is it selected, what is wanted of it, what does the server have, what is planned."""
        source = self._explainer.source
        names = tuple(dict.fromkeys(zone.name for zone in self._home))
        refs = await source.zones(self._served.settings.selection, names)
        ids = {zone.id for zone in self._home}
        self.ref = next((ref for ref in refs if ref.id in ids), None)
        desired = [] if self.ref is None else [each async for each in source.read([self.ref])]
        try:
            self._listed = {zone.name: zone for zone in await self._served.target.zones()}
            if self.ref is None:
                await self._unselected()
            elif desired:  # else it went since it was listed
                await self._selected(desired[0])
        except NetboxPdnsError as error:
            self.facts = replace(self.facts, down=error.in_one_line)

    async def _unselected(self) -> None:
        around = [zone for zone in self._listed.values() if is_within(self._name, zone.name)]
        listed = max(around, key=lambda zone: len(zone.name), default=None)
        observed = None if listed is None else await self._served.target.read(listed.name)
        self.facts = replace(self.facts, not_selected=self._why_not(), observed=observed, ours=self._is_ours(listed))

    def _why_not(self) -> str:
        if not self._home:
            return "NetBox shows no zone that the name is in"
        names = " and ".join(dict.fromkeys(zone.name for zone in self._home))
        if not any(each.active for each in self._home):
            statuses = ", ".join(dict.fromkeys(zone.status for zone in self._home))
            return f"{names} is not active in NetBox (status {statuses})"
        return f"the selection of this target does not pick {names}"

    async def _selected(self, desired: Desired) -> None:
        explainer, target = self._explainer, self._served.target
        listed = self._listed.get(desired.zone.name)
        request = SyncRequest(dry_run=True)
        reconciler = Reconciler(explainer.source, self._served, explainer.kept, request)
        outcome = await reconciler.bring(desired, listed)
        observed = None if listed is None else await target.read(desired.zone.name)
        context = self._context(desired, listed)
        whole, _ = to_be_seen(desired, observed, context)
        expected = [each for each in expectations(whole, self._listed) if each.rrset.name == self._name]
        self.facts = replace(
            self.facts,
            desired=desired,
            observed=observed,
            ours=self._is_ours(listed),
            outcome=outcome,
            is_unmanaged=lambda key: is_unmanaged(key, context),
            expected={each.rrset.key: each for each in expected},
            instead=hiding(self._name, whole, self._listed) or standing_in(self._name, whole) or "",
            explanations=await self._explanations(desired, outcome.plan),
        )

    def _context(self, desired: Desired, listed: TargetZone | None) -> PlanContext:
        settings, target = self._served.settings, self._served.target
        return PlanContext(
            target=target.name,
            mark=target.mark,
            now=0,
            unmanaged=settings.unmanaged,
            signs=settings.template.dnssec if listed is None else listed.dnssec,
            refused=self._explainer.kept.refusals.of(target.name, desired.zone.name),
            adopted=self._explainer.kept.adopted.of(target.name, desired.zone.name),
        )

    def _is_ours(self, listed: TargetZone | None) -> bool:
        return listed is not None and listed.account == self._served.target.mark

    async def _explanations(self, desired: Desired, plan: ZonePlan | None) -> Explanations:
        """Ask NetBox why those records of this name go that the plan removes."""
        changes = () if plan is None else plan.changes
        going = [record for change in changes if change.key[0] == self._name for record in change.removed_records]
        return await self._explainer.source.explain(desired.ref, going) if going else NO_EXPLANATIONS

    async def at_rrsets(self, keys: Sequence[Key]) -> None:
        """Ask DNS for *keys*, and look for files with what was removed of them."""
        files = {key: path for key in keys if (path := await self._last_removed(key)) is not None}
        self.facts = replace(self.facts, removed=files)
        asked = [self._question(key) for key in keys]
        try:
            async with Asker(dns_endpoint(self._served.settings)) as asker:
                answers = await asker.ask([question_of(each.question) for each in asked])
        except NetboxPdnsError as error:
            self.facts = replace(self.facts, dns_down=error.in_one_line)
            return
        both = list(zip(asked, answers, strict=True))
        self.facts = replace(
            self.facts,
            verdicts={each.rrset.key: verdict(each, answer) for each, answer in both},
            shown={each.rrset.key: shown(each, answer) for each, answer in both},
        )

    def _question(self, key: Key) -> Expectation:
        """Return where the RRset is to be seen; for what nobody expects to see, as an answer."""
        expected = self.facts.expected.get(key)
        if expected is None or expected.seen in {Seen.OCCLUDED, Seen.NOT_ASKED}:
            return Expectation(RRset(*key, ttl=0, rdatas=()), Seen.ANSWER, key)
        return expected

    async def _last_removed(self, key: Key) -> str | None:
        """Return the newest file with a removed record of the RRset, of whichever zone had the name, the nearest first."""
        for zone in (*reversed(ancestors(self._name, ".")), "."):
            path = await self._explainer.kept.removed.last_naming(self.facts.target, zone, key)
            if path is not None:
                return str(path)
        return None
