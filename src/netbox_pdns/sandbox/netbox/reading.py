"""What a request's body says of an object: JSON read field by field, each mistake named as NetBox names it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.objects import (
    BY_NAME,
    EVENT_RULE,
    NAMESERVER,
    RECORD,
    TAG,
    TENANT,
    VIEW,
    WEBHOOK,
    ZONE,
    EventRule,
    Kind,
    Nameserver,
    Object,
    Record,
    Tag,
    Tenant,
    View,
    Webhook,
    Zone,
)
from netbox_pdns.sandbox.netbox.refusals import Refusal
from netbox_pdns.sandbox.netbox.values import TYPES

_MOST = 2**31 - 1
_SLUG = re.compile(r"[-\w]+")
_PERIOD = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


class Wrong(Exception):
    """A value that its field does not take; of a list, perhaps the one at a *place* in it."""

    def __init__(self, why: str, place: int | None = None) -> None:
        super().__init__(why)
        self.body: Any = [why] if place is None else {str(place): [why]}


Reader: TypeAlias = Callable[[Inventory, Any], Any]


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that a kind of objects takes, and those that a new one must have."""

    model: type[Object]
    readers: Mapping[str, Reader]
    required: frozenset[str]


def read(inventory: Inventory, kind: Kind, data: Any, *, partial: bool) -> dict[str, Any]:
    """Return the attributes that *data* gives; fields that are not known are ignored. Raises `Refusal`.

    Not *partial* is for a new object, which must have all that is required.
    """
    if not isinstance(data, dict):
        raise Refusal(400, {"__all__": [f"Invalid data. Expected a dictionary, but got {type(data).__name__}."]})
    fields = FIELDS[kind.name]
    wrong: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for name, reader in fields.readers.items():
        if name not in data:
            if name in fields.required and not partial:
                wrong[name] = ["This field is required."]
            continue
        try:
            given[name] = reader(inventory, data[name])
        except Wrong as error:
            wrong[name] = error.body
    if wrong:
        raise Refusal(400, wrong)
    if kind is RECORD and data.get("managed") is True:
        raise Refusal(400, {"__all__": ["'managed' is True, refusing to create or update a managed record"]})
    return given


def _text(longest: int, *, blank: bool = True) -> Reader:
    def reader(_: Inventory, value: Any) -> str:
        if value is None:
            raise Wrong("This field may not be null.")
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise Wrong("Not a valid string.")
        text = str(value).strip()
        if not text and not blank:
            raise Wrong("This field may not be blank.")
        if len(text) > longest:
            raise Wrong(f"Ensure this field has no more than {longest} characters.")
        return text

    return reader


def _choice(choices: frozenset[str]) -> Reader:
    known = {choice: choice for choice in choices}  # one string for all who choose it

    def reader(_: Inventory, value: Any) -> Any:
        if value is None:
            raise Wrong("This field may not be null.")
        if not isinstance(value, str) or value not in known:
            raise Wrong(f'"{value}" is not a valid choice.')
        return known[value]

    return reader


def _number(least: int, most: int, *, null: bool = False) -> Reader:
    def reader(_: Inventory, value: Any) -> int | None:
        if value is None:
            if null:
                return None
            raise Wrong("This field may not be null.")
        number = _seconds(value)
        if number < least:
            raise Wrong(f"Ensure this value is greater than or equal to {least}.")
        if number > most:
            raise Wrong(f"Ensure this value is less than or equal to {most}.")
        return number

    return reader


