"""Reads of a few objects by NetBox's GraphQL API, which takes a quarter of the time that its REST API takes for them.

REST takes some 50 ms before it looks at anything, and again for each kind of object; by GraphQL a zone and its records come
in one request. From `MOST_RECORDS` records on REST is the quicker one. The filters are NetBox's own, `active` among them, so
that both answer alike; an administrator can switch GraphQL off, and it gives less in place of refusing where a permission is
missing. So whatever it does not answer as it should is asked by REST, which also says what is wrong.

NetBox answers the parts of a query one after the other, and the list of records is one query of its database: records
between two equal looks at their zone are the zone as it was at one moment, and no edit has to be looked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import msgspec

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.netbox.client import PAGE_SIZE, NetBoxClient
from netbox_pdns.netbox.wire import RecordRow, ZoneRow
from netbox_pdns.resilience.breaker import CircuitOpenError

MOST_RECORDS = 60
"""Records of a zone that come with it."""
MOST_NAMES = 20
"""Names that are asked for at once: each takes a millisecond more."""
AWAY = 60.0
"""Seconds for which GraphQL is not asked after it did not answer as it should."""

_RECORDS = (
    "records: netbox_dns_record_list(filters: $records, pagination: {limit: $most}) { id name fqdn type value ttl }"
)
_ZONES = (
    "netbox_dns_zone_list(filters: $zones)"
    " { id name status active default_ttl soa_serial view { id name default_view } }"
)
_NAMES = f"query ($records: NetBoxDNSRecordFilter!, $most: Int!) {{ {_RECORDS} }}"
_ZONE = (
    "query ($zones: NetBoxDNSZoneFilter!, $records: NetBoxDNSRecordFilter!, $most: Int!)"
    f" {{ zones: {_ZONES} {_RECORDS} after: {_ZONES} }}"
)
_ACTIVE: Mapping[str, Any] = {"active": {"exact": True}}

Filter: TypeAlias = Mapping[str, Any]


class _Data(msgspec.Struct, frozen=True):
    records: list[RecordRow]
    zones: list[ZoneRow] = []
    after: list[ZoneRow] = []


@dataclass(frozen=True, slots=True)
class CalledZones:
    """The active zones of one name, in all views; and their active records at one moment, None where they are to be read."""

    zones: Sequence[ZoneRow]
    records: Sequence[RecordRow] | None


async def must_answer(client: NetBoxClient) -> None:
    """Ask for a zone; raises what keeps GraphQL from being used."""
    await client.query(_ZONE, _of_zone("."), _Data)


class PointReads:
    """Asks one NetBox by GraphQL, as long as it answers."""

    def __init__(self, client: NetBoxClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._away_until = -AWAY

    async def zones_called(self, name: str) -> CalledZones | None:
        """Return the active zones called *name* (as NetBox spells it, without case); None where REST is to be asked."""
        data = await self._asked(_ZONE, _of_zone(name))
        if data is None or not data.zones or data.zones != data.after:
            return None
        few = len(data.records) <= MOST_RECORDS
        # Where the token may not view records there are none, without a word; every zone of NetBox has an SOA.
        seen = sum(row.type == "SOA" for row in data.records) == len(data.zones)
        return CalledZones(data.zones, sorted(data.records, key=lambda row: row.id) if few and seen else None)

    async def records_at(self, zone: int, names: Collection[str]) -> Sequence[RecordRow] | None:
        """Return the active records of the zone with id *zone* at the owner *names* (without case), as of one moment.

        None where REST is to be asked.
        """
        if not 0 < len(names) <= MOST_NAMES:
            return None
        wanted = {"zone_id": str(zone), **_ACTIVE, "AND": _any_of(sorted(names))}
        data = await self._asked(_NAMES, {"records": wanted, "most": PAGE_SIZE})
        return None if data is None or len(data.records) >= PAGE_SIZE else data.records

    async def _asked(self, document: str, variables: Mapping[str, Any]) -> _Data | None:
        if self._clock() < self._away_until:
            return None
        try:
            return await self._client.query(document, variables, _Data)
        except CircuitOpenError:
            raise
        except NetboxPdnsError:  # who called has noted it; REST tells whether NetBox is to blame
            self._away_until = self._clock() + AWAY
            return None


def _of_zone(name: str) -> Mapping[str, Any]:
    called = {"name": {"i_exact": name}}
    return {"zones": {**called, **_ACTIVE}, "records": {"zone": called, **_ACTIVE}, "most": MOST_RECORDS + 1}


def _any_of(names: Sequence[str]) -> Filter:
    """Return the filter for records at any of *names*."""
    first, *others = ({"fqdn": {"i_exact": name}} for name in names)
    return reduce(lambda found, each: {**each, "OR": found}, others, first)
