"""Why zones are no longer wanted, as far as NetBox tells: inactive, deleted, renamed, moved, no longer selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netbox_pdns.dns.names import canonical_name, name_or_text
from netbox_pdns.errors import DataError
from netbox_pdns.netbox.client import NetBoxClient, Query
from netbox_pdns.netbox.explain import LOG_PAGES
from netbox_pdns.netbox.listing import whole
from netbox_pdns.netbox.selection import selected, view_id
from netbox_pdns.netbox.wire import CHANGE_FIELDS, CHANGES, ZONE_FIELDS, ZONE_TYPE, ZONES, ChangeRow, ZoneRow
from netbox_pdns.planning.values import Gone
from netbox_pdns.settings import Selection

_NAMES_AT_ONCE = 50


async def explain_zones(client: NetBoxClient, names: Sequence[str], selection: Selection) -> Mapping[str, Gone]:
    """Return for those of the canonical zone *names* that NetBox explains why *selection* wants them no longer, in words.

    What NetBox still has under the name is an explanation by itself; for the rest the newest change-log entry about a zone
    of that name in the selected view decides.
    """
    if not names:
        return {}
    view = await view_id(client, selection.view)
    found = await _still_there(client, names, view)
    for zone in (await selected(client, selection)).rows if found else ():
        found.pop(name_or_text(zone.name), None)  # wanted after all: the list that the question came from was another
    open_ = set(names) - found.keys()
    query: Query = [("changed_object_type", ZONE_TYPE), ("fields", CHANGE_FIELDS)]
    if open_:
        async for row in client.newest_first(CHANGES, query, ChangeRow, LOG_PAGES):
            before, after = _name(row.prechange_data, view), _name(row.postchange_data, view)
            if after is not None:
                open_.discard(after)
            if before is not None and before in open_:
                open_.discard(before)
                found[before] = _what(row)
            if not open_:
                break
    return found


async def _still_there(client: NetBoxClient, names: Sequence[str], view: int) -> dict[str, Gone]:
    found: dict[str, Gone] = {}
    for at in range(0, len(names), _NAMES_AT_ONCE):
        some = [("name__ie", name.rstrip(".") or ".") for name in names[at : at + _NAMES_AT_ONCE]]
        for row in await whole(client, ZONES, [("fields", ZONE_FIELDS), ("view_id", view), *some], ZoneRow):
            why = "is no longer selected for this target" if row.active else f"is not active (status {row.status})"
            found[name_or_text(row.name)] = Gone(f"its zone {row.id} {why}")
    return {name: why for name, why in found.items() if name in set(names)}


def _name(data: Mapping[str, object] | None, view: int) -> str | None:
    if not data or data.get("view") != view:
        return None
    try:
        return canonical_name(str(data.get("name")))
    except DataError:
        return None


def _what(row: ChangeRow) -> Gone:
    by = f"in NetBox by {row.user_name or 'somebody'} at {row.time:%Y-%m-%d %H:%M:%S} UTC (change {row.id})"
    if row.action.value == "delete":
        return Gone(f"deleted {by}")
    before, after = row.prechange_data or {}, row.postchange_data or {}
    if before.get("view") != after.get("view"):
        return Gone(f"moved to another view {by}", row.changed_object_id)
    return Gone(f"renamed to {after.get('name')} {by}", row.changed_object_id)
