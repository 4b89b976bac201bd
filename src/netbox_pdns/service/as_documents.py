"""What the board, the receipts and the schedules say, in the shapes that the API answers. Pure."""

from __future__ import annotations

from typing import Any

from netbox_pdns.service import documents
from netbox_pdns.service.documents import moment
from netbox_pdns.service.ports import Receipt
from netbox_pdns.sync.board import Condition, TargetState, ZoneCounts, ZoneState
from netbox_pdns.sync.shapes import held_shape, left_out_shape


def zone_row(state: ZoneState) -> documents.ZoneRow:
    """Return a zone on a target, in numbers."""
    return documents.ZoneRow(
        **_standing(state),
        zone=state.zone,
        left_out=len(state.left_out),
        held=len(state.held),
        not_served=len(state.not_served),
    )


def zone_on_target(state: ZoneState) -> documents.ZoneOnTarget:
    """Return a zone on a target, whole."""
    return documents.ZoneOnTarget(
        **_standing(state),
        left_out=tuple(map(left_out_shape, state.left_out)),
        held=tuple(map(held_shape, state.held)),
        not_served=state.not_served,
        error_class=state.error_class,
        hint=state.hint,
    )


def _standing(state: ZoneState) -> dict[str, Any]:
    """Return how a zone stands on a target, as both shapes tell it."""
    return {
        "target": state.target,
        "condition": state.condition,
        "view": state.view,
        "netbox_url": state.url,
        "records": state.records,
        "netbox_serial": state.source_serial,
        "served_serial": state.served_serial,
        "looked_at": moment(state.looked_at),
        "changed_at": moment(state.changed_at),
        "differences": state.differences,
        "error": state.error,
        "attempts": state.attempts,
        "next_try": moment(state.next_try),
    }


def target(state: TargetState, counts: ZoneCounts | None) -> documents.Target:
    """Return a target; *counts* are of its zones, None where it has none."""
    conditions = (counts or ZoneCounts()).conditions
    queue = state.queue
    return documents.Target(
        name=state.name,
        url=state.url,
        breaker=state.breaker,
        breaker_since=moment(state.breaker_since),
        queue=documents.Queue(
            depth=queue.depth,
            active=queue.active,
            backing_off=queue.backing_off,
            oldest_seconds=round(queue.oldest, 3),
        ),
        last_pass=moment(state.last_pass),
        error=state.error,
        zones={str(condition): conditions[condition] for condition in Condition},
    )


def change(receipt: Receipt) -> documents.Change:
    """Return a change that was applied."""
    return documents.Change(
        id=receipt.id,
        target=receipt.target,
        zone=receipt.zone,
        action=receipt.action,
        serial=receipt.serial,
        created=receipt.created,
        changed=receipt.changed,
        deleted=receipt.deleted,
        summary=tuple(receipt.summary),
        causes=tuple(
            documents.Cause(
                trigger=str(cause.trigger),
                came=moment(cause.came),
                edited=moment(cause.edited),
                user=cause.user,
                request=cause.request,
            )
            for cause in receipt.causes
        ),
        edited=moment(receipt.edited),
        applied=moment(receipt.applied),
        served=moment(receipt.served),
    )
