"""Reading zones in bulk: groups of them, two at a time, each checked for edits that overtook it.

A group is at most a hundred zones and about twenty thousand records, a larger zone goes alone: no more than two groups
are in memory. Zones that the change log shows to have been edited meanwhile are read again before they are yielded. One
that is edited all the while is taken as it stood at one moment, where its records come in one page (one query of NetBox's
database); a larger one is named in the error at the end, when all others have been yielded.
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
    pages: int


@dataclass(frozen=True, slots=True)
class _Group:
    """What reading a group came to, and the zones that edits overtook every time."""

    done: list[Desired]
    overtaken: tuple[str, ...] = ()


async def read_zones(client: NetBoxClient, refs: Sequence[ZoneRef], overlap: float) -> AsyncIterator[Desired]:
    """Yield the desired content of *refs*; a zone that went, was renamed or made inactive meanwhile is not yielded.

    Raises `TransientError` that names the zones where edits overtook every attempt, or where the list is short.
    """
    window = ChangeWindow(client, overlap)
    waiting = deque([tuple(refs[at : at + ZONES_AT_ONCE]) for at in range(0, len(refs), ZONES_AT_ONCE)])
    running: deque[asyncio.Task[_Group]] = deque()
    overtaken: list[str] = []
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                group = await _small_enough(client, waiting)
                running.append(asyncio.create_task(_read_group(client, window, group)))
            group_read = await running[0]
            running.popleft()
            overtaken += group_read.overtaken
            for desired in group_read.done:
                yield desired
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    if overtaken:
        raise TransientError(
            f"edits in NetBox overtook every one of {ATTEMPTS} readings of {', '.join(sorted(overtaken)[:5])}",
            hint="the other zones were read; the next run reads these again",
        )


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


async def _read_group(client: NetBoxClient, window: ChangeWindow, refs: Sequence[ZoneRef]) -> _Group:
    done: list[Desired] = []
    pending = {ref.id: ref for ref in refs}
    before = await window.latest()
    for attempt in range(ATTEMPTS - 1):
        try:
            read = await _read(client, list(pending))
        except (RefusedRequestError, ShiftedListError):  # edited while it was read
            if attempt + 2 == ATTEMPTS:
                raise
            before = await window.look()
            continue
        after = await window.look()
        stale = await window.zones(after - before) & pending.keys()
        if read.counted != len(read.records):
            if not stale and attempt + 2 == ATTEMPTS:  # no edit that NetBox logs explains it
                check_whole(RECORDS, read.counted, len(read.records))
            stale = frozenset(pending)
        done += await asyncio.to_thread(_desired, client, read, pending, stale)
        pending = {id_: ref for id_, ref in pending.items() if id_ in stale}
        if not pending:
            return _Group(done)
        before = after
    alone = [await _read_alone(client, window, ref) for ref in pending.values()]
    return _Group(done + [each for one in alone for each in one.done], tuple(z for one in alone for z in one.overtaken))


async def _read_alone(client: NetBoxClient, window: ChangeWindow, ref: ZoneRef) -> _Group:
    """Read a zone that is edited all the while: what one page holds was so at one moment."""
    before = await window.look()
    read = await _read(client, [ref.id])
    edited = ref.id in await window.zones(await window.look() - before)
    if not edited:
        check_whole(RECORDS, read.counted, len(read.records))
    if edited and read.pages > 1:
        return _Group([], (ref.name,))
    return _Group(await asyncio.to_thread(_desired, client, read, {ref.id: ref}, frozenset()))


async def _read(client: NetBoxClient, ids: Sequence[int]) -> _Read:
    which: Query = [("fields", ZONE_FIELDS), ("active", "true"), *(("id", each) for each in ids)]
    zones = tuple(await client.list(ZONES, which, ZoneRow))
    if not zones:
        return _Read((), (), 0, 0)
    query = _records_of([row.id for row in zones])
    pages = [page async for page in client.pages(RECORDS, query, RecordRow)]
    records = tuple(row for page in pages for row in page)
    return _Read(zones, records, await client.count(RECORDS, query), len(pages))


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
