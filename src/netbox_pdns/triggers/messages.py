"""What an MQTT message means as hints: the older connector's payload, or the body of one of NetBox's own webhooks. Pure."""

from __future__ import annotations

from netbox_pdns.errors import DataError
from netbox_pdns.sync.hints import Hints, Trigger
from netbox_pdns.triggers.compatible import hint_of_message, place_of
from netbox_pdns.triggers.meaning import RECORD, ZONE
from netbox_pdns.triggers.webhook import WebhookEvent, leave_hints, read_webhook
from netbox_pdns.triggers.zone_names import ZoneNames

LONGEST = 1_000_000
"""Bytes of a message that is read at all."""


def take_message(topic: str, payload: bytes, hints: Hints, names: ZoneNames, *, prefix: str, came: float) -> int:
    """Leave the hints that a message under *prefix* gives, and return how many.

    When it was sent does not matter: an old one is a hint like any other. Raises `DataError` for what cannot be read, and
    for what is not about the topic's zone and event.
    """
    if len(payload) > LONGEST:
        raise DataError(f"a message of {topic} has {len(payload)} bytes, {LONGEST} are read", hint="see what sends it")
    if not _is_webhook(payload):
        hints.look(hint_of_message(topic, payload, prefix=prefix, came=came))
        return 1
    zone, _ = place_of(topic, prefix)
    event = read_webhook(payload)
    names.learn_all(event.zones)
    told = _zones(event, names)
    if told and zone not in told:
        raise DataError(
            f"Invalid data: {topic} is of zone {zone}, the payload of {' and '.join(sorted(told))}",
            hint="whoever publishes it mixes up zones: see what sends to that topic",
        )
    return leave_hints(event, hints, names, came=came, trigger=Trigger.MQTT)


def _is_webhook(payload: bytes) -> bool:
    return b'"object_type"' in payload


def _zones(event: WebhookEvent, names: ZoneNames) -> set[str]:
    """Return the zones that a webhook tells of; none where it does not name them all."""
    states = [state for state in (event.before, event.after) if state]
    if event.object_type == ZONE:
        told = ZoneNames()
        told.learn_all((number, str(state["name"])) for number, state in enumerate(states) if state.get("name"))
        return set(told.values())
    if event.object_type == RECORD:
        numbers = [state.get("zone") for state in states]
        known = {names[number] for number in numbers if isinstance(number, int) and number in names}
        return known if len(known) == len(set(numbers)) else set()
    return set()
