"""The source as the reconciler knows it (`sync.ports.Source`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from netbox_pdns.dns.names import name_or_text
from netbox_pdns.netbox.client import NetBoxClient, Query, RefusedRequestError
from netbox_pdns.netbox.everything import Everything
from netbox_pdns.netbox.explain import explain, of_late
from netbox_pdns.netbox.explain_zones import explain_zones
from netbox_pdns.netbox.listing import Place, ShiftedListError, read_short
from netbox_pdns.netbox.lookup import records_named, zones_named
from netbox_pdns.netbox.overtaken import ChangeWindow, KnownZones, Records
from netbox_pdns.netbox.point_reads import CalledZones, PointReads
from netbox_pdns.netbox.reading import read_zones
from netbox_pdns.netbox.reading_names import read_names
from netbox_pdns.netbox.selection import (
    Selected,
    all_views,
    by_name_alone,
    is_whole_view,
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

LATELY = 10.0
"""Seconds: what begins now may go by a look at the change log from so long ago."""


async def _nothing() -> None:
    """Return nothing."""


def _nobody(zones: Iterable[tuple[int, str]]) -> None:
    """Take no note."""


class NetBoxSource:
    """NetBox DNS as a source of zones; use it as an asynchronous context manager.

    Whenever zones are listed their ids and names are `told` to whoever wants to know. One that *asks_ahead*, for a single
    run, asks beforehand for what will be needed of a zone that is listed alone; what it was answered is not for later.
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
        self._everything = Everything(self.client)
        self.told: Callable[[Iterable[tuple[int, str]]], None] = _nobody
        self._asks_ahead = asks_ahead
        self._late: dict[str, asyncio.Task[Sequence[ChangeRow]]] = {}

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._late.values():
            task.cancel()
        await asyncio.gather(*self._late.values(), return_exceptions=True)
        await self._everything.close()
        await self._window.close()
        await self.client.__aexit__(kind, error, trace)

    async def zones(self, selection: Selection, names: Sequence[str] = ()) -> tuple[ZoneRef, ...]:
        """Return the active zones that *selection* picks, by view and name; see `selection.selected`."""
        if len(names) == 1 and by_name_alone(selection):
            return await self._zone_called(selection, names[0])
        before, views = await both(self._window.look(), all_views(self.client))
        place = self._places.setdefault(selection, Place())
        return self._noted(await selected(self.client, selection, names, views=views, place=place), before)

    async def begin(self, selection: Selection) -> None:
        """Begin to read all that *selection* picks, where that is a whole view; see `everything.Everything`."""
        if is_whole_view(selection):
            self._everything.begin(await self._window.latest(LATELY))

    async def give_up(self) -> None:
        """Give up what was begun and has not been read."""
        await self._everything.close()

    async def zone(self, selection: Selection, name: str) -> ZoneRef | None:
        """Return the active zone *name* (canonical) where *selection* picks it; see `selection.selected_zone`."""
        whole = await self._points.zones_called(spelt(name))
        before = None if whole is not None else await self._window.look()
        called = await zones_called(self.client, (name,)) if whole is None else whole.zones
        row = await selected_zone(self.client, selection, name, called)
        if row is None:
            return None
        if before is not None:
            self._known.note((row,), before)
        self._note_whole(row, whole)
        return self._refs((row,))[0]

    async def _zone_called(self, selection: Selection, name: str) -> tuple[ZoneRef, ...]:
        """Return the zone called so, as `zones` does; what it needs next is asked for ahead."""
        if self._asks_ahead:
            self._ask_ahead(name_or_text(name))
        whole = await self._points.zones_called(spelt(name))
        if whole is not None:
            found = await selected(self.client, selection, (name,), whole.zones)
            if found.alone:
                self._note_whole(found.rows[0], whole)
                return self._refs(found.rows)
        before = await self._window.look()
        ahead = self._records_of(name) if self._asks_ahead else _nothing()
        called, records = await both(zones_called(self.client, (name,)), ahead)
        found = await selected(self.client, selection, (name,), called)
        refs = self._noted(found, before)
        if records is not None and found.alone:
            self._known.note_records(found.rows[0].id, records)
        return refs

    def _noted(self, found: Selected, before: int) -> tuple[ZoneRef, ...]:
        self._known.note(found.rows, before, whole_view=found.whole_view)
        return self._refs(found.rows)

    def _note_whole(self, row: ZoneRow, whole: CalledZones | None) -> None:
        """Keep the records of a zone that came with them, and that no other is called as."""
        if whole is not None and whole.records is not None and len(whole.zones) == 1:
            self._known.note_whole(row, whole.records)

    def _refs(self, rows: Sequence[ZoneRow]) -> tuple[ZoneRef, ...]:
        self.told((row.id, row.name) for row in rows)
        return tuple(sorted((zone_ref(self.client, row) for row in rows), key=lambda ref: (ref.view, ref.name)))

    async def _records_of(self, zone: str) -> Records | None:
        """Return the records of the zones called so, of all views; None where NetBox has none that is spelt so."""
        query: Query = [("fields", RECORD_FIELDS), ("active", "true"), ("zone", spelt(zone))]
        try:
            return await read_short(self.client, RECORDS, query, RecordRow)
        except (RefusedRequestError, ShiftedListError):
            return None

    def _ask_ahead(self, zone: str) -> None:
        """Ask already what may explain why records are gone of a zone (canonical name) that is asked for alone."""
        if older := self._late.pop(zone, None):  # what it tells is of another reading
            older.cancel()
        self._late[zone] = asyncio.create_task(of_late(self.client, zone))

    def read(self, zones: Sequence[ZoneRef]) -> AsyncIterator[Desired]:
        """Yield each zone's desired content; see `reading.read_zones`."""
        return read_zones(self.client, self._window, self._known, self._everything, zones)

    async def read_names(self, zone: ZoneRef, names: Collection[str]) -> Desired | None:
        """Return what is wanted at the owner *names* and the apex; see `reading_names.read_names`."""
        return await read_names(self.client, self._points, zone, names)

    async def explain(self, zone: ZoneRef, removed: Sequence[RecordKey]) -> Explanations:
        """Return for those of *removed* that NetBox explains why they are no longer wanted; see `explain.explain`."""
        late = self._late.pop(zone.name, None)
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
