"""What requests do to zones as such: making them, their settings, metadata and keys."""

from __future__ import annotations

import base64
import ipaddress
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from netbox_pdns.sandbox.powerdns import changes
from netbox_pdns.sandbox.powerdns.documents import text_in
from netbox_pdns.sandbox.powerdns.errors import ApiError
from netbox_pdns.sandbox.powerdns.names import owner_name
from netbox_pdns.sandbox.powerdns.zones import RRset, Zone, Zones

_KINDS = {
    "NATIVE": "Native",
    "MASTER": "Master",
    "PRIMARY": "Master",
    "SLAVE": "Slave",
    "SECONDARY": "Slave",
    "PRODUCER": "Producer",
    "CONSUMER": "Consumer",
}
_FED_BY_OTHERS = frozenset({"Slave", "Consumer"})
_DEFAULT_SOA = "a.misconfigured.dns.server.invalid. hostmaster.@ 0 10800 3600 604800 3600"
_DEFAULT_TTL = 3600
_SETTINGS = {"soa_edit": "SOA-EDIT", "soa_edit_api": "SOA-EDIT-API", "nsec3param": "NSEC3PARAM"}
_SWITCHES = {"api_rectify": "API-RECTIFY", "nsec3narrow": "NSEC3NARROW"}
_KINDS_TO_WRITE = frozenset(
    {
        "ALLOW-AXFR-FROM",
        "ALLOW-DNSUPDATE-FROM",
        "ALSO-NOTIFY",
        "AXFR-SOURCE",
        "FORWARD-DNSUPDATE",
        "GSS-ACCEPTOR-PRINCIPAL",
        "GSS-ALLOW-AXFR-PRINCIPAL",
        "IXFR",
        "NOTIFY-DNSUPDATE",
        "PUBLISH-CDNSKEY",
        "PUBLISH-CDS",
        "SLAVE-RENOTIFY",
        "SOA-EDIT",
        "SOA-EDIT-DNSUPDATE",
        "TSIG-ALLOW-DNSUPDATE",
    }
)
_KINDS_TO_READ = _KINDS_TO_WRITE | {"AXFR-MASTER-TSIG", "LUA-AXFR-SCRIPT", "NSEC3NARROW", "NSEC3PARAM", "PRESIGNED"}


def created(
    zones: Zones, document: Mapping[str, Any], content: Sequence[changes.Change], defaults: Mapping[str, str]
) -> Zone:
    """Make a zone and return it; raises `ApiError` and makes nothing."""
    name = owner_name(text_in(document, "name"))
    if name in zones.by_name:
        raise ApiError("Conflict", status=409)
    zone = Zone(name, _kind(text_in(document, "kind")), defaults)
    nameservers = document.get("nameservers")
    if isinstance(nameservers, list) and nameservers and any((c.name, c.type) == (name, "NS") for c in content):
        raise ApiError("Nameservers list MUST NOT be mixed with zone-level NS in rrsets")
    zone.metadata["SOA-EDIT-API"] = ("DEFAULT",)
    _set_fields(zone, document)
    changes.fill(zone, [*content, *_apex(zone, nameservers, content)])
    _sign(zone, document)
    zones.by_name[name] = zone
    return zone


def update(zone: Zone, document: Mapping[str, Any]) -> None:
    """Change settings of the zone; raises `ApiError`."""
    if "kind" in document:
        zone.kind = _kind(text_in(document, "kind"))
    _set_fields(zone, document)
    if _sign(zone, document) or "nsec3param" in document:
        if zone.rectifies:
            zone.rectify()
        zone.move_serial()


def metadata_of(zone: Zone, kind: str) -> tuple[str, ...]:
    """Return the values of a kind that the API shows; raises `ApiError` for others."""
    _must_be_in(_KINDS_TO_READ, kind)
    return zone.metadata.get(kind, ())