def _seconds(value: Any) -> int:
    """Return a number, or an ISO 8601 duration without weeks, months and years, in seconds."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value)
    if re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    found = _PERIOD.fullmatch(text)
    if found is None or len(text) < 3:
        raise Wrong("Enter a valid integer or ISO 8601 duration (W, M and Y are not supported).")
    units = (86400, 3600, 60, 1)
    return sum(int(part or 0) * unit for part, unit in zip(found.groups(), units, strict=True))


def _flag(_: Inventory, value: Any) -> bool:
    if value not in (True, False, "true", "false"):
        raise Wrong("Must be a valid boolean.")
    return value in (True, "true")


def _date(_: Inventory, value: Any) -> str | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise Wrong("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.") from error


def _prefix(_: Inventory, value: Any) -> str | None:
    if value in (None, ""):
        return None
    try:
        network = ipaddress.IPv4Network(str(value))
    except ValueError as error:
        raise Wrong(f"{value} is not a valid IPv4 prefix.") from error
    if network.prefixlen < 25:
        raise Wrong("RFC2317 requires at least 25 bit prefix length.")
    return str(network)


def _slug(inventory: Inventory, value: Any) -> str:
    text: str = _text(100, blank=False)(inventory, value)
    if not _SLUG.fullmatch(text):
        raise Wrong("Enter a valid “slug” consisting of Unicode letters, numbers, underscores, or hyphens.")
    return text


def _one(kind: str, *, null: bool = False) -> Reader:
    """Return the reader of a reference: an id, or the attributes of exactly one object."""

    def reader(inventory: Inventory, value: Any) -> int | None:
        if value is None:
            if null:
                return None
            raise Wrong("This field may not be null.")
        if isinstance(value, dict):
            return _by_attributes(inventory, kind, value)
        if isinstance(value, bool) or not str(value).isdecimal():
            raise Wrong(
                "Related objects must be referenced by numeric ID or by dictionary of attributes. "
                f"Received an unrecognized value: {value}"
            )
        if inventory.table(BY_NAME[kind]).get(int(value)) is None:
            raise Wrong(f"Related object not found using the provided numeric ID: {value}")
        return int(value)

    return reader


def _by_attributes(inventory: Inventory, kind: str, wanted: Mapping[str, Any]) -> int:
    rows: Any = inventory.table(BY_NAME[kind])
    found = [row.id for row in rows if all(getattr(row, name, None) == value for name, value in wanted.items())]
    if not found:
        raise Wrong(f"Related object not found using the provided attributes: {wanted}")
    if len(found) > 1:
        raise Wrong(f"Multiple objects match the provided attributes: {wanted}")
    return int(found[0])


def _several(kind: str) -> Reader:
    """Return the reader of a list of references."""
    one = _one(kind)

    def reader(inventory: Inventory, value: Any) -> tuple[int, ...]:
        if not isinstance(value, list):
            raise Wrong(f'Expected a list of items but got type "{type(value).__name__}".')
        return tuple(sorted({one(inventory, each) for each in value}))

    return reader


def _types(_: Inventory, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Wrong(f'Expected a list of items but got type "{type(value).__name__}".')
    for each in value:
        if each not in {kind.type for kind in BY_NAME.values()}:
            raise Wrong(f"Invalid content type: {each}")
    return tuple(value)


def _events(_: Inventory, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Wrong(f'Expected a list of items but got type "{type(value).__name__}".')
    if not value:
        raise Wrong("This list may not be empty.")
    for place, each in enumerate(value):
        if each not in {"object_created", "object_updated", "object_deleted"}:
            raise Wrong(f'"{each}" is not a valid choice.', place)
    return tuple(value)


def _action(_: Inventory, value: Any) -> str:
    if value not in {"webhook", "script", "notification"}:
        raise Wrong(f"{value} is not a valid choice.")
    return str(value)


def _nullable(reader: Reader) -> Reader:
    return lambda inventory, value: None if value is None else reader(inventory, value)


_NAME = _text(255, blank=False)
_COMMON: Mapping[str, Reader] = {"description": _text(200), "comments": _text(65535), "tags": _several("tag")}
_OWNED: Mapping[str, Reader] = {**_COMMON, "tenant": _one("tenant", null=True)}

FIELDS: Mapping[str, Fields] = {
    TAG.name: Fields(
        Tag,
        {
            "name": _text(100, blank=False),
            "slug": _slug,
            "color": _text(6, blank=False),
            "description": _text(200),
        },
        frozenset({"name", "slug"}),
    ),
    TENANT.name: Fields(
        Tenant,
        {"name": _text(100, blank=False), "slug": _slug, **_COMMON},
        frozenset({"name", "slug"}),
    ),
    VIEW.name: Fields(View, {"name": _NAME, **_OWNED}, frozenset({"name"})),
    NAMESERVER.name: Fields(Nameserver, {"name": _NAME, **_OWNED}, frozenset({"name"})),
    WEBHOOK.name: Fields(
        Webhook,
        {
            "name": _text(150, blank=False),
            "payload_url": _text(500, blank=False),
            "http_method": _choice(frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})),
            "http_content_type": _text(100, blank=False),
            "additional_headers": _text(65535),
            "body_template": _text(65535),
            "secret": _text(255),
            "ssl_verification": _flag,
            "ca_file_path": _nullable(_text(4096)),
            "timeout": _number(1, 3600, null=True),
            "description": _text(200),
            "tags": _several("tag"),
        },
        frozenset({"name", "payload_url"}),
    ),
    EVENT_RULE.name: Fields(
        EventRule,
        {
            "name": _text(150, blank=False),
            "object_types": _types,
            "event_types": _events,
            "action_type": _action,
            "action_object_type": _nullable(_choice(frozenset(kind.type for kind in BY_NAME.values()))),
            "action_object_id": _number(0, _MOST, null=True),
            "enabled": _flag,
            "conditions": lambda _, value: value,
            "description": _text(200),
            "tags": _several("tag"),
        },
        frozenset({"name", "object_types", "event_types", "action_type"}),
    ),
    ZONE.name: Fields(
        Zone,
        {
            "name": _NAME,
            "view": _one("view"),
            "nameservers": _several("nameserver"),
            "status": _choice(frozenset({"active", "reserved", "deprecated", "parked", "dynamic", "external"})),
            "default_ttl": _number(0, _MOST),
            "soa_ttl": _number(0, _MOST),
            "soa_mname": _one("nameserver"),
            "soa_rname": _text(255),
            "soa_serial": _number(1, 2**32 - 1, null=True),
            "soa_serial_auto": _flag,
            "soa_refresh": _number(1, _MOST),
            "soa_retry": _number(1, _MOST),
            "soa_expire": _number(1, _MOST),
            "soa_minimum": _number(0, _MOST),
            "rfc2317_prefix": _prefix,
            "rfc2317_parent_managed": _flag,
            **_OWNED,
        },
        frozenset({"name"}),
    ),
    RECORD.name: Fields(
        Record,
        {
            "zone": _one("zone"),
            "type": _choice(TYPES),
            "name": _NAME,
            "value": _text(65535, blank=False),
            "status": _choice(frozenset({"active", "inactive", "expired"})),
            "ttl": _number(0, _MOST, null=True),
            "disable_ptr": _flag,
            "expiration_date": _date,
            **_OWNED,
        },
        frozenset({"type", "name", "value"}),
    ),
}
"""The fields of every kind that can be written."""
