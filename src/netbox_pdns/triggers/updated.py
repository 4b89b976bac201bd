"""What NetBox says was updated lately as a source of hints: beside the change log, and in its place.

It also tells of what writes no change log, as the DNS plugin's daily expiry of records. It tells of nothing that was
deleted; where it stands alone, a zone that was updated though none of its records was is looked at as a whole, since that
is how a deletion shows: NetBox raises the zone's serial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from netbox_pdns.dns.names import name_or_text
from netbox_pdns.netbox.updates import Updated, UpdatedRecord, UpdatedZone
from netbox_pdns.sync.hints import WHOLE, Cause, Depth, Hint, Hints, Scope, Trigger
from netbox_pdns.triggers.clocks import Clocks
from netbox_pdns.triggers.meaning import RECORD, ZONE, meant
from netbox_pdns.triggers.standing import Standing
from netbox_pdns.triggers.told import Told

NAME = "updated"
"""What it is called on the board."""
MOST = 2_000
"""Records or zones of one look that are told one by one; of more, everything is looked at."""
MOST_ZONES = 10_000
"""Zones that are remembered as they were."""
BESIDE = 60.0
"""Seconds between two looks where the change log is followed: a look costs NetBox 300 ms of CPU, and tells little more."""

R = TypeVar("R", UpdatedRecord, UpdatedZone)


class UpdatedObjects(Protocol):
    """What was updated; see `netbox_pdns.netbox.updates.Updates`."""

    async def records(self, seconds: float, most: int) -> Updated[UpdatedRecord]:
        """Return the records that were updated in the last *seconds*."""

    async def zones(self, seconds: float, most: int) -> Updated[UpdatedZone]:
        """Return the zones that were updated in the last *seconds*."""


class UpdatedFeed:
    """Looks at what was updated in the last *overlap* seconds, and hints at what was not seen so before.

    *alone* tells whether the change log cannot be followed at the moment; what it *told* is not told again.
    """

    def __init__(
        self,
        source: UpdatedObjects,
        hints: Hints,
        standing: Standing,
        *,
        overlap: float,
        alone: Callable[[], bool],
        told: Told | None = None,
        clocks: Clocks | None = None,
        beside: float = BESIDE,
    ) -> None:
        self._source = source
        self._hints = hints
        self._standing = standing
        self._overlap = overlap
        self._alone = alone
        self._told = told or Told()
        self._clocks = clocks or Clocks()
        self._records = _Seen()
        self._zones = _Seen()
        self._states: dict[int, bytes] = {}
        self._beside = beside
        self._looked = float("-inf")

    async def begin(self) -> None:
        """Take note of what was updated up to now, without a hint: for whoever looks at everything after this."""
        await self._look(hinting=False)

    async def poll(self) -> None:
        """Look once, if it is time, and leave hints for what is new; raises what the source raises."""
        if self._alone() or self._clocks.steady() - self._looked >= self._beside:
            await self._look(hinting=True)

    async def _look(self, *, hinting: bool) -> None:
        # The records come first: one that is edited in between is found with its zone by the next look.
        records = await self._source.records(self._overlap, MOST)
        zones = await self._source.zones(self._overlap, MOST)
        flooded = [self._records.floods(records), self._zones.floods(zones)]
        new_records, new_zones = self._records.new(records.rows), self._zones.new(zones.rows)
        before = {zone.id: self._remember(zone) for zone in new_zones}
        self._looked = self._clocks.steady()
        self._standing.well()
        if not hinting:
            return
        if any(flooded):
            self._everywhere()
            return
        for record in new_records:
            if not self._told.has(record.id, record.last_updated):
                self._hint_record(record)
        if self._alone():
            edited = {record.zone.id for record in new_records if record.type != "SOA"}
            for zone in new_zones:
                self._hint_zone(zone, before[zone.id], edited=zone.id in edited)

    def _hint_record(self, record: UpdatedRecord) -> None:
        state = {"zone": record.zone.id, "fqdn": record.fqdn, "type": record.type}
        names = {record.zone.id: name_or_text(record.zone.name)}
        self._look_at(meant(RECORD, None, state, names).zones, record.last_updated)

    def _hint_zone(self, zone: UpdatedZone, before: dict[str, Any] | None, *, edited: bool) -> None:
        meaning = meant(ZONE, before, zone.state, {})
        if not meaning and not edited:
            self._look_at({name_or_text(zone.name): WHOLE}, zone.last_updated)
        self._look_at(meaning.zones, zone.last_updated)

    def _look_at(self, zones: Mapping[str, Scope], updated: datetime) -> None:
        cause = Cause(Trigger.UPDATED, self._clocks.wall(), updated.timestamp())
        for name, scope in zones.items():
            self._hints.look(Hint(name, cause, scope))
            self._standing.hinted()

    def _everywhere(self) -> None:
        # The change log, where it is followed, tells of zones whose serial is set by hand.
        depth = Depth.CONTENT if self._alone() else Depth.LISTS
        self._hints.look_everywhere(depth, Cause(Trigger.UPDATED, self._clocks.wall()))
        self._standing.hinted()

    def _remember(self, zone: UpdatedZone) -> dict[str, Any] | None:
        """Return the zone's state as it was known, and remember the one it has now."""
        known = self._states.pop(zone.id, None)
        self._states[zone.id] = msgspec.json.encode(zone.state)
        if len(self._states) > MOST_ZONES:
            del self._states[next(iter(self._states))]
        return None if known is None else dict(msgspec.json.decode(known))


class _Seen:
    """What was seen by the look before."""

    def __init__(self) -> None:
        self._updated: dict[int, datetime] = {}
        self._flood: tuple[int, datetime | None] = (0, None)

    def new(self, rows: Sequence[R]) -> Sequence[R]:
        """Return those of *rows* that were updated since, and take note of all."""
        new = {row.id: row for row in rows if self._updated.get(row.id) != row.last_updated}
        self._updated = {row.id: row.last_updated for row in rows}
        return list(new.values())

    def floods(self, found: Updated[R]) -> bool:
        """Tell whether more was updated than is told one by one, and something since the look before."""
        counted, newest = self._flood
        self._flood = (0, None) if found.is_whole else (found.counted, found.rows[0].last_updated)
        return not found.is_whole and (self._flood[1] != newest or found.counted > counted)
