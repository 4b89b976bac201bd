"""Objects as the change log has them in `prechange_data` and `postchange_data`."""

from __future__ import annotations

from typing import Any

import msgspec

from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.objects import EventRule, Nameserver, Object, Record, Tag, Tenant, View, Webhook, Zone
from netbox_pdns.sandbox.netbox.values import address_of, arpa_network

_UNLOGGED = {"id", "created", "last_updated"}


def logged(inventory: Inventory, row: Object | None) -> dict[str, Any]:
    """Return what an entry says of *row*; nothing for what was not there or not noted."""
    if row is None:
        return {}
    data = {name: value for name, value in msgspec.structs.asdict(row).items() if name not in _UNLOGGED}
    if isinstance(row, Tag):
        return {**data, "owner": None, "weight": 1000, "object_types": []}
    tags = (inventory.tags.get(number) for number in row.tags)
    common = {**data, "tags": [tag.name for tag in tags if tag is not None], "owner": None, "custom_fields": {}}
    return {**common, **_more(inventory, row)}


def _more(
    inventory: Inventory, row: Tenant | View | Nameserver | Zone | Record | Webhook | EventRule
) -> dict[str, Any]:
    """Return the attributes of the real one that the sandbox works out or does not keep."""
    if isinstance(row, Record):
        return {"ip_address": _address(inventory, row), "ipam_ip_address": None, "external_rfc2317_zone": None}
    if isinstance(row, Zone):
        empty = ("tech_c", "admin_c", "billing_c", "registrar", "registrant", "dnssec_policy", "domain_status")
        return {
            **dict.fromkeys((*empty, "expiration_date", "registry_domain_id")),
            "nameservers": list(row.nameservers),
            "arpa_network": arpa_network(row.name),
            "parental_agents": [],
        }
    if isinstance(row, View):
        return {"prefixes": [], "ip_address_filter": None}
    return {"group": None} if isinstance(row, Tenant) else {}


def _address(inventory: Inventory, row: Record) -> str | None:
    if row.is_address:
        return row.value
    if row.type != "PTR":
        return None
    zone = inventory.zones.get(row.zone)
    if zone is not None and zone.rfc2317_prefix is not None:
        return f"{zone.rfc2317_prefix.rpartition('.')[0]}.{row.name}"
    return address_of(row.fqdn)
