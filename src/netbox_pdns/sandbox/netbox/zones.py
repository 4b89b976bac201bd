"""Views, nameservers and zones as the plugin makes, changes and deletes them."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from netbox_pdns.sandbox.netbox.objects import Nameserver, Record, Tag, Tenant, View, Zone
from netbox_pdns.sandbox.netbox.pointers import drop_aliases, drop_pointers, lead, pointed_from, repoint
from netbox_pdns.sandbox.netbox.records import renamed
from netbox_pdns.sandbox.netbox.refusals import Refusal, detail, invalid
from netbox_pdns.sandbox.netbox.serials import (
    drop_nameserver,
    grows,
    serial_of_edit,
    touch,
    write_nameservers,
    write_soa,
)
from netbox_pdns.sandbox.netbox.transaction import Transaction
from netbox_pdns.sandbox.netbox.values import arpa_network, check_mailbox, nameserver_name, zone_name

_WITHOUT_SERIAL = frozenset({"description", "status", "rfc2317_parent_managed", "tenant", "comments"})
"""Attributes of a zone whose edit leaves the serial alone."""
_WHERE = frozenset({"name", "view", "status"})


def create_zone(tx: Transaction, given: Zone) -> Zone:
    """Make the zone *given* with its SOA and NS records, and the PTR records that belong into it."""
    zone = _checked(tx, given)
    if zone.soa_serial_auto:
        zone = msgspec.structs.replace(zone, soa_serial=math.ceil(time.time()))
    made = tx.insert(tx.inventory.zones, zone)
    _bring_pointers(tx, made)
    write_soa(tx, tx.inventory.zones[made.id])
    write_nameservers(tx, made.id)
    return tx.inventory.zones[made.id]


def update_zone(tx: Transaction, before: Zone, given: Zone) -> Zone:
    """Change the zone *before* to what is *given*, and what comes of it."""
    after = _checked(tx, given)
    _check_serial(before, after)
    changed = {each for each in Zone.__struct_fields__ if getattr(before, each) != getattr(after, each)}
    if not changed:
        return before
    if after.soa_serial_auto and changed - _WITHOUT_SERIAL - {"nameservers", "tags"}:
        after = msgspec.structs.replace(after, soa_serial=serial_of_edit(tx, before))
    kept = tx.update(tx.inventory.zones, before, after)
    if "name" in changed:
        for record in tx.inventory.records.of_zone(kept.id):
            if record.type != "SOA":
                renamed(tx, tx.inventory.records[record.id], kept)
        touch(tx, kept.id)
    if changed & (_WHERE | {"rfc2317_prefix", "rfc2317_parent_managed"}):
        _bring_pointers(tx, kept)
        _look_anew(tx, kept)
    write_soa(tx, tx.inventory.zones[kept.id])
    if "nameservers" in changed:
        write_nameservers(tx, kept.id)
    return tx.inventory.zones[kept.id]


def delete_zone(tx: Transaction, zone: Zone) -> None:
    """Delete the zone with its records, and the PTR and CNAME records elsewhere that come of them."""
    drop_pointers(tx, zone)
    drop_aliases(tx, zone)
    addresses = [row for row in pointed_from(tx, zone) if row.zone != zone.id]
    for record in tx.inventory.records.of_zone(zone.id):
        tx.delete(tx.inventory.records, record)
    tx.delete(tx.inventory.zones, zone)
    for row in addresses:
        address = tx.inventory.records[row.id]
        if address.ptr_record is not None and tx.inventory.records.get(address.ptr_record) is None:
            bare = msgspec.structs.replace(address, ptr_record=None)
            repoint(tx, tx.keep(tx.inventory.records, address, bare))
    for child in tx.inventory.zones.rfc2317:
        if child.rfc2317_parent_zone == zone.id:
            update_zone(tx, child, _with_parent(tx, child))


def create_nameserver(tx: Transaction, given: Nameserver) -> Nameserver:
    """Make the nameserver *given*."""
    return tx.insert(tx.inventory.nameservers, _checked_nameserver(tx, given))


def update_nameserver(tx: Transaction, before: Nameserver, given: Nameserver) -> Nameserver:
    """Change a nameserver, and the SOA and NS records that name it."""
    after = _checked_nameserver(tx, given)
    if after == before:
        return before
    kept = tx.update(tx.inventory.nameservers, before, after)
    if kept.name != before.name:
        for zone in list(tx.inventory.zones):
            if zone.soa_mname == kept.id:
                write_soa(tx, zone)
        for zone in list(tx.inventory.zones):
            if kept.id in zone.nameservers:
                write_nameservers(tx, zone.id)
    return kept


def delete_nameserver(tx: Transaction, nameserver: Nameserver) -> None:
    """Delete a nameserver and its NS records; raises `Refusal` where a zone's SOA names it."""
    _refuse_dependents(tx, [zone for zone in tx.inventory.zones if zone.soa_mname == nameserver.id])
    zones = [zone for zone in tx.inventory.zones if nameserver.id in zone.nameservers]
    for zone in zones:
        drop_nameserver(tx, zone, nameserver.name)
    tx.delete(tx.inventory.nameservers, nameserver)
    for zone in zones:
        left = tuple(each for each in zone.nameservers if each != nameserver.id)
        tx.update(tx.inventory.zones, zone, msgspec.structs.replace(zone, nameservers=left))


