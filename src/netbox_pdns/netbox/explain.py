"""Why records of a zone are no longer wanted, as far as NetBox tells: questions about all of them at once.

A record is explained where NetBox holds it out of service (inactive, expired), where the *newest* change-log entry about
it takes it away (deleted, renamed, another value, moved to another zone), or where a CNAME takes its name. An older
deletion never explains a record that a later entry made again. Records that NetBox manages (PTR, NS) have entries of
their own. Entries are matched by their data, never by the object's printed name, which only narrows the search.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dns.exception
import dns.name

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.dns.rdata import canonical_type
from netbox_pdns.dns.rrset import Key
from netbox_pdns.errors import DataError
from netbox_pdns.netbox.client import NetBoxClient, Query
from netbox_pdns.netbox.listing import whole
from netbox_pdns.netbox.rrsets import meant
from netbox_pdns.netbox.wire import (
    CHANGE_FIELDS,
    CHANGES,
    PLACED_FIELDS,
    RECORD_TYPE,
    RECORDS,
    STATUS_FIELDS,
    ZONE_FIELDS,
    ZONE_TYPE,
    ZONES,
    ChangeRow,
    PlacedRow,
    StatusRow,
    ZoneRow,
)
from netbox_pdns.planning.values import Explanations, RecordKey, ZoneRef

LOG_PAGES = 50
"""Pages of the change log that are read for one zone at most, newest first; what is older explains nothing."""
_AT_ONCE = 50
_RECORD_LOG: Query = (("changed_object_type", RECORD_TYPE), ("fields", CHANGE_FIELDS))


async def explain(
    client: NetBoxClient, zone: ZoneRef, removed: Sequence[RecordKey], late: Sequence[ChangeRow] | None = None
) -> Explanations:
    """Return for those of *removed* (records that a server has in *zone*) that NetBox explains why they go, in words.

    *late* is what `of_late` returned for the zone while its records were read, where that was asked for already.

    Raises `ConfigurationError` where the token may not view the change log.
    """
    wanted = set(removed)
    log = _Log(wanted, zone.name, {zone.id})
    for row in await of_late(client, zone.name) if late is None else late:
        log.take(row)
    found = log.found
    for further in (_out_of_service, _ever, _behind_cnames):
        if wanted - found.keys():
            found |= await further(client, zone, wanted - found.keys())
    return found


class _Log:
    """What the change log says of the records *wanted*: the entry with the greatest id about a record decides."""

    def __init__(self, wanted: Collection[RecordKey], zone: str, zone_ids: Collection[int]) -> None:
        self._wanted = frozenset(wanted)
        self._newest: dict[RecordKey, tuple[int, str | None]] = {}
        self._zone = zone
        self._ids = zone_ids
        self._owners = {(name, type) for name, type, _ in wanted}

    @property
    def unseen(self) -> frozenset[RecordKey]:
        """The records that no entry was about."""
        return self._wanted - self._newest.keys()

    @property
    def found(self) -> dict[RecordKey, str]:
        """The records that their newest entry takes away, and what it says."""
        return {key: why for key, (_, why) in self._newest.items() if why is not None}

    @property
    def unexplained(self) -> frozenset[RecordKey]:
        """The records that no entry takes away, or that a newer one makes again."""
        return self._wanted - self.found.keys()

    def take(self, row: ChangeRow) -> None:
        """Take note of one entry."""
        before, after = self._key(row.prechange_data), self._key(row.postchange_data)
        if after is not None:
            self._note(after, row.id, None)
        if before is not None and before != after:
            self._note(before, row.id, _what(row))

    def _note(self, key: RecordKey, number: int, why: str | None) -> None:
        if key in self._wanted and number > self._newest.get(key, (0, None))[0]:
            self._newest[key] = (number, why)

    def _key(self, data: Mapping[str, Any] | None) -> RecordKey | None:
        zone = data.get("zone") if data else None
        if not data or not isinstance(zone, int) or zone not in self._ids:
            return None
        return record_of(data, self._zone, self._owners)


def record_of(data: Mapping[str, Any], zone: str, owners: Collection[Key] | None = None) -> RecordKey | None:
    """Return the record that the state *data* of an object is in *zone* (canonical name).

    None for what is no record, or for one that is none of *owners*, where those are given.
    """
    try:
        owner = canonical_name(str(data.get("fqdn"))), canonical_type(str(data.get("type")))
        if owners is not None and owner not in owners:
            return None
        return (*owner, meant(owner[1], str(data.get("value")), zone))
    except DataError:
        return None


async def of_late(client: NetBoxClient, zone: str) -> Sequence[ChangeRow]:
    """Return the newest entries about a zone's records: one cheap request, which tells most of what was edited just now."""
    return [row async for row in client.newest_first(CHANGES, [*_RECORD_LOG, *_about(zone)], ChangeRow, 1)]


async def _ever(client: NetBoxClient, zone: ZoneRef, wanted: Collection[RecordKey]) -> dict[RecordKey, str]:
    log = _Log(wanted, zone.name, await _ids_of(client, zone))
    await _search(client, zone, log)
    return log.found


