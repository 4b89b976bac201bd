"""What an object's state before and after an edit means as hints."""

from __future__ import annotations

from typing import Any

import pytest

from netbox_pdns.sync.hints import WHOLE, Scope
from netbox_pdns.triggers.meaning import NAMESERVER, NOTHING, RECORD, VIEW, ZONE, Meaning, meant

NAMES = {1: "example.com.", 2: "example.net."}
A_RECORD = {"zone": 1, "fqdn": "WWW.example.com.", "type": "A", "value": "192.0.2.1", "status": "active", "ttl": None}
A_ZONE = {
    "name": "Example.com",
    "view": 1,
    "status": "active",
    "default_ttl": 3600,
    "nameservers": [1, 2],
    "soa_serial": 7,
    "soa_serial_auto": True,
    "soa_mname": 1,
    "soa_refresh": 43200,
    "tags": [],
    "description": "",
}
AN_SOA = {**A_RECORD, "fqdn": "example.com.", "type": "SOA", "value": "ns1.example.com. h.example.com. 7 1 2 3 4"}


def record(**changed: Any) -> dict[str, Any]:
    return {**A_RECORD, **changed}


def zone(**changed: Any) -> dict[str, Any]:
    return {**A_ZONE, **changed}


def soa(**changed: Any) -> dict[str, Any]:
    return {**AN_SOA, **changed}


def at(*keys: tuple[str, str]) -> Scope:
    return Scope(frozenset(keys))


WWW = at(("www.example.com.", "A"))
EVERYWHERE = Meaning(everywhere=True)

RECORDS = [
    pytest.param({}, record(), {"example.com.": WWW}, id="made"),
    pytest.param(None, record(), {"example.com.": WWW}, id="made-as-webhooks-write-it"),
    pytest.param(record(), {}, {"example.com.": WWW}, id="deleted"),
    pytest.param(record(), record(value="192.0.2.2"), {"example.com.": WWW}, id="another-value"),
    pytest.param(record(), record(status="inactive"), {"example.com.": WWW}, id="another-status"),
    pytest.param(
        record(),
        record(fqdn="mail.example.com."),
        {"example.com.": at(("www.example.com.", "A"), ("mail.example.com.", "A"))},
        id="renamed",
    ),
    pytest.param(
        record(),
        record(type="AAAA", value="2001:db8::1"),
        {"example.com.": at(("www.example.com.", "A"), ("www.example.com.", "AAAA"))},
        id="another-type",
    ),
    pytest.param(
        record(),
        record(zone=2, fqdn="www.example.net."),
        {"example.com.": WWW, "example.net.": at(("www.example.net.", "A"))},
        id="moved-to-another-zone",
    ),
    pytest.param(
        record(fqdn="www.old.example."), {}, {"example.com.": WHOLE}, id="a-name-from-before-its-zone-s-rename"
    ),
    pytest.param({}, record(fqdn="a..b."), {"example.com.": WHOLE}, id="a-name-that-is-none"),
    pytest.param({}, record(type="NOTYPE"), {"example.com.": WHOLE}, id="a-type-that-is-none"),
    pytest.param({}, {"zone": 1}, {"example.com.": WHOLE}, id="neither-name-nor-type"),
    pytest.param(
        {}, record(type="TYPE65280"), {"example.com.": at(("www.example.com.", "TYPE65280"))}, id="unknown-type"
    ),
    pytest.param(soa(), soa(value=AN_SOA["value"].replace(" 7 ", " 8 ")), {}, id="soa-with-another-serial"),
    pytest.param({}, soa(), {}, id="soa-made-with-its-zone"),
    pytest.param(soa(), {}, {}, id="soa-deleted-with-its-zone"),
    pytest.param(
        soa(),
        soa(value=AN_SOA["value"].replace("ns1", "ns9")),
        {"example.com.": at(("example.com.", "SOA"))},
        id="soa-with-a-renamed-nameserver",
    ),
]


@pytest.mark.parametrize(("before", "after", "zones"), RECORDS)
def test_a_record_is_its_rrset_before_and_after(
    before: dict[str, Any] | None, after: dict[str, Any], zones: dict[str, Scope]
) -> None:
    """Canonical names and types, in the zones that it was and is in."""
    assert meant(RECORD, before, after, NAMES) == Meaning(zones)


def test_a_record_of_a_zone_without_a_name_may_be_anywhere() -> None:
    """The id is told, for whoever can find the name; what is known is said."""
    moved = meant(RECORD, record(), record(zone=9), NAMES)
    assert moved == Meaning({"example.com.": WWW}, everywhere=True, unknown=frozenset({9}))
    assert meant(RECORD, {}, record(zone=None), NAMES) == EVERYWHERE


ZONES = [
    pytest.param({}, zone(), {"example.com.": WHOLE}, id="made"),
    pytest.param(zone(), None, {"example.com.": WHOLE}, id="deleted"),
    pytest.param(zone(), zone(name="new.example"), {"example.com.": WHOLE, "new.example.": WHOLE}, id="renamed"),
    pytest.param(zone(), zone(default_ttl=60), {"example.com.": WHOLE}, id="default-ttl"),
    pytest.param(zone(), zone(status="parked"), {"example.com.": WHOLE}, id="status"),
    pytest.param(zone(), zone(nameservers=[1]), {"example.com.": WHOLE}, id="nameservers"),
    pytest.param(zone(), zone(view=2), {"example.com.": WHOLE}, id="view"),
    pytest.param(zone(), zone(tags=["dns"]), {"example.com.": WHOLE}, id="tags-may-select-it"),
    pytest.param(zone(), zone(default_ttl=60, soa_serial=8), {"example.com.": WHOLE}, id="default-ttl-and-serial"),
    pytest.param(zone(), zone(soa_serial=8, last_updated="2026"), {}, id="serial-alone"),
    pytest.param(zone(), zone(description="ours"), {}, id="description-alone"),
    pytest.param(zone(), zone(soa_refresh=1), {"example.com.": at(("example.com.", "SOA"))}, id="timers-of-its-soa"),
    pytest.param(
        zone(soa_serial_auto=False),
        zone(soa_serial_auto=False, soa_serial=8),
        {"example.com.": at(("example.com.", "SOA"))},
        id="serial-set-by-hand",
    ),
]


@pytest.mark.parametrize(("before", "after", "zones"), ZONES)
def test_a_zone_is_the_whole_of_it_but_for_its_serial(
    before: dict[str, Any], after: dict[str, Any] | None, zones: dict[str, Scope]
) -> None:
    """Each record edit raises the serial: an entry about it alone says nothing that the record's entry does not."""
    assert meant(ZONE, before, after, {}) == Meaning(zones)


@pytest.mark.parametrize("type", [NAMESERVER, VIEW])
def test_a_nameserver_or_view_may_concern_any_zone(type: str) -> None:
    """But for a new one, and for a note on one."""
    there = {"name": "ns1.example.com", "description": ""}
    assert meant(type, there, {**there, "name": "ns2.example.com"}, {}) == EVERYWHERE
    assert meant(type, there, {}, {}) == EVERYWHERE
    assert meant(type, {}, there, {}) == NOTHING
    assert meant(type, there, {**there, "description": "new"}, {}) == NOTHING


def test_other_objects_mean_nothing() -> None:
    """Whatever they are called."""
    assert not meant("ipam.prefix", {}, record(), NAMES)


def test_a_zone_whose_name_cannot_be_told_may_be_any() -> None:
    """Rather than be forgotten."""
    assert meant(ZONE, {}, zone(name="a..b"), {}) == EVERYWHERE
