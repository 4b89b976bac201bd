"""NetBox's own webhooks: what the body of one says, as hints.

NetBox sends one for each object that a request touched, also where nothing of it is another than before. It joins all that
the request did to the object: the state before the first edit, the state after the last. Where a nameserver is renamed it
tells of the nameserver and of the NS and SOA records that came of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from netbox_pdns.errors import DataError
from netbox_pdns.sync.hints import Cause, Depth, Hint, Hints, Trigger
from netbox_pdns.triggers.meaning import RECORD, ZONE, Meaning, meant
from netbox_pdns.triggers.taken_away import taken_away
from netbox_pdns.triggers.zone_names import ZoneNames

SIGNATURE_HEADER = "X-Hook-Signature"
"""Holds the HMAC-SHA512 of the body, in hex."""
_EVENTS = frozenset({"created", "updated", "deleted"})


class _Request(msgspec.Struct, frozen=True):
    id: str | None = None
    user: str | None = None


class _Snapshots(msgspec.Struct, frozen=True):
    prechange: dict[str, Any] | None = None
    postchange: dict[str, Any] | None = None


class _Body(msgspec.Struct, frozen=True):
    """`username` and `request_id` are how NetBox before 4.7 says by whom."""

    event: str
    object_type: str
    data: dict[str, Any] | None = None
    timestamp: datetime | None = None
    request: _Request | None = None
    snapshots: _Snapshots | None = None
    username: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What one webhook says; `zones` are the names of zones that it tells by the way, by id."""

    object_type: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    zones: tuple[tuple[int, str], ...]
    edited: float | None
    user: str
    request: str

    @property
    def meaningful(self) -> bool:
        """Whether it is about an edit."""
        return bool(self.before or self.after)

    def cause(self, came: float, trigger: Trigger) -> Cause:
        """Return what it gives as the cause of a hint."""
        return Cause(trigger, came, self.edited, self.user, self.request)


def read_webhook(body: bytes) -> WebhookEvent:
    """Return what the body of a webhook says; raises `DataError` where it is none of NetBox's."""
    try:
        found = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(
            f"the body is no webhook of NetBox: {_reason(error)}",
            hint="leave the body template of NetBox's webhook empty; `netbox-pdns setup netbox` makes one that is right",
        ) from error
    data = found.data or {}
    before, after = _states(found, data) if found.event in _EVENTS else ({}, {})
    request = found.request or _Request(found.request_id, found.username)
    return WebhookEvent(
        object_type=found.object_type,
        before=before,
        after=after,
        zones=tuple(_zones(found.object_type, data)),
        edited=_seconds(found.timestamp),
        user=request.user or "",
        request=request.id or "",
    )


def leave_hints(
    event: WebhookEvent, hints: Hints, names: ZoneNames, *, came: float, trigger: Trigger = Trigger.WEBHOOK
) -> int:
    """Leave the hints that *event* gives and return how many; *names* takes note of the zones that it tells of."""
    names.learn_all(event.zones)
    if not event.meaningful:
        return 0
    meaning = meant(event.object_type, event.before, event.after, names)
    cause = event.cause(came, trigger)
    gone = taken_away(event.object_type, event.before, event.after, names, cause)
    for zone, scope in meaning.zones.items():
        hints.look(Hint(zone, cause, scope, gone=gone.get(zone, ())))
    if meaning.everywhere:
        # A zone that a record was moved out of keeps its serial: the lists do not tell it from the others.
        hints.look_everywhere(Depth.CONTENT if meaning.unknown else Depth.LISTS, cause)
    return _counted(meaning)


def _counted(meaning: Meaning) -> int:
    return len(meaning.zones) + meaning.everywhere


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _states(body: _Body, data: dict[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the object before and after.

    Where that was not sent (NetBox has no state before and none after where it noted none before a deletion), it may have
    been anywhere in its zone: a state that does not tell its name means the whole of it.
    """
    snapshots = body.snapshots or _Snapshots()
    before, after = snapshots.prechange or {}, snapshots.postchange or {}
    if before or after:
        return before, after
    return {name: value for name, value in _flat(data).items() if name != "fqdn"}, {}


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    """Return an object as the change log writes it: what it refers to by its id."""
    return {name: value["id"] if isinstance(value, dict) and "id" in value else value for name, value in data.items()}


def _zones(object_type: str, data: dict[str, Any]) -> Iterator[tuple[int, str]]:
    zone = data if object_type == ZONE else data.get("zone") if object_type == RECORD else None
    if isinstance(zone, dict) and isinstance(zone.get("id"), int) and isinstance(zone.get("name"), str):
        yield zone["id"], zone["name"]


def _seconds(timestamp: datetime | None) -> float | None:
    if timestamp is None:
        return None
    return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)).timestamp()
