"""What NetBox holds of one name, in service or not, in all views."""

from __future__ import annotations

from collections.abc import Sequence

from netbox_pdns.dns.names import name_or_text
from netbox_pdns.dns.rdata import canonical_type
from netbox_pdns.errors import DataError
from netbox_pdns.netbox.client import NetBoxClient, Query
from netbox_pdns.netbox.listing import whole
from netbox_pdns.netbox.wire import NAMED_FIELDS, RECORDS, ZONE_FIELDS, ZONES, NamedRow, ZoneRow
from netbox_pdns.planning.holdings import HeldRecord, HeldZone


async def zones_named(client: NetBoxClient, names: Sequence[str]) -> tuple[HeldZone, ...]:
    """Return the zones of all views, active or not, that have one of the canonical *names*."""
    query: Query = [("fields", ZONE_FIELDS), *(("name__ie", name.rstrip(".") or ".") for name in names)]
    rows = await whole(client, ZONES, query, ZoneRow)
    zones = [
        HeldZone(
            id=row.id,
            name=name_or_text(row.name),
            view=row.view.name,
            url=f"{client.base}/plugins/netbox-dns/zones/{row.id}/",
            status=row.status,
            active=row.active,
        )
        for row in rows
    ]
    return tuple(sorted(zones, key=lambda zone: (zone.name, zone.view)))


async def records_named(client: NetBoxClient, name: str) -> tuple[HeldRecord, ...]:
    """Return the records of all zones, active or not, whose owner is the canonical *name*."""
    query: Query = [("fields", NAMED_FIELDS), ("fqdn__ie", name)]
    rows = await whole(client, RECORDS, query, NamedRow)
    records = [
        HeldRecord(
            id=row.id,
            zone=row.zone.id,
            name=name,
            type=_type(row.type),
            value=row.value,
            ttl=row.ttl,
            url=client.record_url.format(id=row.id),
            status=row.status,
            active=row.active,
            expires=row.expiration_date,
        )
        for row in rows
    ]
    return tuple(sorted(records, key=lambda record: (record.type, record.id)))


def _type(text: str) -> str:
    try:
        return canonical_type(text)
    except DataError:  # it is left out for that, by its own word
        return text