def create_view(tx: Transaction, given: View) -> View:
    """Make the view *given*."""
    _refuse_double_view(tx, given)
    return tx.insert(tx.inventory.views, given)


def update_view(tx: Transaction, before: View, given: View) -> View:
    """Change a view."""
    _refuse_double_view(tx, given)
    return before if given == before else tx.update(tx.inventory.views, before, given)


def delete_view(tx: Transaction, view: View) -> None:
    """Delete a view; raises `Refusal` for the default one, and where it has zones."""
    if view.default_view:
        raise detail(400, "The default view cannot be deleted")
    _refuse_dependents(tx, [zone for zone in tx.inventory.zones if zone.view == view.id])
    tx.delete(tx.inventory.views, view)


def delete_tenant(tx: Transaction, tenant: Tenant) -> None:
    """Delete a tenant; raises `Refusal` where it has objects."""
    tables = (tx.inventory.views, tx.inventory.nameservers, tx.inventory.zones, tx.inventory.records)
    _refuse_dependents(tx, [row for table in tables for row in table if row.tenant == tenant.id])
    tx.delete(tx.inventory.tenants, tenant)


def delete_tag(tx: Transaction, tag: Tag) -> None:
    """Delete a tag from all objects that have it."""
    inventory = tx.inventory
    tables: Sequence[Any] = (
        inventory.tenants,
        inventory.views,
        inventory.nameservers,
        inventory.zones,
        inventory.records,
        inventory.webhooks,
        inventory.eventrules,
    )
    for table in tables:
        for row in [row for row in table if tag.id in row.tags]:
            left = tuple(each for each in row.tags if each != tag.id)
            tx.keep(table, row, msgspec.structs.replace(row, tags=left))
    tx.delete(tx.inventory.tags, tag)


def _checked(tx: Transaction, given: Zone) -> Zone:
    zone = msgspec.structs.replace(given, name=zone_name(given.name))
    check_mailbox(zone.soa_rname)
    double = tx.inventory.zones.named(zone.view, zone.name.lower())
    if double is not None and double.id != zone.id:
        raise invalid("__all__", "There is already a zone with the same name in this view")
    if zone.rfc2317_prefix is None:
        return msgspec.structs.replace(zone, rfc2317_parent_managed=False, rfc2317_parent_zone=None)
    if arpa_network(zone.name) is not None:
        raise invalid("rfc2317_prefix", "A regular reverse zone can not be used as an RFC2317 zone.")
    network = ipaddress.ip_network(zone.rfc2317_prefix)
    for other in tx.inventory.zones.rfc2317:
        beside = other.id != zone.id and other.view == zone.view and other.active
        if beside and network.overlaps(ipaddress.ip_network(other.rfc2317_prefix or "")):
            raise invalid("rfc2317_prefix", f"RFC2317 prefix overlaps with zone {tx.inventory.printed(other)}.")
    if zone.rfc2317_parent_managed and _parent(tx, zone) is None:
        raise invalid("rfc2317_parent_managed", f"Parent zone not found in view {tx.inventory.views[zone.view].name}.")
    return _with_parent(tx, zone)


