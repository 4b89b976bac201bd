"""What the older connector was told, over HTTP and MQTT: a zone was made, changed or deleted.

All of it means: look at the whole zone. Its id, serial and nameservers are checked for their form and not used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.errors import DataError
from netbox_pdns.settings.problems import details
from netbox_pdns.sync.hints import Cause, Hint, Trigger

SIGNATURE_HEADERS = ("x-hub-signature-256", "x-signature-256")
"""One of them holds the HMAC-SHA256 of the body, in hex, with or without the prefix `sha256=`."""


def _zone_name(text: str) -> str:
    try:
        return canonical_name(text)
    except DataError as error:
        raise PydanticCustomError("zone_name", "is no domain name") from error


ZoneName = Annotated[str, Field(min_length=1), AfterValidator(_zone_name)]
Body = TypeVar("Body", bound=BaseModel)


class ZoneEvent(StrEnum):
    """What happened to the zone."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class ZoneBody(BaseModel):
    """The body of `POST /zones/create`, `POST /zones/update` and `DELETE /zones/delete`."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    id: int
    """The zone's id in NetBox."""
    name: ZoneName
    """The zone's name."""
    serial: int | None = None
    """The zone's serial."""


class ZoneMessage(BaseModel):
    """The payload of an MQTT message under `PREFIX/ZONE/EVENT`."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    zone: ZoneName
    """The zone's name, as in the topic."""
    event: ZoneEvent
    """What happened, as in the topic."""
    serial: int | None = None
    """The zone's serial."""
    timestamp: datetime | float | None = None
    """When that was: ISO 8601, or seconds since 1970. However long ago, it is a hint like any other."""
    nameserver_ids: list[int] | None = None
    """The ids of the zone's nameservers."""


def signature_of(headers: Mapping[str, str]) -> str | None:
    """Return the signature among *headers* (names in lower case), None where there is none."""
    return next((headers[name] for name in SIGNATURE_HEADERS if name in headers), None)


def hint_of_body(body: bytes, *, came: float) -> Hint:
    """Return the hint that a call's *body* gives; raises `DataError` (to be shown after `Invalid data: `)."""
    return Hint(_read(ZoneBody, body).name, Cause(Trigger.COMPATIBLE, came))


def hint_of_message(topic: str, payload: bytes, *, prefix: str, came: float) -> Hint:
    """Return the hint that an MQTT message gives; raises `DataError` where it is a bad one, or not its topic's."""
    zone, event = place_of(topic, prefix)
    message = _read(ZoneMessage, payload, "Invalid data: ")
    if (message.zone, message.event) != (zone, event):
        raise DataError(
            f"Invalid data: {topic} is of zone {zone}, event {event}; the payload of {message.zone}, {message.event}",
            hint="whoever publishes it mixes up zones: see what sends to that topic",
        )
    return Hint(zone, Cause(Trigger.MQTT, came, edited=_seconds(message.timestamp)))


def place_of(topic: str, prefix: str) -> tuple[str, ZoneEvent]:
    """Return the zone (canonical) and the event of a topic `PREFIX/ZONE/EVENT`; raises `DataError` for another one.

    A zone's name may hold slashes (RFC 2317).
    """
    below = topic.removeprefix(f"{prefix.rstrip('/')}/")
    zone, _, event = below.rpartition("/")
    if below == topic or not zone or event not in {*ZoneEvent}:
        raise DataError(
            f"{topic!r} is no topic of the form {prefix}/ZONE/create, .../update or .../delete",
            hint="see NETBOX_PDNS_MQTT_TOPIC_PREFIX, and what publishes there",
        )
    return canonical_name(zone), ZoneEvent(event)


def _read(model: type[Body], body: bytes, begin: str = "") -> Body:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        reasons = "; ".join(_reason(each["loc"], each["msg"]) for each in details(error))
        raise DataError(f"{begin}{reasons}", hint=f"send {_EXAMPLES[model]}") from error


def _reason(place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in place)
    message = message.removeprefix("Input ").removeprefix("Invalid JSON: ")
    return f"{where}: {message[:1].lower()}{message[1:]}" if where else message


_EXAMPLES: Mapping[type[Any], str] = {
    ZoneBody: '{"id": 12, "name": "example.com", "serial": 7}',
    ZoneMessage: '{"zone": "example.com", "event": "update", "serial": 7, "timestamp": "2026-01-01T00:00:00Z"}',
}


def _seconds(timestamp: datetime | float | None) -> float | None:
    if isinstance(timestamp, datetime):
        return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)).timestamp()
    return timestamp if timestamp is not None and math.isfinite(timestamp) else None
