"""The JSON of the API: fields of requests, and what answers are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from netbox_pdns.sandbox.powerdns.errors import ApiError
from netbox_pdns.sandbox.powerdns.zones import RRset, Zone

VERSION = "4.7.3"
SERVER = "/api/v1/servers/localhost"
_PLAIN_IN_IDS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-")


def text_in(document: Any, key: str) -> str:
    """Return a text of *document*; raises `ApiError` where there is none."""
    value = document.get(key) if isinstance(document, dict) else None
    if not isinstance(value, str):
        raise ApiError(f"Key '{key}' not present or not a String")
    return value


def number_in(document: Mapping[str, Any], key: str) -> int:
    """Return a whole number of *document*, which may be written as a text; raises `ApiError` where there is none."""
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ApiError(f"Key '{key}' not an Integer or not present")
    try:
        return int(value)
    except ValueError as error:
        raise ApiError(status=500) from error


def server_document() -> dict[str, Any]:
    """Return what the server says of itself."""
    return {
        "type": "Server",
        "id": "localhost",
        "daemon_type": "authoritative",
        "version": VERSION,
        "url": SERVER,
        "config_url": f"{SERVER}/config{{/config_setting}}",
        "zones_url": f"{SERVER}/zones{{/zone}}",
        "autoprimaries_url": f"{SERVER}/autoprimaries{{/autoprimary}}",
    }


def zone_id(name: str) -> str:
    """Return a zone's name as it stands in paths: `=` and two digits for what is not plain, and for the root."""
    if name == ".":
        return "=2E"
    return "".join(character if character in _PLAIN_IN_IDS else f"={ord(character):02X}" for character in name)


def zone_line(zone: Zone, *, dnssec: bool = True) -> dict[str, Any]:
    """Return a zone as the list shows it; without *dnssec* what takes a look at its keys is left out."""
    line = {
        "id": zone_id(zone.name),
        "name": zone.name,
        "kind": zone.kind,
        "url": f"{SERVER}/zones/{zone_id(zone.name)}",
        "account": zone.account,
        "catalog": zone.catalog,
        "masters": list(zone.masters),
        "serial": zone.serial,
        "notified_serial": zone.notified_serial,
        "last_check": 0,
    }
    return {**line, "dnssec": bool(zone.keys), "edited_serial": zone.served_serial} if dnssec else line


def zone_document(zone: Zone) -> dict[str, Any]:
    """Return a zone by itself, without its RRsets."""
    return {
        **zone_line(zone),
        "api_rectify": zone.first("API-RECTIFY") == "1",
        "soa_edit": zone.first("SOA-EDIT"),
        "soa_edit_api": zone.first("SOA-EDIT-API"),
        "nsec3param": zone.first("NSEC3PARAM"),
        "nsec3narrow": zone.first("NSEC3NARROW") == "1",
        "master_tsig_key_ids": [],
        "slave_tsig_key_ids": [],
    }


def rrset_documents(found: Iterable[tuple[str, str, RRset]]) -> list[dict[str, Any]]:
    """Return RRsets of owner name, type and records."""
    return [
        {
            "name": name,
            "type": type,
            "ttl": rrset.ttl,
            "records": [
                *({"content": content, "disabled": False} for content in rrset.contents),
                *({"content": content, "disabled": True} for content in rrset.disabled),
            ],
            "comments": [
                {"content": each.content, "account": each.account, "modified_at": each.modified_at}
                for each in rrset.comments
            ],
        }
        for name, type, rrset in found
    ]
