"""Asks DNS whether it shows what NetBox wants: every target, and every name server where that is wished.

NetBox is read once, zone by zone, as a sync reads it; what cannot be served is not expected. A zone that is not seen as
wanted is planned in a dry run, so that the report can say why. Nothing is written anywhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TypeAlias

from netbox_pdns.asking.asker import Asker
from netbox_pdns.asking.endpoint import Endpoint, dns_endpoint
from netbox_pdns.dns.rrset import Key
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.expectations import Expectation, expectations, to_be_seen
from netbox_pdns.planning.values import Desired, LeftOut, PlanContext, TargetZone, ZoneRef
from netbox_pdns.planning.verdicts import WARNINGS, Finding, Verdict
from netbox_pdns.store.kept import Kept
from netbox_pdns.sync.nameservers import NameServers
from netbox_pdns.sync.outcome import SyncRequest, ZoneOutcome
from netbox_pdns.sync.patterns import matches
from netbox_pdns.sync.ports import Source
from netbox_pdns.sync.questions import AskedServer
from netbox_pdns.sync.reasons import Reason, reason_of
from netbox_pdns.sync.reconcile import Reconciler, Served
from netbox_pdns.sync.verification import FoundRRset, Verification, VerifyRequest

ZONES_AT_ONCE = 16
"""Zones that are asked about at the same time: small zones alone would leave the line idle between them."""

Tell: TypeAlias = Callable[[int, int], None]
"""Is told how many of how many zones are done."""


@dataclass(slots=True)
class _Asked:
    """One target in a verification: its zones in NetBox, its own list, its server, and the servers of its zones."""

    served: Served
    server: AskedServer
    refs: Mapping[int, ZoneRef]
    listed: Mapping[str, TargetZone] | None
    """Its zones by name, None where it did not tell."""
    names: frozenset[str]
    """The names of the zones that it serves, as far as that is known."""
    nameservers: NameServers
    others: dict[str, AskedServer] = field(default_factory=dict)

    def line_of(self, zone: str) -> TargetZone | None:
        """Return the zone's line in its list, None without one."""
        return None if self.listed is None else self.listed.get(zone)


class Verifier:
    """Runs verifications of the given targets against one source. *tell* is told of progress."""

    def __init__(
        self,
        source: Source,
        targets: Sequence[Served],
        kept: Kept,
        request: VerifyRequest,
        tell: Tell = lambda done, of: None,
    ) -> None:
        self._source = source
        self._targets = [each for each in targets if not request.targets or each.target.name in request.targets]
        self._kept = kept
        self._request = request
        self._tell = tell

    async def run(self) -> Verification:
        """Ask, and return what it came to. Raises `NetboxPdnsError` where NetBox cannot be read."""
        started = time.monotonic()
        async with AsyncExitStack() as stack:
            lanes = [await self._open(served, stack) for served in self._targets]
            await self._look(lanes, stack)
            servers = [server for lane in lanes for server in (lane.server, *lane.others.values())]
            reports = tuple(server.report() for server in servers)
        return Verification.of(reports, time.monotonic() - started)

    async def _open(self, served: Served, stack: AsyncExitStack) -> _Asked:
        refs = await self._source.zones(served.settings.selection)
        server = _target_server(served, stack)
        try:
            listed: dict[str, TargetZone] | None = {zone.name: zone for zone in await served.target.zones()}
        except NetboxPdnsError as error:  # DNS may answer all the same
            listed = None
            server.notes.append(f"its zones could not be listed, so that nothing is explained: {error.in_one_line}")
        return _Asked(
            served=served,
            server=server,
            refs={ref.id: ref for ref in refs if matches(ref.name, self._request.zones or ("all",))},
            listed=listed,
            names=frozenset(ref.name for ref in refs) if listed is None else frozenset(listed),
            nameservers=NameServers(self._source, {ref.name: ref for ref in refs}),
        )

    async def _look(self, lanes: Sequence[_Asked], stack: AsyncExitStack) -> None:
        refs = {ref.id: ref for lane in lanes for ref in lane.refs.values()}
        if not refs:
            return
        slots = asyncio.Semaphore(ZONES_AT_ONCE)
        done = 0

        async def one(desired: Desired) -> None:
            nonlocal done
            try:
                for lane in lanes:
                    if desired.ref.id in lane.refs:
                        await self._zone(lane, desired, stack)
            finally:
                slots.release()
            done += 1
            self._tell(done, len(refs))

        self._tell(0, len(refs))
        broken_off: NetboxPdnsError | None = None
        async with asyncio.TaskGroup() as group:
            try:
                async for desired in self._source.read(tuple(refs.values())):
                    await slots.acquire()
                    group.create_task(one(desired))
            except NetboxPdnsError as error:  # NetBox cannot be read to the end; what is under way is finished
                broken_off = error
        for lane in lanes if broken_off is not None else ():
            lane.server.error = lane.server.error or broken_off

    async def _zone(self, lane: _Asked, desired: Desired, stack: AsyncExitStack) -> None:
        expected, left_out = await asyncio.to_thread(self._expected, lane, desired)
        servers = [lane.server]
        if self._request.nameservers:
            servers += await self._nameservers(lane, desired, stack)
        outcome: ZoneOutcome | None = None
        for server in servers:
            found = await server.look(expected)
            if outcome is None and lane.listed is not None and any(seen.finding not in WARNINGS for _, seen in found):
                outcome = await self._planned(lane, desired)
            nameserver = server.kind == "nameserver"
            server.findings += _findings(desired, found, left_out, outcome, nameserver=nameserver)

    def _expected(self, lane: _Asked, desired: Desired) -> tuple[tuple[Expectation, ...], Mapping[Key, LeftOut]]:
        """Return what DNS is to show of the zone, and the RRsets with records that cannot be served."""
        target, listed = lane.served.target, lane.line_of(desired.zone.name)
        context = PlanContext(
            target=target.name,
            mark=target.mark,
            now=0,
            signs=lane.served.settings.template.dnssec if listed is None else listed.dnssec,
            refused=self._kept.refusals.of(target.name, desired.zone.name),
            adopted=self._kept.adopted.of(target.name, desired.zone.name),
        )
        whole, left_out = to_be_seen(desired, None, context)
        return expectations(whole, lane.names), {record.key: record for record in left_out}

    async def _planned(self, lane: _Asked, desired: Desired) -> ZoneOutcome:
        request = SyncRequest(dry_run=True)
        reconciler = Reconciler(self._source, lane.served, self._kept, request)
        return await reconciler.bring(desired, lane.line_of(desired.zone.name))

    async def _nameservers(self, lane: _Asked, desired: Desired, stack: AsyncExitStack) -> list[AskedServer]:
        """Return the servers of the zone's apex NS, each address once for the target; one without address says so."""
        apex = desired.zone.rrsets.get((desired.zone.name, "NS"))
        servers = []
        for name in () if apex is None else apex.rdatas:
            try:
                addresses = await lane.nameservers.addresses(name)
            except NetboxPdnsError as error:
                server = lane.others.setdefault(name, AskedServer(name, "nameserver", None, "", error=error))
                servers.append(server)
                continue
            servers += [self._nameserver(lane, name, address, stack) for address in addresses]
        return servers

    def _nameserver(self, lane: _Asked, name: str, address: str, stack: AsyncExitStack) -> AskedServer:
        if address not in lane.others:
            endpoint = Endpoint(address, self._request.nameserver_port, f"it is an address of the name server {name}")
            asker = Asker(endpoint)
            stack.push_async_callback(asker.aclose)
            lane.others[address] = AskedServer(name, "nameserver", asker, endpoint.text)
        return lane.others[address]