def _parent(tx: Transaction, zone: Zone) -> Zone | None:
    """Return the reverse zone above an RFC 2317 zone's prefix, None where there is none."""
    octets = (zone.rfc2317_prefix or "").split(".")[:3]
    names = (".".join([*reversed(octets[:length]), "in-addr.arpa"]) for length in (3, 2, 1))
    return next((found for name in names if (found := tx.inventory.zones.named(zone.view, name)) is not None), None)


def _with_parent(tx: Transaction, zone: Zone) -> Zone:
    parent = _parent(tx, zone) if zone.rfc2317_parent_managed else None
    return msgspec.structs.replace(
        zone,
        rfc2317_parent_managed=parent is not None,
        rfc2317_parent_zone=None if parent is None else parent.id,
    )


def _check_serial(before: Zone, after: Zone) -> None:
    if not after.soa_serial_auto and not grows(before.soa_serial, after.soa_serial):
        raise invalid("soa_serial", f"soa_serial must not decrease for zone {after.name}.")
    if after.soa_serial_auto and not before.soa_serial_auto and not grows(before.soa_serial, math.ceil(time.time())):
        why = f"Enabling soa_serial_auto would decrease soa_serial for zone {after.name}."
        raise invalid("soa_serial_auto", why)


def _bring_pointers(tx: Transaction, zone: Zone) -> None:
    """Look anew for the PTR records that are in a reverse zone or belong into it, and for the CNAME records to them."""
    if not zone.name.lower().endswith(".arpa") and zone.rfc2317_prefix is None:
        return
    for record in pointed_from(tx, zone):
        repoint(tx, tx.inventory.records[record.id], touching=False)
    if zone.rfc2317_prefix is not None:
        for record in tx.inventory.records.of_zone(zone.id):
            if record.type == "PTR":
                lead(tx, tx.inventory.records[record.id])
    for child in tx.inventory.zones.rfc2317:
        if child.rfc2317_parent_managed and child != _with_parent(tx, child):
            update_zone(tx, child, _with_parent(tx, child))


def _look_anew(tx: Transaction, zone: Zone) -> None:
    """Look anew for the PTR records of a zone's own addresses."""
    for record in tx.inventory.records.of_zone(zone.id):
        if record.is_address:
            repoint(tx, tx.inventory.records[record.id])


def _checked_nameserver(tx: Transaction, given: Nameserver) -> Nameserver:
    nameserver = msgspec.structs.replace(given, name=nameserver_name(given.name))
    names = {row.name.lower() for row in tx.inventory.nameservers if row.id != nameserver.id}
    if nameserver.name.lower() in names:
        raise invalid("__all__", "There is already a nameserver with this name")
    return nameserver


def _refuse_double_view(tx: Transaction, given: View) -> None:
    if any(row.name == given.name and row.id != given.id for row in tx.inventory.views):
        raise invalid("name", "View with this Name already exists.")


def _refuse_dependents(tx: Transaction, rows: Sequence[View | Nameserver | Zone | Record]) -> None:
    if rows:
        found = ", ".join(f"{tx.inventory.printed(row)} ({row.id})" for row in rows)
        raise Refusal(409, {"detail": f"Unable to delete object. {len(rows)} dependent objects were found: {found}"})
