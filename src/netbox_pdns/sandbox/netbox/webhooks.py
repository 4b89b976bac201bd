"""What NetBox sends to webhooks after a request: one delivery for each object that was touched and each rule that it fits.

Made in NetBox when the request is done, so an object is shown as it is then; a deleted one as it was when it was deleted.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.logged import logged
from netbox_pdns.sandbox.netbox.objects import BY_NAME, WEBHOOK, Change, Kind, Object, Webhook
from netbox_pdns.sandbox.netbox.rows import Rows, moment
from netbox_pdns.sandbox.netbox.transaction import Transaction

_DEFAULT_TIMEOUT = 60
_EVENTS = {"create": "created", "update": "updated", "delete": "deleted"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to be sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    timeout: float
    verify: bool
    ca_file: str | None


@dataclass(frozen=True, slots=True)
class _Event:
    """What a request did to one object, in all."""

    kind: Kind
    event: str
    id: int
    before: Object | None
    after: Object | None
    data: Mapping[str, Any] | None


def is_heard(inventory: Inventory) -> bool:
    """Tell whether anything is to be sent at all."""
    return any(rule.enabled for rule in inventory.eventrules)


def shown(inventory: Inventory, kind: Kind, row: Any) -> Mapping[str, Any]:
    """Return an object as webhooks show it: as the REST API does, without the server's address."""
    return Rows(inventory, "").maker(kind)(row)


def deliveries(tx: Transaction, request: Mapping[str, Any]) -> list[Delivery]:
    """Return what is to be sent of the edits of *tx*, in its order; *request* is what is told of the request itself."""
    if not is_heard(tx.inventory):
        return []
    return [
        _delivery(webhook, _body(tx.inventory, event, request))
        for event in _joined(tx.changes, tx.last_seen)
        for webhook in _listening(tx.inventory, event)
    ]


def _joined(changes: Sequence[Change], last_seen: Mapping[int, Mapping[str, Any]]) -> list[_Event]:
    """Return one event for each object, in the order in which they were first touched."""
    events: dict[tuple[str, int], _Event] = {}
    for change in changes:
        key = (change.kind, change.object_id)
        event = _Event(
            BY_NAME[change.kind],
            _EVENTS[change.action],
            change.object_id,
            change.before,
            change.after,
            last_seen.get(change.id),
        )
        if key in events:
            name = event.event if event.event == "deleted" else events[key].event
            event = replace(event, event=name, before=events[key].before)
        events[key] = event
    return list(events.values())


def _listening(inventory: Inventory, event: _Event) -> Iterator[Webhook]:
    for rule in inventory.eventrules:
        fits = event.kind.type in rule.object_types and f"object_{event.event}" in rule.event_types
        if rule.enabled and fits and rule.action_object_type == WEBHOOK.type:
            webhook = inventory.webhooks.get(rule.action_object_id)
            if webhook is not None:
                yield webhook


def _body(inventory: Inventory, event: _Event, request: Mapping[str, Any]) -> bytes:
    data = event.data
    if data is None:
        table: Any = inventory.table(event.kind)
        data = shown(inventory, event.kind, table[event.id])
    return json.dumps(
        {
            "event": event.event,
            "timestamp": datetime.now(UTC).isoformat(),
            "object_type": event.kind.type,
            "data": data,
            "request": request,
            "snapshots": {
                "prechange": _snapshot(inventory, event.before),
                "postchange": _snapshot(inventory, event.after),
            },
        }
    ).encode()


def _snapshot(inventory: Inventory, row: Object | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"created": f"{moment(row.created)[:-4]}Z", **logged(inventory, row)}


def _delivery(webhook: Webhook, body: bytes) -> Delivery:
    headers = {"Content-Type": webhook.http_content_type}
    for line in webhook.additional_headers.splitlines():
        name, _, value = line.partition(":")
        headers |= {name.strip(): value.strip()} if value else {}
    if webhook.secret:
        headers["X-Hook-Signature"] = hmac.new(webhook.secret.encode(), body, hashlib.sha512).hexdigest()
    return Delivery(
        method=webhook.http_method,
        url=webhook.payload_url,
        headers=headers,
        body=body,
        timeout=webhook.timeout or _DEFAULT_TIMEOUT,
        verify=webhook.ssl_verification,
        ca_file=webhook.ca_file_path,
    )
