"""Which record an edit took away, and why it is gone: what a webhook or the change log says need not be asked for again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from netbox_pdns.netbox.explain import edited_by, record_of, what_became
from netbox_pdns.planning.values import RecordKey
from netbox_pdns.sync.hints import Cause
from netbox_pdns.triggers.meaning import RECORD


def taken_away(
    object_type: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    names: Mapping[int, str],
    cause: Cause,
) -> Mapping[str, tuple[tuple[RecordKey, str], ...]]:
    """Return by zone what an edit took away: the record as it was before, where it is not the same after.

    *names* are the zones' canonical names by id. Nothing for other objects than records.
    """
    zone = names.get(before["zone"]) if before and isinstance(before.get("zone"), int) else None
    if object_type != RECORD or not before or zone is None:
        return {}
    was = record_of(before, zone)
    stays = after and after.get("zone") == before["zone"] and record_of(after, zone) == was
    if was is None or (stays and _in_service(after) == _in_service(before)):
        return {}
    at = None if cause.edited is None else datetime.fromtimestamp(cause.edited, UTC)
    by = edited_by(cause.user, at, f"change {cause.change}" if cause.change is not None else str(cause.trigger))
    why = f"its status became {after['status']} {by}" if stays and after else what_became(before, after or {}, by)
    return {zone: ((was, why),)}


def _in_service(state: Mapping[str, Any] | None) -> object:
    """Return what tells of a record whether it is in service."""
    return None if not state else state.get("status")
