"""The JSON of NetBox's REST API, as far as we ask for it (`fields=`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list; `count` is null where pages go by id."""

    results: list[T]
    count: int | None = None
    next: str | None = None


class Complaint(msgspec.Struct, frozen=True):
    """What GraphQL finds fault with."""

    message: str = ""


class Queried(msgspec.Struct, Generic[T], frozen=True):
    """An answer of GraphQL; its status is 200 also where it answers nothing."""

    data: T | None = None
    errors: list[Complaint] = []


class Named(msgspec.Struct, frozen=True):
    """Anything with an id and a name."""

    id: int
    name: str = ""
    slug: str = ""


class ViewRow(msgspec.Struct, frozen=True):
    """A view."""

    id: int
    name: str
    default_view: bool = False


class ZoneRow(msgspec.Struct, frozen=True):
    """A zone: `fields=` of `ZONE_FIELDS`."""

    id: int
    name: str
    view: ViewRow
    status: str
    active: bool
    default_ttl: int
    soa_serial: int | None = None


class RecordRow(msgspec.Struct, frozen=True, gc=False):
    """A record: `fields=` of `RECORD_FIELDS`. `name` is relative to the zone, `@` is the zone itself."""

    id: int
    name: str
    fqdn: str | None
    type: str
    value: str
    ttl: int | None


class RecordInZone(RecordRow, frozen=True, gc=False):
    """A record with its zone: `fields=` of `RECORD_IN_ZONE_FIELDS`."""

    zone: Named


class PlacedRow(msgspec.Struct, frozen=True):
    """A record's owner and zone: `fields=` of `PLACED_FIELDS`."""

    id: int
    zone: Named
    fqdn: str | None = None


class StatusRow(msgspec.Struct, frozen=True):
    """A record that is not in service: `fields=` of `STATUS_FIELDS`."""

    id: int
    fqdn: str | None
    type: str
    value: str
    status: str
    expiration_date: str | None = None


class NamedRow(msgspec.Struct, frozen=True):
    """A record, in service or not: `fields=` of `NAMED_FIELDS`."""

    id: int
    zone: Named
    type: str
    value: str
    ttl: int | None
    status: str
    active: bool
    expiration_date: str | None = None


class Choice(msgspec.Struct, frozen=True):
    """A value with its label."""

    value: str


class ChangeId(msgspec.Struct, frozen=True):
    """A line of the change log by its id alone."""

    id: int


class LogEntry(msgspec.Struct, frozen=True):
    """A line of the change log without what it says: `fields=` of `ENTRY_FIELDS`."""

    id: int
    time: datetime
    request_id: str
    changed_object_type: str


class ChangeRow(msgspec.Struct, frozen=True):
    """A line of the change log: `fields=` of `CHANGE_FIELDS`, the request's id where that is asked for too."""

    id: int
    time: datetime
    action: Choice
    changed_object_type: str
    changed_object_id: int
    user_name: str = ""
    request_id: str = ""
    prechange_data: dict[str, Any] | None = None
    postchange_data: dict[str, Any] | None = None


class Status(msgspec.Struct, frozen=True, rename={"netbox_version": "netbox-version"}):
    """What NetBox says of itself."""

    netbox_version: str = ""
    plugins: dict[str, str] = {}


ZONE_FIELDS = "id,name,view,status,active,default_ttl,soa_serial"
RECORD_FIELDS = "id,name,fqdn,type,value,ttl"
"""Without the zone, which NetBox writes out with its view for each record: that alone takes two thirds of its time."""
RECORD_IN_ZONE_FIELDS = f"{RECORD_FIELDS},zone"
PLACED_FIELDS = "id,zone,fqdn"
STATUS_FIELDS = "id,fqdn,type,value,status,expiration_date"
NAMED_FIELDS = "id,zone,type,value,ttl,status,active,expiration_date"
ENTRY_FIELDS = "id,time,request_id,changed_object_type"
CHANGE_FIELDS = "id,time,action,changed_object_type,changed_object_id,user_name,prechange_data,postchange_data"

DNS = "/api/plugins/netbox-dns"
ZONES, RECORDS, VIEWS, NAMESERVERS = f"{DNS}/zones/", f"{DNS}/records/", f"{DNS}/views/", f"{DNS}/nameservers/"
CHANGES = "/api/core/object-changes/"
GRAPHQL = "/graphql/"
RECORD_TYPE, ZONE_TYPE = "netbox_dns.record", "netbox_dns.zone"