def set_metadata(zone: Zone, kind: str, document: Mapping[str, Any], *, add: bool = False) -> tuple[str, ...]:
    """Replace the values of a kind, or *add* to them, and return what is there; raises `ApiError`."""
    _must_be_in(_KINDS_TO_WRITE, kind)
    values = document.get("metadata")
    if not isinstance(values, list):
        raise ApiError("metadata is not specified or not an array")
    before = zone.metadata.get(kind, ()) if add else ()
    zone.metadata[kind] = (*before, *map(str, values))
    if not zone.metadata[kind]:
        del zone.metadata[kind]
    return zone.metadata.get(kind, ())


def delete_metadata(zone: Zone, kind: str) -> None:
    """Remove a kind; raises `ApiError` for those that the API does not change."""
    _must_be_in(_KINDS_TO_WRITE, kind)
    zone.metadata.pop(kind, None)


def key_documents(zone: Zone) -> list[dict[str, Any]]:
    """Return the keys of a zone that is marked as signed."""
    about = {"type": "Cryptokey", "keytype": "csk", "flags": 257, "algorithm": "ECDSAP256SHA256", "bits": 256}
    return [
        {**about, "id": number, "active": True, "published": True, "dnskey": key}
        for number, key in enumerate(zone.keys, 1)
    ]


def _must_be_in(kinds: frozenset[str], kind: str) -> None:
    if kind not in kinds and not kind.startswith("X-"):
        raise ApiError(f"Unsupported metadata kind '{kind}'")


def _kind(text: str) -> str:
    return _KINDS.get(text.upper(), "Native")


def _set_fields(zone: Zone, document: Mapping[str, Any]) -> None:
    if "account" in document:
        zone.account = text_in(document, "account")
    if "catalog" in document:
        zone.catalog = text_in(document, "catalog")
    if isinstance(document.get("masters"), list):
        zone.masters = tuple(map(_master, document["masters"]))
    for key, kind in _SETTINGS.items():
        if isinstance(value := document.get(key), str):
            zone.metadata[kind] = (value,)
    for key, kind in _SWITCHES.items():
        if isinstance(switch := document.get(key), bool):
            zone.metadata[kind] = ("1" if switch else "0",)


def _master(address: str) -> str:
    host = address.rsplit(":", 1)[0] if address.count(":") == 1 else address
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        why = f"Unable to convert presentation address '{address}'"
        raise ApiError(f"Master ({address}) is not an IP address: {why}") from error
    return address


def _sign(zone: Zone, document: Mapping[str, Any]) -> bool:
    """Mark the zone as signed, or no longer so; tell whether that is a change. Nothing is signed for it."""
    wanted = document.get("dnssec")
    if not isinstance(wanted, bool) or wanted == bool(zone.keys):
        return False
    key = base64.b64encode(secrets.token_bytes(64)).decode("ascii")
    zone.keys = (f"257 3 13 {key}",) if wanted else ()
    return True


def _apex(zone: Zone, nameservers: Any, content: Sequence[changes.Change]) -> list[changes.Change]:
    """Return the SOA and NS that a new zone gets where it brings none."""
    apex: list[changes.Change] = []
    if zone.kind not in _FED_BY_OTHERS and not any(each.type == "SOA" for each in content):
        soa = RRset(_DEFAULT_TTL, (_DEFAULT_SOA.replace("@", zone.name.lstrip(".")),))
        apex.append(changes.Change(zone.name, "SOA", "REPLACE", soa))
    if isinstance(nameservers, list) and nameservers:
        ns = RRset(_DEFAULT_TTL, tuple(sorted(map(_nameserver, nameservers))))
        apex.append(changes.Change(zone.name, "NS", "REPLACE", ns))
    return apex


def _nameserver(name: Any) -> str:
    if not isinstance(name, str):
        raise ApiError("Nameservers must be strings")
    if not name.endswith("."):
        raise ApiError(f"Nameserver is not canonical: '{name}'")
    return name
