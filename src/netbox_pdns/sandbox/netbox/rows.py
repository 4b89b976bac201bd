"""Objects as the REST API shows them, whole, brief, or by the fields that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.logged import logged
from netbox_pdns.sandbox.netbox.objects import (
    BY_NAME,
    CHANGE,
    EVENT_RULE,
    NAMESERVER,
    RECORD,
    TAG,
    TENANT,
    VIEW,
    WEBHOOK,
    ZONE,
    Change,
    EventRule,
    Kind,
    Nameserver,
    Record,
    Tag,
    Zone,
)
from netbox_pdns.sandbox.netbox.values import absolute_value

_Shown = Callable[["Rows", Any], Any]
_USER = Kind("user", "users", "users/users", "User", "", "users/users")
_ACTIONS = {"create": "Created", "update": "Updated", "delete": "Deleted"}


class Rows:
    """Shows objects of *inventory* to one request; what objects share is made once."""

    def __init__(self, inventory: Inventory, base: str) -> None:
        self.inventory = inventory
        self._base = base
        self._nested: dict[tuple[str, int], dict[str, Any]] = {}

    def maker(
        self, kind: Kind, *, fields: Collection[str] = (), brief: bool = False
    ) -> Callable[[Any], dict[str, Any]]:
        """Return what makes rows of *kind*, with *fields* alone where there are any."""
        shown = SHOWN[kind.name]
        wanted = set(fields) or (set(BRIEF[kind.name]) if brief and kind.name in BRIEF else set(shown))
        parts = [(name, show) for name, show in shown.items() if name in wanted]
        return lambda row: {name: show(self, row) for name, show in parts}

    def url(self, kind: Kind, number: int) -> str:
        """Return an object's address in the API."""
        return f"{self._base}/api/{kind.path}/{number}/"

    def page(self, kind: Kind, number: int) -> str:
        """Return an object's address for people."""
        return f"{self._base}/{kind.page}/{number}/"

    def brief(self, kind: Kind, number: int | None) -> dict[str, Any] | None:
        """Return an object within another one."""
        row: Any = self.inventory.table(kind).get(number)
        if row is None:
            return None
        return self._once(kind, row, BRIEF[kind.name])

    def zone(self, number: int) -> dict[str, Any]:
        """Return a zone within another object."""
        return self._once(ZONE, self.inventory.zones[number], _NESTED_ZONE)

    def record(self, row: Record, *, active: bool | None) -> dict[str, Any]:
        """Return a record within another one."""
        nested = {name: SHOWN["record"][name](self, row) for name in _NESTED_RECORD}
        return {**nested, "active": active}

    def _once(self, kind: Kind, row: Any, fields: Collection[str]) -> dict[str, Any]:
        nested = self._nested.get((kind.name, row.id))
        if nested is None:
            nested = {name: SHOWN[kind.name][name](self, row) for name in fields}
            self._nested[kind.name, row.id] = nested
        return nested


