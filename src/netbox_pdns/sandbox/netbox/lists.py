"""Lists: their filters, their order, and their pages by offset or by id."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from netbox_pdns.sandbox.netbox.filters import Query, Test, tests
from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.objects import Kind
from netbox_pdns.sandbox.netbox.refusals import Refusal
from netbox_pdns.sandbox.netbox.rows import Rows

PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000


def page(rows: Rows, kind: Kind, query: Query, url: str, allowed: Test | None) -> dict[str, Any]:
    """Return the page of a list that *query* asks for, of those objects that are *allowed*; raises `Refusal`."""
    asked = tests(rows.inventory, kind.name, query)
    if allowed is not None:
        asked.append(allowed)
    show = shown(rows, kind, query)
    if "start" in query:
        return _page_by_id(rows.inventory, kind, query, url, asked, show)
    return _page_by_offset(rows.inventory, kind, query, url, asked, show)


def shown(rows: Rows, kind: Kind, query: Query) -> Callable[[Any], dict[str, Any]]:
    """Return what makes a row of an object: whole, or as `fields`, `omit` and `brief` ask."""
    omitted = {name for value in query.get("omit", ()) for name in value.split(",")}
    show = rows.maker(kind, fields=_fields(query), brief=_is_set(query, "brief"))
    if not omitted:
        return show
    return lambda row: {name: value for name, value in show(row).items() if name not in omitted}


def _page_by_id(
    inventory: Inventory, kind: Kind, query: Query, url: str, asked: Sequence[Test], show: Callable[[Any], Any]
) -> dict[str, Any]:
    if "offset" in query:
        raise Refusal(400, ["'start' and 'offset' are mutually exclusive."])
    if "ordering" in query:
        raise Refusal(400, ["Ordering cannot be specified in conjunction with cursor-based pagination."])
    if not query["start"][-1].isdecimal():
        raise Refusal(400, ["Invalid 'start' parameter: must be a non-negative integer."])
    found = _found(inventory, kind, query, asked, start=int(query["start"][-1]))
    rows = list(itertools.islice(found, _limit(query)))
    more = next(found, None) if rows else None
    following = None if more is None else _with(url, query, start=str(rows[-1].id + 1))
    return {"count": None, "next": following, "previous": None, "results": [show(row) for row in rows]}


def _page_by_offset(
    inventory: Inventory, kind: Kind, query: Query, url: str, asked: Sequence[Test], show: Callable[[Any], Any]
) -> dict[str, Any]:
    found = list(_found(inventory, kind, query, asked))
    limit, offset = _limit(query), _number(query, "offset", 0)
    rows = _in_order(inventory, kind, query, found)[offset : offset + limit]
    following = _with(url, query, limit=str(limit), offset=str(offset + limit)) if offset + limit < len(found) else None
    return {
        "count": len(found),
        "next": following,
        "previous": _previous(url, query, limit, offset),
        "results": [show(row) for row in rows],
    }


def _previous(url: str, query: Query, limit: int, offset: int) -> str | None:
    if offset <= 0:
        return None
    if offset <= limit:
        return _with(url, {name: values for name, values in query.items() if name != "offset"}, limit=str(limit))
    return _with(url, query, limit=str(limit), offset=str(offset - limit))


def _found(inventory: Inventory, kind: Kind, query: Query, asked: Sequence[Test], start: int = 0) -> Iterator[Any]:
    """Yield the objects that pass, in the order of ids from *start* on."""
    table = inventory.table(kind)
    ids = _candidates(inventory, kind, query)
    for number in itertools.islice(ids, bisect_left(ids, start), None):
        row = table[number]
        if all(test(row) for test in asked):
            yield row


def _candidates(inventory: Inventory, kind: Kind, query: Query) -> Sequence[int]:
    """Return the ids, in order, of the objects that can pass at all: few where a filter has an index."""
    table = inventory.table(kind)
    if "id" in query:
        return sorted({int(value) for value in query["id"] if table.get(int(value)) is not None})
    if kind.name != "record":
        return table.ids
    names = [*query.get("fqdn", ()), *query.get("fqdn__ie", ())]
    if names:
        return sorted({number for name in names for number in inventory.records.ids_of_name(name)})
    if "zone_id" in query:
        zones = {int(value) for value in query["zone_id"] if value.isdecimal()}
        if len(zones) == 1:
            return inventory.records.ids_of_zone(zones.pop())
        return sorted(itertools.chain.from_iterable(inventory.records.ids_of_zone(zone) for zone in zones))
    return table.ids


def _in_order(inventory: Inventory, kind: Kind, query: Query, rows: list[Any]) -> list[Any]:
    """Return *rows*, which are in the order of ids, in the order that is asked for or else in the kind's own."""
    asked = [name for value in query.get("ordering", ()) for name in value.split(",")]
    known = [name for name in asked if rows and _attribute(name) in type(rows[0]).__struct_fields__]
    if known in (["id"], ["-id"]):
        return rows if known == ["id"] else rows[::-1]
    if not known and kind.name == "objectchange":
        return sorted(rows, key=lambda row: row.time, reverse=True)
    if not known:
        return _in_own_order(inventory, kind, rows)
    for name in reversed(known):
        attribute = _attribute(name)
        rows = sorted(rows, key=lambda row: _natural(getattr(row, attribute)), reverse=name.startswith("-"))
    return rows


def _attribute(ordering: str) -> str:
    return {"changed_object_id": "object_id"}.get(ordering.removeprefix("-"), ordering.removeprefix("-"))


def _in_own_order(inventory: Inventory, kind: Kind, rows: list[Any]) -> list[Any]:
    if kind.name == "zone":
        return sorted(rows, key=lambda row: (_natural(inventory.views[row.view].name), _natural(row.name)))
    if kind.name != "record":
        return sorted(rows, key=lambda row: _natural(row.name))

    def further(row: Any) -> list[Any]:
        zone = inventory.zones[row.zone]
        texts = (inventory.views[zone.view].name, zone.name, row.name, row.type, row.value, row.status)
        return [_natural(text) for text in texts]

    # Few records share their name, so what orders those is worked out for them alone.
    by_name = itertools.groupby(sorted(rows, key=lambda row: _natural(row.fqdn)), key=lambda row: row.fqdn.lower())
    groups = (list(group) for _, group in by_name)
    return [row for group in groups for row in (sorted(group, key=further) if len(group) > 1 else group)]


def _natural(value: Any) -> tuple[Any, ...]:
    """Return what sorts text as NetBox's database does: numbers in it by their value, whatever the case; None last."""
    if not isinstance(value, str):
        return (value is None, value or 0)
    parts = re.split(r"([0-9]+)", value.lower())
    return (False, tuple(int(part) if odd % 2 else part for odd, part in enumerate(parts)))


def _limit(query: Query) -> int:
    wanted = _number(query, "limit", PAGE_SIZE)
    return min(wanted, MAX_PAGE_SIZE) if wanted else MAX_PAGE_SIZE


def _number(query: Query, name: str, default: int) -> int:
    value = query.get(name, [""])[-1]
    return int(value) if value.isdecimal() else default


def _fields(query: Query) -> set[str]:
    return {name for value in query.get("fields", ()) for name in value.split(",") if name}


def _is_set(query: Query, name: str) -> bool:
    return bool(query.get(name)) and query[name][-1].lower() not in {"", "0", "false"}


def _with(url: str, query: Query, **changed: str) -> str:
    values = {**query, **{name: [value] for name, value in changed.items()}}
    return f"{url}?{urlencode(sorted(values.items()), doseq=True)}"
