"""Which zones were edited while they were read: the change log before and after, compared as sets.

NetBox gives change-log entries their id and time *before* it commits them, so neither the highest id nor the latest
time tells what is new: an entry with a lower id can appear after one with a higher. Every look therefore lists all
entries of an overlap (15 minutes by default: no transaction may take longer), and what the later look has more of
has appeared in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from netbox_pdns.netbox.client import NetBoxClient, Query
from netbox_pdns.netbox.wire import CHANGES, RECORD_TYPE, ZONE_TYPE, ChangeId, ChangeRow

_IDS_AT_ONCE = 100
_FIELDS = "id,time,action,changed_object_type,changed_object_id,prechange_data,postchange_data"
_TYPES: Query = (("changed_object_type", RECORD_TYPE), ("changed_object_type", ZONE_TYPE))


class ChangeWindow:
    """Looks at the last *overlap* seconds of the change log."""

    def __init__(self, client: NetBoxClient, overlap: float) -> None:
        self._client = client
        self._overlap = overlap
        self._latest: frozenset[int] | None = None

    async def latest(self) -> frozenset[int]:
        """Return the latest look, the first one where there is none: good as a look before a reading."""
        return await self.look() if self._latest is None else self._latest

    async def look(self) -> frozenset[int]:
        """Return the ids of all entries about zones and records that are visible now."""
        since = datetime.fromtimestamp(self._client.now() - self._overlap, UTC)
        query: Query = [*_TYPES, ("time_after", since.isoformat()), ("fields", "id")]
        self._latest = frozenset(
            [row.id async for page in self._client.pages(CHANGES, query, ChangeId) for row in page]
        )
        return self._latest

    async def zones(self, appeared: Iterable[int]) -> frozenset[int]:
        """Return the ids of the zones that the entries *appeared* are about, before and after the change."""
        concerned: set[int] = set()
        for ids in _batches(sorted(appeared)):
            query: Query = [*(("id", each) for each in ids), ("fields", _FIELDS)]
            async for page in self._client.pages(CHANGES, query, ChangeRow):
                concerned.update(zone for row in page for zone in _zones(row))
        return frozenset(concerned)


def _batches(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))


def _zones(row: ChangeRow) -> Iterable[int]:
    if row.changed_object_type == ZONE_TYPE:
        return (row.changed_object_id,)
    return (zone for zone in (_zone(row.prechange_data), _zone(row.postchange_data)) if zone is not None)


def _zone(data: Mapping[str, Any] | None) -> int | None:
    zone = (data or {}).get("zone")
    return zone if isinstance(zone, int) else None
