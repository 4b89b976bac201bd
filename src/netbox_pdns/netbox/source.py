"""The source as the reconciler knows it (`sync.ports.Source`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.netbox.explain import explain
from netbox_pdns.netbox.explain_zones import explain_zones
from netbox_pdns.netbox.lookup import records_named, zones_named
from netbox_pdns.netbox.overtaken import ChangeWindow, KnownZones
from netbox_pdns.netbox.reading import read_zones
from netbox_pdns.netbox.selection import selected, zone_ref
from netbox_pdns.planning.holdings import HeldRecord, HeldZone
from netbox_pdns.planning.values import Desired, Explanations, Gone, RecordKey, ZoneRef
from netbox_pdns.resilience.retry import DEFAULT_POLICY, RetryHook, RetryPolicy, ignore
from netbox_pdns.settings import NetBoxSettings, Selection


class NetBoxSource:
    """NetBox DNS as a source of zones; use it as an asynchronous context manager."""

    def __init__(
        self, settings: NetBoxSettings, *, hook: RetryHook = ignore, policy: RetryPolicy = DEFAULT_POLICY
    ) -> None:
        self.client = NetBoxClient(settings, hook=hook, policy=policy)
        self._window = ChangeWindow(self.client, settings.overlap)
        self._known = KnownZones(settings.overlap)

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.__aexit__(kind, error, trace)

    async def zones(self, selection: Selection, names: Sequence[str] = ()) -> tuple[ZoneRef, ...]:
        """Return the active zones that *selection* picks, by view and name; see `selection.selected`."""
        before = await self._window.look()
        found = await selected(self.client, selection, names)
        self._known.note(found.rows, before, everything=found.everything)
        return tuple(sorted((zone_ref(self.client, row) for row in found.rows), key=lambda ref: (ref.view, ref.name)))

    def read(self, zones: Sequence[ZoneRef]) -> AsyncIterator[Desired]:
        """Yield each zone's desired content; see `reading.read_zones`."""
        return read_zones(self.client, self._window, self._known, zones)

    async def explain(self, zone: ZoneRef, removed: Sequence[RecordKey]) -> Explanations:
        """Return for those of *removed* that NetBox explains why they are no longer wanted; see `explain.explain`."""
        return await explain(self.client, zone, removed)

    async def explain_zones(self, names: Sequence[str], selection: Selection) -> Mapping[str, Gone]:
        """Return for those of *names* that NetBox explains why they are no longer wanted."""
        return await explain_zones(self.client, names, selection)

    async def zones_named(self, names: Sequence[str]) -> tuple[HeldZone, ...]:
        """Return the zones of all views, active or not, that have one of the canonical *names*."""
        return await zones_named(self.client, names)

    async def records_named(self, name: str) -> tuple[HeldRecord, ...]:
        """Return the records of all zones, active or not, whose owner is the canonical *name*."""
        return await records_named(self.client, name)
