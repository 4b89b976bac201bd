"""What a request may do with the objects of each kind: make, change, delete; one by one or many, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from netbox_pdns.sandbox.netbox import hooks, records, zones
from netbox_pdns.sandbox.netbox.filters import Test
from netbox_pdns.sandbox.netbox.inventory import Inventory, Table
from netbox_pdns.sandbox.netbox.objects import Kind, Tag, Tenant, Zone
from netbox_pdns.sandbox.netbox.reading import FIELDS, read
from netbox_pdns.sandbox.netbox.refusals import Refusal, detail, forbidden
from netbox_pdns.sandbox.netbox.transaction import Transaction


@dataclass(frozen=True, slots=True)
class _Edits:
    """How the objects of a kind are made, changed and deleted."""

    create: Callable[[Transaction, Any], Any]
    update: Callable[[Transaction, Any, Any], Any]
    delete: Callable[[Transaction, Any], None]


def _create_tag(tx: Transaction, given: Tag) -> Tag:
    _refuse_double(tx.inventory.tags, given, "tag with this {} already exists.", whole=False)
    return tx.insert(tx.inventory.tags, given)


def _create_tenant(tx: Transaction, given: Tenant) -> Tenant:
    _refuse_double(tx.inventory.tenants, given, "Tenant {} must be unique per group.", whole=True)
    return tx.insert(tx.inventory.tenants, given)


def _update_tag(tx: Transaction, before: Tag, given: Tag) -> Tag:
    _refuse_double(tx.inventory.tags, given, "tag with this {} already exists.", whole=False)
    return before if given == before else tx.update(tx.inventory.tags, before, given)


def _update_tenant(tx: Transaction, before: Tenant, given: Tenant) -> Tenant:
    _refuse_double(tx.inventory.tenants, given, "Tenant {} must be unique per group.", whole=True)
    return before if given == before else tx.update(tx.inventory.tenants, before, given)


def _refuse_double(table: Table[Any], given: Tag | Tenant, why: str, *, whole: bool) -> None:
    doubled = [
        name
        for name in ("name", "slug")
        if any(getattr(row, name) == getattr(given, name) and row.id != given.id for row in table)
    ]
    if doubled and whole:
        raise Refusal(400, {"__all__": [why.format(name) for name in doubled]})
    if doubled:
        raise Refusal(400, {name: [why.format(name)] for name in doubled})


_EDITS: Mapping[str, _Edits] = {
    "tag": _Edits(_create_tag, _update_tag, zones.delete_tag),
    "tenant": _Edits(_create_tenant, _update_tenant, zones.delete_tenant),
    "view": _Edits(zones.create_view, zones.update_view, zones.delete_view),
    "nameserver": _Edits(zones.create_nameserver, zones.update_nameserver, zones.delete_nameserver),
    "zone": _Edits(zones.create_zone, zones.update_zone, zones.delete_zone),
    "record": _Edits(records.create_record, records.update_record, records.delete_record),
    "webhook": _Edits(hooks.create_webhook, hooks.update_webhook, hooks.delete_webhook),
    "eventrule": _Edits(hooks.create_event_rule, hooks.update_event_rule, hooks.delete_event_rule),
}


def create(tx: Transaction, kind: Kind, data: Any, allowed: Test | None) -> Any:
    """Make one object, or the objects of a list, and return it or them; raises `Refusal`, and nothing is made then."""
    if not isinstance(data, list):
        return _create_one(tx, kind, data, allowed)
    made = _each(
        tx,
        [("index", number, each) for number, each in enumerate(data)],
        lambda each: _create_one(tx, kind, each, allowed),
        "created",
    )
    table = tx.inventory.table(kind)
    return [table[row.id] for row in made]


def update(tx: Transaction, kind: Kind, number: int, data: Any, allowed: Test | None, *, whole: bool = False) -> Any:
    """Change one object and return it; *whole* (PUT) is to name all that is required. Raises `Refusal`."""
    before = _there(tx.inventory, kind, number, allowed)
    given = read(tx.inventory, kind, data, partial=not whole)
    after = _EDITS[kind.name].update(tx, before, msgspec.structs.replace(before, **_whole(kind, given, before)))
    if allowed is not None and not allowed(after):
        raise forbidden()
    return tx.inventory.table(kind)[number]


def delete(tx: Transaction, kind: Kind, number: int, allowed: Test | None) -> None:
    """Delete one object; raises `Refusal`."""
    _EDITS[kind.name].delete(tx, _there(tx.inventory, kind, number, allowed))


def update_many(tx: Transaction, kind: Kind, data: Any, allowed: Test | None) -> list[Any]:
    """Change the objects of a list, each named by its id, and return them; raises `Refusal`, and nothing is changed then."""
    bodies = _listed(tx.inventory, kind, data, allowed)
    changed = _each(
        tx,
        [("id", number, body) for number, body in bodies.items()],
        lambda body: update(tx, kind, body["id"], body, allowed),
        "updated",
    )
    return [tx.inventory.table(kind)[row.id] for row in changed]


def delete_many(tx: Transaction, kind: Kind, data: Any, allowed: Test | None) -> None:
    """Delete the objects of a list, each named by its id; raises `Refusal`, and nothing is deleted then."""
    bodies = _listed(tx.inventory, kind, data, allowed)
    _each(
        tx,
        [("id", number, number) for number in bodies],
        lambda number: delete(tx, kind, number, allowed),
        "deleted",
    )


def _create_one(tx: Transaction, kind: Kind, data: Any, allowed: Test | None) -> Any:
    given = read(tx.inventory, kind, data, partial=False)
    if kind.name == "zone":
        given = _new_zone(tx.inventory, given)
    made = _EDITS[kind.name].create(tx, FIELDS[kind.name].model(**given))
    if allowed is not None and not allowed(made):
        raise forbidden()
    return made


def _new_zone(inventory: Inventory, given: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a new zone with those that have no fixed default."""
    wrong = {}
    if "soa_mname" not in given:
        wrong["soa_mname"] = ["soa_mname not set and no template or default value defined"]
    if not given.get("soa_rname"):
        wrong["soa_rname"] = [
            "This field cannot be blank.",
            "soa_rname not set and no template or default value defined",
        ]
    if wrong:
        raise Refusal(400, wrong)
    default = next(view.id for view in inventory.views if view.default_view)
    return {"view": default, **{name: value for name, value in given.items() if value is not None}}


