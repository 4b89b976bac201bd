"""The source as the reconciler knows it (`sync.ports.Source`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from netbox_pdns.dns.names import name_or_text
from netbox_pdns.netbox.client import NetBoxClient, Query, RefusedRequestError
from netbox_pdns.netbox.explain import explain, of_late
from netbox_pdns.netbox.explain_zones import explain_zones
from netbox_pdns.netbox.listing import Listed, Place, ShiftedListError, read_short
from netbox_pdns.netbox.lookup import records_named, zones_named
from netbox_pdns.netbox.overtaken import ChangeWindow, KnownZones, Records
from netbox_pdns.netbox.point_reads import PointReads
from netbox_pdns.netbox.reading import read_zones
from netbox_pdns.netbox.reading_names import read_names
from netbox_pdns.netbox.selection import (
    all_views,
    by_name_alone,
    selected,
    selected_zone,
    spelt,
    zone_ref,
    zones_called,
)
from netbox_pdns.netbox.wire import RECORD_FIELDS, RECORDS, ChangeRow, RecordRow, ZoneRow
from netbox_pdns.planning.holdings import HeldRecord, HeldZone
from netbox_pdns.planning.values import Desired, Explanations, Gone, RecordKey, ZoneRef
from netbox_pdns.resilience.breaker import CircuitBreaker
from netbox_pdns.resilience.retry import DEFAULT_POLICY, CallObserver, RetryHook, RetryPolicy, ignore, unobserved
from netbox_pdns.resilience.together import both
from netbox_pdns.settings import NetBoxSettings, Selection


def _nobody(zones: Iterable[tuple[int, str]]) -> None:
    """Take no note."""


class NetBoxSource:
    """NetBox DNS as a source of zones; use it as an asynchronous context manager.

    Whenever zones are listed their ids and names are `told` to whoever wants to know. One that *asks_ahead*, for a single
    run, asks for what a zone that is listed alone will need next; what it was answered is not for later.
    """

    def __init__(
        self,
        settings: NetBoxSettings,
        *,
        hook: RetryHook = ignore,
        policy: RetryPolicy = DEFAULT_POLICY,
        breaker: CircuitBreaker | None = None,
        observe: CallObserver = unobserved,
        asks_ahead: bool = False,
    ) -> None:
        self.client = NetBoxClient(settings, hook=hook, policy=policy, breaker=breaker, observe=observe)
        self._places: dict[Selection, Place] = {}
        self._points = PointReads(self.client)
        self._window = ChangeWindow(self.client, settings.overlap)
        self._known = KnownZones(settings.overlap)
        self.told: Callable[[Iterable[tuple[int, str]]], None] = _nobody
        self._asks_ahead = asks_ahead
        self._late: dict[int, asyncio.Task[Sequence[ChangeRow]]] = {}

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._late.values():
            task.cancel()
        await asyncio.gather(*self._late.values(), return_exceptions=True)
        await self._window.close()
        await self.client.__aexit__(kind, error, trace)

    async def zones(self, selection: Selection, names: Sequence[str] = ()) -> tuple[ZoneRef, ...]:
        """Return the active zones that *selection* picks, by view and name; see `selection.selected`."""
        if names:
            before, views = await self._window.look(), None
        else:
            before, views = await both(self._window.look(), all_views(self.client))
        by_name = len(names) == 1 and by_name_alone(selection)
        called, records = await self._called(names[0]) if by_name else (None, None)
        place = self._places.setdefault(selection, Place())
        found = await selected(self.client, selection, names, called, views, place)
        self._known.note(found.rows, before, whole_view=found.whole_view)
        self.told((row.id, row.name) for row in found.rows)
        if records is not None and found.alone:
            self._known.note_records(found.rows[0].id, records)
            if self._asks_ahead:
                self._ask_ahead(found.rows[0])
        return tuple(sorted((zone_ref(self.client, row) for row in found.rows), key=lambda ref: (ref.view, ref.name)))

    async def zone(self, selection: Selection, name: str) -> ZoneRef | None:
        """Return the active zone *name* (canonical) where *selection* picks it; see `selection.selected_zone`."""
        before = await self._window.look()
        called, records = await self._called(name)
        row = await selected_zone(self.client, selection, name, called)
        if row is None:
            return None
        self._known.note((row,), before)
        if records is not None and len(called) == 1:
            self._known.note_records(row.id, records)
        self.told([(row.id, row.name)])
        return zone_ref(self.client, row)

    async def _called(self, name: str) -> tuple[Sequence[ZoneRow], Records | None]:
        """Return the active zones called so, in all views, and their records where they came with them."""
        found = await self._points.zones_called(spelt(name))
        if found is not None:
            rows = None if found.records is None else list(found.records)
            return found.zones, None if rows is None else Listed(rows, len(rows), 1)
        if self._asks_ahead:
            return await both(zones_called(self.client, (name,)), self._records_of(name))
        return await zones_called(self.client, (name,)), None

    async def _records_of(self, zone: str) -> Records | None:
        """Return the records of the zones called so, of all views; None where NetBox has none that is spelt so."""
        query: Query = [("fields", RECORD_FIELDS), ("active", "true"), ("zone", spelt(zone))]
        try:
            return await read_short(self.client, RECORDS, query, RecordRow)
        except (RefusedRequestError, ShiftedListError):
            return None

    def _ask_ahead(self, zone: ZoneRow) -> None:
        """Ask already what may explain why records of a zone that is asked for alone are gone."""
        if older := self._late.pop(zone.id, None):  # what it tells is of another reading
            older.cancel()
        self._late[zone.id] = asyncio.create_task(of_late(self.client, name_or_text(zone.name)))

    def read(self, zones: Sequence[ZoneRef]) -> AsyncIterator[Desired]:
        """Yield each zone's desired content; see `reading.read_zones`."""
        return read_zones(self.client, self._window, self._known, zones)

    async def read_names(self, zone: ZoneRef, names: Collection[str]) -> Desired | None:
        """Return what is wanted at the owner *names* and the apex; see `reading_names.read_names`."""
        return await read_names(self.client, self._points, zone, names)

    async def explain(self, zone: ZoneRef, removed: Sequence[RecordKey]) -> Explanations:
        """Return for those of *removed* that NetBox explains why they are no longer wanted; see `explain.explain`."""
        late = self._late.pop(zone.id, None)
        return await explain(self.client, zone, removed, None if late is None else await late)

    async def explain_zones(self, names: Sequence[str], selection: Selection) -> Mapping[str, Gone]:
        """Return for those of *names* that NetBox explains why they are no longer wanted."""
        return await explain_zones(self.client, names, selection)

    async def zones_named(self, names: Sequence[str]) -> tuple[HeldZone, ...]:
        """Return the zones of all views, active or not, that have one of the canonical *names*."""
        return await zones_named(self.client, names)

    async def records_named(self, name: str) -> tuple[HeldRecord, ...]:
        """Return the records of all zones, active or not, whose owner is the canonical *name*."""
        return await records_named(self.client, name)