def moment(seconds: float) -> str:
    """Return a time as NetBox writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _attribute(name: str) -> _Shown:
    return lambda _, row: getattr(row, name)


def _time(name: str) -> _Shown:
    return lambda _, row: moment(getattr(row, name))


def _always(value: Any) -> _Shown:
    return lambda _, __: value


def _address(kind: Kind) -> dict[str, _Shown]:
    return {"id": _attribute("id"), "url": lambda rows, row: rows.url(kind, row.id)}


def _printed(rows: Rows, row: Any) -> str:
    return rows.inventory.printed(row)


def _tags(rows: Rows, row: Any) -> list[dict[str, Any]]:
    names = ("id", "url", "display", "display_url", "name", "slug", "color")
    found = (rows.inventory.tags.get(number) for number in row.tags)
    return [{name: SHOWN["tag"][name](rows, tag) for name in names} for tag in found if isinstance(tag, Tag)]


def _page(kind: Kind) -> _Shown:
    return lambda rows, row: rows.page(kind, row.id)


def _tenant(rows: Rows, row: Any) -> dict[str, Any] | None:
    return rows.brief(TENANT, row.tenant)


def _zones_of(rows: Rows, row: Nameserver) -> list[dict[str, Any]]:
    zones = [zone for zone in rows.inventory.zones if row.id in zone.nameservers]
    return [rows.zone(zone.id) for zone in sorted(zones, key=lambda zone: zone.name)]


def _parent(rows: Rows, row: Zone) -> dict[str, Any] | None:
    return None if row.rfc2317_parent_zone is None else rows.zone(row.rfc2317_parent_zone)


def _children(rows: Rows, row: Zone) -> list[dict[str, Any]]:
    return [rows.zone(zone.id) for zone in rows.inventory.zones.rfc2317 if zone.rfc2317_parent_zone == row.id]


def _pointer(rows: Rows, row: Record) -> dict[str, Any] | None:
    pointer = rows.inventory.records.get(row.ptr_record)
    return None if pointer is None else rows.record(pointer, active=None)


def _addresses(rows: Rows, row: Record) -> list[dict[str, Any]]:
    if row.type != "PTR":
        return []
    found = (rows.inventory.records[number] for number in rows.inventory.records.ids_of_name(row.value))
    return [rows.record(each, active=rows.inventory.active(each)) for each in found if each.ptr_record == row.id]


def _absolute(rows: Rows, row: Record) -> str:
    return absolute_value(row.type, row.value, rows.inventory.zones[row.zone].name)


def _expired(_: Rows, row: Record) -> bool:
    return row.expiration_date is not None and row.expiration_date < datetime.now(UTC).date().isoformat()


def _action(rows: Rows, row: EventRule) -> dict[str, Any] | None:
    return rows.brief(WEBHOOK, row.action_object_id) if row.action_object_type == WEBHOOK.type else None


def _user(rows: Rows, row: Change) -> dict[str, Any]:
    # Users have no table here: whoever it is has the number of the first.
    return {"id": 1, "url": rows.url(_USER, 1), "display": row.user, "username": row.user}


def _changed(rows: Rows, row: Change) -> dict[str, Any] | None:
    kind = BY_NAME[row.kind]
    if kind is ZONE:
        zone = rows.inventory.zones.get(row.object_id)
        return None if zone is None else {**(rows.brief(ZONE, zone.id) or {}), "active": None}
    found = rows.brief(kind, row.object_id)
    return {name: value for name, value in found.items() if name != "active"} if found else None


def _display(rows: Rows, row: Change) -> str:
    return f"{BY_NAME[row.kind].group} {printed(rows.inventory, row)} {_ACTIONS[row.action].lower()} by {row.user}"


def printed(inventory: Inventory, row: Change) -> str:
    """Return how the object of a change-log entry was printed then."""
    if row.printed is not None:
        return row.printed
    record = row.after if row.after is not None else row.before
    return "" if record is None else inventory.printed(record)


_KEPT: Mapping[str, _Shown] = {
    "custom_fields": _always({}),
    "owner": _always(None),
    "tags": _tags,
    "created": _time("created"),
    "last_updated": _time("last_updated"),
}
SHOWN: Mapping[str, Mapping[str, _Shown]] = {
    "tag": {
        **_address(TAG),
        "display_url": _page(TAG),
        "display": _printed,
        **{name: _attribute(name) for name in ("name", "slug", "color", "description")},
        "weight": _always(1000),
        "object_types": _always([]),
        "tagged_items": _always(0),
        "created": _time("created"),
        "last_updated": _time("last_updated"),
    },
    "tenant": {
        **_address(TENANT),
        "display_url": _page(TENANT),
        "display": _printed,
        "name": _attribute("name"),
        "slug": _attribute("slug"),
        "group": _always(None),
        "description": _attribute("description"),
        "owner": _always(None),
        "comments": _attribute("comments"),
        "tags": _tags,
        "custom_fields": _always({}),
        "created": _time("created"),
        "last_updated": _time("last_updated"),
    },
    "view": {
        **_address(VIEW),
        "display": _printed,
        "display_url": _page(VIEW),
        "name": _attribute("name"),
        "description": _attribute("description"),
        "comments": _attribute("comments"),
        "tags": _tags,
        "default_view": _attribute("default_view"),
        "created": _time("created"),
        "last_updated": _time("last_updated"),
        "custom_fields": _always({}),
        "tenant": _tenant,
        "prefixes": _always([]),
        "ip_address_filter": _always(None),
        "owner": _always(None),
    },
    "nameserver": {
        **_address(NAMESERVER),
        "display": _printed,
        "display_url": _page(NAMESERVER),
        "name": _attribute("name"),
        "description": _attribute("description"),
        "comments": _attribute("comments"),
        "tags": _tags,
        "zones": _zones_of,
        "created": _time("created"),
        "last_updated": _time("last_updated"),
        "custom_fields": _always({}),
        "tenant": _tenant,
        "owner": _always(None),
    },
    "zone": {
        **_address(ZONE),
        "name": _attribute("name"),
        "description": _attribute("description"),
        "comments": _attribute("comments"),
        "tags": _tags,
        "view": lambda rows, row: rows.brief(VIEW, row.view),
        "display": _printed,
        "display_url": _page(ZONE),
        "nameservers": lambda rows, row: [rows.brief(NAMESERVER, each) for each in row.nameservers],
        "status": _attribute("status"),
        "created": _time("created"),
        "last_updated": _time("last_updated"),
        "default_ttl": _attribute("default_ttl"),
        "soa_ttl": _attribute("soa_ttl"),
        "soa_mname": lambda rows, row: rows.brief(NAMESERVER, row.soa_mname),
        **{
            name: _attribute(name)
            for name in (
                "soa_rname",
                "soa_serial",
                "soa_serial_auto",
                "soa_refresh",
                "soa_retry",
                "soa_expire",
                "soa_minimum",
                "rfc2317_prefix",
                "rfc2317_parent_managed",
            )
        },
        "rfc2317_parent_zone": _parent,
        "rfc2317_child_zones": _children,
        "dnssec_policy": _always(None),
        "inline_signing": _always(None),
        "parental_agents": _always([]),
        **{
            name: _always(None)
            for name in (
                "registrar",
                "registry_domain_id",
                "expiration_date",
                "domain_status",
                "registrant",
                "tech_c",
                "admin_c",
                "billing_c",
            )
        },
        "active": _attribute("active"),
        "custom_fields": _always({}),
        "tenant": _tenant,
        "owner": _always(None),
    },
    "record": {
        **_address(RECORD),
        "zone": lambda rows, row: rows.zone(row.zone),
        "display": _printed,
        "display_url": _page(RECORD),
        "type": _attribute("type"),
        "name": _attribute("name"),
        "description": _attribute("description"),
        "comments": _attribute("comments"),
        "tags": _tags,
        "fqdn": _attribute("fqdn"),
        "value": _attribute("value"),
        "status": _attribute("status"),
        "ttl": _attribute("ttl"),
        "created": _time("created"),
        "last_updated": _time("last_updated"),
        "managed": _attribute("managed"),
        "disable_ptr": _attribute("disable_ptr"),
        "ptr_record": _pointer,
        "address_records": _addresses,
        "active": lambda rows, row: rows.inventory.active(row),
        "custom_fields": _always({}),
        "tenant": _tenant,
        "ipam_ip_address": _always(None),
        "absolute_value": _absolute,
        "expiration_date": _attribute("expiration_date"),
        "expired": _expired,
        "owner": _always(None),
    },
    "webhook": {
        **_address(WEBHOOK),
        "display_url": _page(WEBHOOK),
        "display": _printed,
        **{
            name: _attribute(name)
            for name in (
                "name",
                "description",
                "payload_url",
                "http_method",
                "http_content_type",
                "additional_headers",
                "body_template",
                "secret",
                "ssl_verification",
                "ca_file_path",
                "timeout",
            )
        },
        **_KEPT,
    },
    "eventrule": {
        **_address(EVENT_RULE),
        "display_url": _page(EVENT_RULE),
        "display": _printed,
        **{name: _attribute(name) for name in ("object_types", "name", "enabled", "event_types", "conditions")},
        "action_type": lambda _, row: {"value": row.action_type, "label": row.action_type.capitalize()},
        "action_object_type": _attribute("action_object_type"),
        "action_object_id": _attribute("action_object_id"),
        "action_object": _action,
        "action_is_available": _always(True),
        "description": _attribute("description"),
        **_KEPT,
    },
    "objectchange": {
        **_address(CHANGE),
        "display_url": _page(CHANGE),
        "display": _display,
        "time": _time("time"),
        "user": _user,
        "user_name": _attribute("user"),
        "request_id": _attribute("request_id"),
        "action": lambda _, row: {"value": row.action, "label": _ACTIONS[row.action]},
        "changed_object_type": lambda _, row: BY_NAME[row.kind].type,
        "changed_object_id": _attribute("object_id"),
        "changed_object": _changed,
        "object_repr": lambda rows, row: printed(rows.inventory, row),
        "message": _always(""),
        "prechange_data": lambda rows, row: logged(rows.inventory, row.before),
        "postchange_data": lambda rows, row: logged(rows.inventory, row.after),
    },
}
"""What is shown of every kind, in the order in which NetBox shows it."""

_TAG = ("id", "url", "display", "name", "slug")
BRIEF: Mapping[str, tuple[str, ...]] = {
    "tag": (*_TAG, "color", "description"),
    "tenant": (*_TAG, "description"),
    "webhook": ("id", "url", "display", "name", "description"),
    "eventrule": ("id", "url", "display", "name", "description"),
    "view": ("id", "url", "display", "name", "description", "default_view"),
    "nameserver": ("id", "url", "display", "name", "description"),
    "zone": ("id", "url", "name", "description", "view", "display", "status", "rfc2317_prefix", "active"),
    "record": (
        "id",
        "url",
        "zone",
        "display",
        "type",
        "name",
        "description",
        "fqdn",
        "value",
        "status",
        "ttl",
        "managed",
        "active",
        "expired",
    ),
}
"""What is shown with `brief=1`, and within other objects."""
_NESTED_ZONE = ("id", "url", "display", "display_url", "name", "view", "status", "active", "rfc2317_prefix")
_NESTED_RECORD = ("id", "url", "display", "display_url", "type", "name", "value", "status", "ttl", "zone", "managed")