def _target_server(served: Served, stack: AsyncExitStack) -> AskedServer:
    name = served.target.name
    try:
        endpoint = dns_endpoint(served.settings)
    except NetboxPdnsError as error:  # the others can be asked
        return AskedServer(name, "target", None, "", error=error)
    asker = Asker(endpoint)
    stack.push_async_callback(asker.aclose)
    return AskedServer(name, "target", asker, endpoint.text)


def _findings(
    desired: Desired,
    found: Sequence[tuple[Expectation, Verdict]],
    left_out: Mapping[Key, LeftOut],
    outcome: ZoneOutcome | None,
    *,
    nameserver: bool,
) -> Iterator[FoundRRset]:
    for expected, seen in found:
        rrset = expected.rrset
        reason = _reason(expected, seen, left_out, outcome, nameserver=nameserver)
        finding = seen.finding
        assert finding is not None
        sources = (desired.source_of(rrset.key, rdata)[1] for rdata in seen.missing or rrset.rdatas)
        yield FoundRRset(
            zone=desired.zone.name,
            name=rrset.name,
            type=rrset.type,
            finding=finding,
            alarm=reason.alarm,
            ttl=rrset.ttl,
            missing=seen.missing,
            extra=seen.extra,
            served_ttl=seen.served_ttl,
            answer=seen.answer,
            why=reason.text,
            urls=tuple(url for url in dict.fromkeys(sources) if url is not None),
        )


def _reason(
    expected: Expectation,
    seen: Verdict,
    left_out: Mapping[Key, LeftOut],
    outcome: ZoneOutcome | None,
    *,
    nameserver: bool,
) -> Reason:
    key = expected.rrset.key
    if seen.finding in WARNINGS:
        return Reason(expected.why or seen.answer, alarm=False)
    if seen.finding is Finding.UNANSWERED:
        return Reason("", alarm=True)
    if seen.finding is Finding.EXTRA and key in left_out:
        return Reason(f"left out, the last good stays: {left_out[key].reason}", alarm=False)
    if outcome is None:
        return Reason("", alarm=True)
    return reason_of(outcome, key, missing=bool(seen.missing), nameserver=nameserver)
