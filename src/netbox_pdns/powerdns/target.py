"""A PowerDNS server as the reconciler sees it (`netbox_pdns.sync.ports.Target`)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from types import TracebackType
from typing import Self

import msgspec

from netbox_pdns.planning.values import Action, Applied, Observed, TargetZone, ZonePlan
from netbox_pdns.powerdns.applying import Writer
from netbox_pdns.powerdns.capabilities import asked_capabilities
from netbox_pdns.powerdns.client import NotThereError, PowerDNSClient
from netbox_pdns.powerdns.reading import listed, observed
from netbox_pdns.powerdns.rectifying import is_owed
from netbox_pdns.resilience.breaker import CircuitBreaker
from netbox_pdns.resilience.retry import DEFAULT_POLICY, CallObserver, RetryHook, RetryPolicy, ignore, unobserved
from netbox_pdns.resilience.together import gathered, off_the_loop
from netbox_pdns.settings import TargetSettings, ZoneTemplate


class PowerDNSTarget:
    """One PowerDNS server; use it as an asynchronous context manager.

    *mark* is written as `account` on the zones that we make or adopt, and tells them from others'.
    """

    def __init__(
        self,
        settings: TargetSettings,
        mark: str,
        *,
        hook: RetryHook = ignore,
        policy: RetryPolicy = DEFAULT_POLICY,
        breaker: CircuitBreaker | None = None,
        observe: CallObserver = unobserved,
    ) -> None:
        self.name = settings.name
        self.mark = mark
        self.client = PowerDNSClient(settings, hook=hook, policy=policy, breaker=breaker, observe=observe)
        self._batch_bytes = settings.batch_bytes
        self._writer: Writer | None = None
        self._asking = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.__aexit__(kind, error, trace)

    async def zones(self) -> tuple[TargetZone, ...]:
        """Return every zone of the server."""
        return tuple(map(listed, await self.client.zones()))

    async def read(self, zone: str) -> Observed | None:
        """Return what the server has of *zone*, None without such a zone."""
        try:
            wire = await self.client.zone(zone)
        except NotThereError:
            return None
        foreign = wire.account != self.mark
        presigned = (foreign or wire.dnssec) and "1" in await self.client.metadata(zone, "PRESIGNED")
        owed = not foreign and await is_owed(self.client, wire)
        return await off_the_loop(len(wire.rrsets), observed, wire, presigned=presigned, rectifies=not owed)

    async def read_names(self, zone: str, names: Collection[str]) -> Observed | None:
        """Return what the server has of *zone* at the owner *names* and the apex; disabled records are not seen so."""
        owners = sorted({zone, *names})
        try:
            parts = await gathered(self.client.zone_at(zone, owner) for owner in owners)
        except NotThereError:
            return None
        first = parts[0]
        rrsets = [rrset for part in parts for rrset in part.rrsets]
        owed = first.account == self.mark and await is_owed(self.client, first)
        wire = msgspec.structs.replace(first, rrsets=rrsets)
        return await off_the_loop(len(wire.rrsets), observed, wire, rectifies=not owed)

    async def line(self, zone: str) -> TargetZone | None:
        """Return the zone's line of the list, None without such a zone."""
        try:
            return listed(await self.client.zone(zone, content=False))
        except NotThereError:
            return None

    async def apply(self, plan: ZonePlan, template: ZoneTemplate) -> Applied:
        """Carry *plan* out; see `netbox_pdns.powerdns.applying`."""
        writer = await self._ready_to_write()
        match plan.action:
            case Action.CREATE:
                return await writer.create(plan, template)
            case Action.UPDATE:
                return await writer.update(plan)
            case Action.ADOPT:
                return await writer.adopt(plan)
            case Action.DELETE:
                return await writer.delete(plan)
            case Action.NOTHING:
                return Applied(None, 0)

    async def _ready_to_write(self) -> Writer:
        """Return what writes, with requests that are small enough for this server; it is asked once."""
        async with self._asking:
            if self._writer is None:
                server = await asked_capabilities(self.client)
                limit = min(self._batch_bytes, server.body_limit or self._batch_bytes)
                if server.one_change_at_a_time:
                    self.client.turns = asyncio.Lock()
                self._writer = Writer(self.client, self.mark, limit, server)
            return self._writer
