"""Reading zones in bulk: groups of them, two at a time, each checked for edits that overtook it.

A group is at most a hundred zones and about twenty thousand records, a larger zone goes alone: no more than two groups
are in memory. Zones that the change log shows to have been edited meanwhile are read again before they are yielded.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from netbox_pdns.errors import TransientError
from netbox_pdns.netbox.client import AT_ONCE, NetBoxClient, Query, RefusedRequestError, ShiftedListError, check_whole
from netbox_pdns.netbox.overtaken import ChangeWindow
from netbox_pdns.netbox.rrsets import desired_zone
from netbox_pdns.netbox.selection import zone_ref
from netbox_pdns.netbox.wire import RECORD_FIELDS, RECORDS, ZONE_FIELDS, ZONES, RecordRow, ZoneRow
from netbox_pdns.planning.values import Desired, ZoneRef

ZONES_AT_ONCE = 100
RECORDS_AT_ONCE = 20_000
ATTEMPTS = 5
"""So often is a zone read that is edited all the while."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What one reading gave: the zones that are there, their records, and how many NetBox counts."""

    zones: tuple[ZoneRow, ...]
    records: tuple[RecordRow, ...]
    counted: int


async def read_zones(client: NetBoxClient, refs: Sequence[ZoneRef], overlap: float) -> AsyncIterator[Desired]:
    """Yield the desired content of *refs*; a zone that went, was renamed or made inactive meanwhile is not yielded.

    Raises `TransientError` that names the zones where edits overtook every attempt, or where the list is short.
    """
    window = ChangeWindow(client, overlap)
    waiting = deque([tuple(refs[at : at + ZONES_AT_ONCE]) for at in range(0, len(refs), ZONES_AT_ONCE)])
    running: deque[asyncio.Task[list[Desired]]] = deque()
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                group = await _small_enough(client, waiting)
                running.append(asyncio.create_task(_read_group(client, window, group)))
            for desired in await running[0]:
                yield desired
            running.popleft()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _small_enough(client: NetBoxClient, waiting: deque[tuple[ZoneRef, ...]]) -> tuple[ZoneRef, ...]:
    """Take the next group, cut in halves until it is small enough; the other halves wait."""
    group = waiting.popleft()
    while len(group) > 1:
        try:
            if await client.count(RECORDS, _records_of([ref.id for ref in group])) <= RECORDS_AT_ONCE:
                break
        except RefusedRequestError:  # one of the zones has gone; the reading finds out which
            break
        half = len(group) // 2
        waiting.appendleft(group[half:])
        group = group[:half]
    return group


async def _read_group(client: NetBoxClient, window: ChangeWindow, refs: Sequence[ZoneRef]) -> list[Desired]:
    done: list[Desired] = []
    pending = {ref.id: ref for ref in refs}
    for attempt in range(ATTEMPTS):
        before = await window.latest() if attempt == 0 else await window.look()
        try:
            read = await _read(client, list(pending))
        except (RefusedRequestError, ShiftedListError):  # edited while it was read
            if attempt + 1 == ATTEMPTS:
                raise
            continue
        stale = await window.zones(await window.look() - before) & pending.keys()
        if read.counted != len(read.records):
            if not stale:
                check_whole(RECORDS, read.counted, len(read.records))
            stale = frozenset(pending)
        done += await asyncio.to_thread(_desired, client, read, pending, stale)
        pending = {id_: ref for id_, ref in pending.items() if id_ in stale}
        if not pending:
            return done
    names = ", ".join(sorted(ref.name for ref in pending.values())[:5])
    raise TransientError(
        f"edits in NetBox overtook every one of {ATTEMPTS} readings of {names}", hint="the next run reads them again"
    )


async def _read(client: NetBoxClient, ids: Sequence[int]) -> _Read:
    which: Query = [("fields", ZONE_FIELDS), ("active", "true"), *(("id", each) for each in ids)]
    zones = tuple(await client.list(ZONES, which, ZoneRow))
    if not zones:
        return _Read((), (), 0)
    query = _records_of([row.id for row in zones])
    records = [row async for page in client.pages(RECORDS, query, RecordRow) for row in page]
    return _Read(zones, tuple(records), await client.count(RECORDS, query))


def _records_of(zones: Sequence[int]) -> Query:
    return [("fields", RECORD_FIELDS), ("active", "true"), *(("zone_id", each) for each in zones)]


def _desired(client: NetBoxClient, read: _Read, pending: dict[int, ZoneRef], stale: frozenset[int]) -> list[Desired]:
    records: defaultdict[int, list[RecordRow]] = defaultdict(list)
    for row in read.records:
        records[row.zone.id].append(row)
    found = []
    for zone in read.zones:
        ref = zone_ref(client, zone)
        if zone.id in stale or (ref.name, ref.view) != (pending[zone.id].name, pending[zone.id].view):
            continue
        url = f"{client.base}/plugins/netbox-dns/records/{{id}}/"
        found.append(desired_zone(ref, records[zone.id], zone.default_ttl, url))
    return found