def _whole(kind: Kind, given: dict[str, Any], before: Any) -> dict[str, Any]:
    """Return *given* with what null stands for."""
    if kind.name == "zone" and isinstance(before, Zone) and given.get("soa_serial", 0) is None:
        return {**given, "soa_serial": before.soa_serial}
    return given


def _there(inventory: Inventory, kind: Kind, number: int, allowed: Test | None) -> Any:
    row = inventory.table(kind).get(number)
    if row is None or (allowed is not None and not allowed(row)):
        raise detail(404, f"No {kind.title} matches the given query.")
    return row


def _listed(inventory: Inventory, kind: Kind, data: Any, allowed: Test | None) -> dict[int, Any]:
    """Return the bodies of a list by the ids that they name; raises `Refusal`."""
    if data is None:
        raise detail(400, "Expected a list of objects, but no data was submitted.")
    if not isinstance(data, list):
        raise detail(400, f"Expected a list of objects, but got {type(data).__name__}.")
    nameless = [
        {"index": number, "errors": {"id": ["This field is required."]}}
        for number, body in enumerate(data)
        if not isinstance(body, dict) or not isinstance(body.get("id"), int)
    ]
    _refuse_some(nameless, len(data), "failed validation")
    table = inventory.table(kind)
    missing = []
    for body in data:
        row = table.get(body["id"])
        if row is None or (allowed is not None and not allowed(row)):
            why = {"id": [f"Object with ID {body['id']} does not exist"]}
            missing.append({"id": body["id"], "errors": why})
    _refuse_some(missing, len(data), "could not be found")
    return {body["id"]: body for body in data}


def _each(tx: Transaction, items: Sequence[tuple[str, int, Any]], edit: Callable[[Any], Any], done: str) -> list[Any]:
    """Edit each of *items* (what names it, its number, what *edit* is given); raises `Refusal` that names every bad one."""
    results, refused = [], []
    for named, number, item in items:
        mark = tx.mark
        try:
            results.append(edit(item))
        except Refusal as refusal:
            if refusal.status != 400:
                raise
            tx.take_back(mark)
            why = refusal.body
            errors = {"__all__": [why["detail"]]} if isinstance(why, dict) and "detail" in why else why
            refused.append({named: number, "errors": errors})
    _refuse_some(refused, len(items), f"could not be {done}")
    return results


def _refuse_some(refused: Sequence[Any], of: int, why: str) -> None:
    if refused:
        raise Refusal(400, {"detail": f"{len(refused)} of {of} objects {why}.", "errors": list(refused)})
