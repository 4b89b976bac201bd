"""What NetBox says was updated lately, newest first: records, and zones with all that makes their content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec

from netbox_pdns.errors import DataError
from netbox_pdns.netbox.client import PAGE_SIZE, NetBoxClient, Query
from netbox_pdns.netbox.wire import RECORDS, ZONES, Named, Page

T = TypeVar("T")

_RECORD_FIELDS = "id,zone,fqdn,type,last_updated"
_ZONE_FIELDS = (
    "id,name,view,status,default_ttl,nameservers,tags,tenant,soa_ttl,soa_mname,soa_rname,soa_refresh,soa_retry,soa_expire,"
    "soa_minimum,soa_serial,soa_serial_auto,last_updated"
)


class UpdatedRecord(msgspec.Struct, frozen=True):
    """A record, and when it was last updated."""

    id: int
    zone: Named
    type: str
    last_updated: datetime
    fqdn: str | None = None


class UpdatedZone(msgspec.Struct, frozen=True):
    """A zone, when it was last updated, and the `state` that REST gives of it."""

    id: int
    name: str
    last_updated: datetime
    state: dict[str, Any]


class Updated(msgspec.Struct, Generic[T], frozen=True):
    """What was updated within a time: NetBox `counted` so many, of which the newest are `rows`."""

    counted: int
    rows: Sequence[T]

    @property
    def is_whole(self) -> bool:
        """Tell whether these are all."""
        return len(self.rows) >= self.counted


class Updates:
    """Asks NetBox what was updated in the last *seconds*: up to *most* objects, in one request where they are few."""

    def __init__(self, client: NetBoxClient) -> None:
        self._client = client

    async def records(self, seconds: float, most: int) -> Updated[UpdatedRecord]:
        """Return the records; raises what `NetBoxClient.get` does."""
        return await self._newest(RECORDS, _RECORD_FIELDS, UpdatedRecord, seconds, most)

    async def zones(self, seconds: float, most: int) -> Updated[UpdatedZone]:
        """Return the zones; raises what `NetBoxClient.get` does."""
        found = await self._newest(ZONES, _ZONE_FIELDS, dict[str, Any], seconds, most)
        return Updated(found.counted, [_zone(row) for row in found.rows])

    async def _newest(self, path: str, fields: str, kind: type[T], seconds: float, most: int) -> Updated[T]:
        since = datetime.fromtimestamp(self._client.now() - seconds, UTC).isoformat()
        rows: list[T] = []
        while True:
            # Who is updated meanwhile comes first, so that others come twice rather than not at all.
            place: Query = [("ordering", "-last_updated"), ("limit", PAGE_SIZE), ("offset", len(rows))]
            query: Query = [("last_updated__gte", since), ("fields", fields), *place]
            page = await self._client.get(path, query, Page[kind])  # type: ignore[valid-type]
            rows += page.results
            if page.next is None or not page.results or (page.count or 0) > most:
                return Updated(max(page.count or 0, len(rows)) if page.next else len(rows), rows)


def _zone(state: dict[str, Any]) -> UpdatedZone:
    try:
        return msgspec.convert({**state, "state": state}, UpdatedZone, strict=False)
    except msgspec.ValidationError as error:
        raise DataError(f"NetBox's zone is not as expected: {error}", hint="see `netbox-pdns check`") from error