async def _out_of_service(client: NetBoxClient, zone: ZoneRef, wanted: Collection[RecordKey]) -> dict[RecordKey, str]:
    query: Query = [("zone_id", zone.id), ("active", "false"), ("fields", STATUS_FIELDS)]
    owners = {(name, type) for name, type, _ in wanted}
    found: dict[RecordKey, str] = {}
    for row in await whole(client, RECORDS, query, StatusRow):
        try:
            owner = canonical_name(row.fqdn or ""), canonical_type(row.type)
            key = (*owner, meant(owner[1], row.value, zone.name)) if owner in owners else None
        except DataError:
            continue
        if key is not None and key in wanted:
            found[key] = f"its record {row.id} {_status(row, client.now())}"
    return found


def _status(row: StatusRow, now: float) -> str:
    today = datetime.fromtimestamp(now, UTC).date().isoformat()
    if row.expiration_date is not None and row.expiration_date <= today:
        return f"expired on {row.expiration_date} (status {row.status})"
    return f"is not active (status {row.status})"


async def _ids_of(client: NetBoxClient, zone: ZoneRef) -> frozenset[int]:
    """Return the ids that the zone has and had: one that was deleted and made again has another."""
    rows = await whole(client, ZONES, [("id", zone.id), ("fields", ZONE_FIELDS)], ZoneRow)
    views = {row.view.id for row in rows}
    ids = {zone.id}
    query: Query = [("changed_object_type", ZONE_TYPE), ("action", "delete"), *_about(zone.name)]
    fields: Query = [*query, ("fields", CHANGE_FIELDS)]
    async for row in client.newest_first(CHANGES, fields, ChangeRow, LOG_PAGES):
        before = row.prechange_data or {}
        if isinstance(before.get("view"), int) and before["view"] in views and _is(before.get("name"), zone.name):
            ids.add(row.changed_object_id)
    return frozenset(ids)


async def _search(client: NetBoxClient, zone: ZoneRef, log: _Log) -> None:
    async for row in client.newest_first(CHANGES, [*_RECORD_LOG, *_about(zone.name)], ChangeRow, LOG_PAGES):
        log.take(row)
        if not log.unseen:
            break
    # A record that moved is printed with its new zone, so ask for those that may have been it.
    async for row in _moved(client, zone, log.unexplained):
        log.take(row)


async def _moved(client: NetBoxClient, zone: ZoneRef, wanted: Collection[RecordKey]) -> AsyncIterator[ChangeRow]:
    below = {name.removesuffix(zone.name).rstrip(".") or "@" for name, _, _ in wanted}
    types = sorted({type for _, type, _ in wanted})
    for names in _some(sorted(below)):
        query: Query = [*(("name__ie", name) for name in names), *(("type", type) for type in types)]
        elsewhere = await client.first(RECORDS, [*query, ("fields", PLACED_FIELDS)], PlacedRow, limit=1000)
        for ids in _some([row.id for row in elsewhere if row.zone.id != zone.id]):
            about: Query = [*_RECORD_LOG, ("action", "update"), *(("changed_object_id", each) for each in ids)]
            async for row in client.newest_first(CHANGES, about, ChangeRow, 1):
                yield row


async def _behind_cnames(client: NetBoxClient, zone: ZoneRef, wanted: Collection[RecordKey]) -> dict[RecordKey, str]:
    names = sorted({name for name, type, _ in wanted if type != "CNAME"})
    cnames: dict[str, PlacedRow] = {}
    for some in _some(names):
        query: Query = [("zone_id", zone.id), ("type", "CNAME"), ("active", "true"), ("fields", PLACED_FIELDS)]
        rows = await whole(client, RECORDS, [*query, *(("fqdn__ie", name) for name in some)], PlacedRow)
        cnames |= {row.fqdn.lower(): row for row in rows if row.fqdn}
    return {
        key: f"a CNAME takes its name (record {cnames[key[0]].id})"
        for key in wanted
        if key[0] in cnames and key[1] != "CNAME"
    }


def _about(zone: str) -> Query:
    """Return what narrows the log to a zone: NetBox prints names in unicode, without the final dot."""
    try:
        printed = dns.name.from_text(zone).to_unicode(omit_final_dot=True)
    except dns.exception.DNSException:
        return ()
    return () if printed in {".", "@", ""} else (("q", printed),)


def _is(name: object, zone: str) -> bool:
    try:
        return canonical_name(str(name)) == zone
    except DataError:
        return False


def _what(row: ChangeRow) -> str:
    """Return in words what an entry did to its record."""
    by = edited_by(row.user_name, row.time, f"change {row.id}")
    return what_became(row.prechange_data or {}, row.postchange_data or {}, by)


def edited_by(user: str, at: datetime | None, how: str) -> str:
    """Return in words who made an edit, when, and *how* that is known."""
    when = "" if at is None else f" at {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"in NetBox by {user or 'somebody'}{when} ({how})"


def what_became(before: Mapping[str, Any], after: Mapping[str, Any], by: str) -> str:
    """Return in words what an edit made of a record: its states before and after, nothing where it was deleted."""
    if not after:
        return f"deleted {by}"
    if before.get("zone") != after.get("zone"):
        return f"moved to another zone {by}"
    if before.get("fqdn") != after.get("fqdn"):
        return f"renamed to {after.get('fqdn')} {by}"
    return f"changed to {after.get('type')} {str(after.get('value'))[:60]} {by}"


def _some(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[at : at + _AT_ONCE] for at in range(0, len(items), _AT_ONCE))
