"""What NetBox makes of what is entered, the sandbox's and the real one: managed records, serials, TTLs, kept forms."""

from __future__ import annotations

import math
import secrets
import time
from typing import Any

import pytest
from netbox_servers import DNS, Company, company_fixture, netbox_fixture  # noqa: F401 - fixtures
from servers import eventually


def _settled() -> None:
    """Wait for the next second: serials are seconds."""
    end = math.ceil(time.time()) + 0.02
    eventually(lambda: time.time() > end, timeout=5.0, what="the next second")


def _network() -> tuple[str, str]:
    """Return the first three octets of a network of one's own, and its reverse zone."""
    octets = ["10", str(secrets.randbelow(256)), str(secrets.randbelow(256))]
    return ".".join(octets), ".".join([*reversed(octets), "in-addr.arpa"])


def test_a_new_zone_has_its_soa_and_ns_records(company: Company) -> None:
    """They are managed; the SOA's TTL is the zone's `soa_ttl`, the NS records' the default TTL."""
    zone = company.zone(
        f"{company.word}.example", soa_ttl=1234, soa_refresh=1, soa_retry=2, soa_expire=3, soa_minimum=4
    )
    soa, ns = company.records(zone)
    serial = company.serial(zone)
    value = f"{company.nameserver_name} hostmaster.{company.word}.example. {serial} 1 2 3 4"
    parts = ("name", "type", "value", "ttl", "managed", "fqdn")
    fqdn = f"{company.word}.example."
    assert [soa[part] for part in parts] == ["@", "SOA", value, 1234, True, fqdn]
    assert [ns[part] for part in parts] == ["@", "NS", company.nameserver_name, None, True, fqdn]
    assert abs(serial - time.time()) < 60


def test_defaults_of_a_zone(company: Company) -> None:
    """What a new zone does not say is the plugin's default."""
    body = {"name": f"{company.word}.example", "soa_mname": company.nameserver, "soa_rname": "h.m.example"}
    zone = company.netbox.done("POST", f"{DNS}/zones/", {**body, "view": company.view})
    wanted = {
        "status": "active",
        "active": True,
        "nameservers": [],
        "default_ttl": 86400,
        "soa_ttl": 86400,
        "soa_refresh": 43200,
        "soa_retry": 7200,
        "soa_expire": 2419200,
        "soa_minimum": 3600,
        "soa_serial_auto": True,
    }
    assert {name: zone[name] for name in wanted} == wanted


def test_ns_records_follow_the_nameservers(company: Company) -> None:
    """Those that a zone gets and loses, and those that are renamed; a deleted one goes from its zones."""
    zone, word = company.zone(f"{company.word}.example"), company.word
    second = company.netbox.done("POST", f"{DNS}/nameservers/", {"name": f"ns2.{word}.example"})["id"]
    company.edit("zones", zone, nameservers=[company.nameserver, second])
    assert company.served(zone, "NS") == {("@", "NS", f"ns{n}.{word}.example.") for n in (1, 2)}
    company.edit("nameservers", second, name=f"ns3.{word}.example")
    assert company.served(zone, "NS") == {("@", "NS", f"ns{n}.{word}.example.") for n in (1, 3)}
    company.edit("nameservers", company.nameserver, name=f"ns4.{word}.example")
    (soa,) = company.records(zone, "type=SOA")
    assert soa["value"].startswith(f"ns4.{word}.example. ")
    company.delete("nameservers", second)
    assert company.served(zone, "NS") == {("@", "NS", f"ns4.{word}.example.")}


def test_an_edit_raises_the_serial_to_the_second(company: Company) -> None:
    """Records made, changed and deleted do, and the SOA record says so; an edit that changes nothing does not."""
    zone = company.zone(f"{company.word}.example")
    serials, record = [company.serial(zone)], 0
    for edit in ("create", "update", "same", "delete"):
        _settled()
        if edit == "create":
            record = company.record(zone, "www", "A", "192.0.2.1", disable_ptr=True)
        elif edit == "delete":
            company.delete("records", record)
        else:
            company.edit("records", record, ttl=60)
        serials.append(company.serial(zone))
    first, created, updated, same, deleted = serials
    assert first < created < updated < deleted
    assert same == updated
    (soa,) = company.records(zone, "type=SOA")
    assert soa["value"].split()[2] == str(deleted)


def test_two_edits_within_a_second_leave_one_serial(company: Company) -> None:
    """A list of records is made within a second, or a few: each has no serial of its own."""
    zone = company.zone(f"{company.word}.example")
    rows = [{"zone": zone, "name": f"t{n}", "type": "TXT", "value": "x"} for n in range(20)]
    before = company.serial(zone)
    with company.log() as entries:
        company.netbox.done("POST", f"{DNS}/records/", rows)
    raised = [entry for entry in entries if entry["changed_object_type"] == "netbox_dns.zone"]
    assert len(raised) < 20
    assert company.serial(zone) >= before


def test_the_edit_of_a_default_ttl_leaves_the_serial(company: Company) -> None:
    """The plugin takes the time of the latest edit *before*; a description leaves it too, a new name raises it."""
    zone = company.zone(f"{company.word}.example")
    before = company.serial(zone)
    _settled()
    company.edit("zones", zone, default_ttl=60)
    company.edit("zones", zone, description="what for")
    assert company.serial(zone) == before
    company.edit("zones", zone, name=f"new.{company.word}.example")
    assert company.serial(zone) > before


def test_a_serial_set_by_hand_stays(company: Company) -> None:
    """With `soa_serial_auto` off no edit moves it, it cannot go back, and switching it on takes it to now."""
    zone = company.zone(f"{company.word}.example", soa_serial_auto=False, soa_serial=100)
    company.record(zone, "www", "A", "192.0.2.1", disable_ptr=True)
    assert company.serial(zone) == 100
    company.edit("zones", zone, soa_serial=101)
    back = company.netbox.ask("PATCH", f"{DNS}/zones/{zone}/", {"soa_serial": 99})
    assert back.status_code == 400
    assert back.json() == {"soa_serial": [f"soa_serial must not decrease for zone {company.word}.example."]}
    company.edit("zones", zone, soa_serial_auto=True)
    assert abs(company.serial(zone) - time.time()) < 60


def test_a_pointer_follows_its_address(company: Company) -> None:
    """It is made, renamed, moved to another reverse zone, given the TTL, and taken away with the address."""
    (network, reverse), (second, other) = _network(), _network()
    zone = company.zone(f"{company.word}.example")
    here, there = company.zone(reverse), company.zone(other)
    address = company.record(zone, "www", "A", f"{network}.7", ttl=60)
    (pointer,) = company.records(here, "type=PTR")
    parts = ("name", "value", "ttl", "managed", "fqdn")
    assert [pointer[part] for part in parts] == ["7", f"www.{company.word}.example.", 60, True, f"7.{reverse}."]
    assert [row["id"] for row in pointer["address_records"]] == [address]
    company.edit("records", address, name="web", ttl=90)
    (pointer,) = company.records(here, "type=PTR")
    assert [pointer[part] for part in parts] == ["7", f"web.{company.word}.example.", 90, True, f"7.{reverse}."]
    moved = company.edit("records", address, value=f"{second}.8")
    assert moved["ptr_record"]["id"] == pointer["id"]
    assert company.served(here, "PTR") == set()
    assert company.served(there, "PTR") == {("8", "PTR", f"web.{company.word}.example.")}
    company.delete("records", address)
    assert company.served(there, "PTR") == set()


@pytest.mark.parametrize(
    "change",
    [{"disable_ptr": True}, {"status": "inactive"}, {"name": "*"}],
    ids=["disabled", "inactive", "wildcard"],
)
def test_an_address_without_a_pointer(company: Company, change: dict[str, Any]) -> None:
    """One that refuses it, one out of service, and a wildcard have none; the first two get it back."""
    network, reverse = _network()
    zone, pointers = company.zone(f"{company.word}.example"), company.zone(reverse)
    address = company.record(zone, "www", "A", f"{network}.7")
    company.edit("records", address, **change)
    assert company.served(pointers, "PTR") == set()
    company.edit("records", address, disable_ptr=False, status="active", name="www")
    assert company.served(pointers, "PTR") == {("7", "PTR", f"www.{company.word}.example.")}


def test_a_reverse_zone_brings_the_pointers_and_takes_them(company: Company) -> None:
    """Made after the addresses it has their PTR records, also out of a wider one; deleted, they go back there."""
    network, reverse = _network()
    wide = reverse.partition(".")[2]
    zone, above = company.zone(f"{company.word}.example"), company.zone(wide)
    company.record(zone, "www", "A", f"{network}.7")
    octet = network.split(".")[2]
    pointer = f"www.{company.word}.example."
    assert company.served(above, "PTR") == {(f"7.{octet}", "PTR", pointer)}
    below = company.zone(reverse)
    assert (company.served(above, "PTR"), company.served(below, "PTR")) == (set(), {("7", "PTR", pointer)})
    company.delete("zones", below)
    assert company.served(above, "PTR") == {(f"7.{octet}", "PTR", pointer)}


def test_pointers_of_ipv6(company: Company) -> None:
    """They are made of nibbles."""
    zone, pointers = company.zone(f"{company.word}.example"), company.zone("8.b.d.0.1.0.0.2.ip6.arpa")
    company.record(zone, "www", "AAAA", "2001:DB8::12")
    name = "2.1" + ".0" * 22
    assert company.served(pointers, "PTR") == {(name, "PTR", f"www.{company.word}.example.")}
    assert company.served(zone, "AAAA") == {("www", "AAAA", "2001:db8::12")}


def test_an_rfc2317_zone_has_pointers_and_its_parent_aliases(company: Company) -> None:
    """An address within its prefix has the PTR record there, and a CNAME record above that leads to it."""
    network, reverse = _network()
    zone, parent = company.zone(f"{company.word}.example"), company.zone(reverse)
    before = company.record(zone, "a", "A", f"{network}.20")
    more = {"rfc2317_prefix": f"{network}.16/28", "rfc2317_parent_managed": True}
    child = company.zone(f"16-31.{reverse}", **more)
    company.record(zone, "b", "A", f"{network}.21")
    company.record(zone, "c", "A", f"{network}.99")
    word = company.word
    assert company.served(child, "PTR") == {(str(n), "PTR", f"{x}.{word}.example.") for n, x in ((20, "a"), (21, "b"))}
    aliases = {(str(n), "CNAME", f"{n}.16-31.{reverse}.") for n in (20, 21)}
    assert company.served(parent, "PTR", "CNAME") == {*aliases, ("99", "PTR", f"c.{word}.example.")}
    company.delete("records", before)
    assert company.served(child, "PTR") == {("21", "PTR", f"b.{word}.example.")}
    assert ("20", "CNAME", f"20.16-31.{reverse}.") not in company.served(parent, "CNAME")


def test_a_renamed_zone_renames_its_records(company: Company) -> None:
    """Their absolute names and the PTR records follow, the names below the zone stay."""
    network, reverse = _network()
    zone, pointers = company.zone(f"{company.word}.example"), company.zone(reverse)
    company.record(zone, "www", "A", f"{network}.7")
    company.edit("zones", zone, name=f"new.{company.word}.example")
    names = {(row["name"], row["type"], row["fqdn"]) for row in company.records(zone)}
    fqdn = f"new.{company.word}.example."
    assert names == {("@", "SOA", fqdn), ("@", "NS", fqdn), ("www", "A", f"www.{fqdn}")}
    assert company.served(pointers, "PTR") == {("7", "PTR", f"www.{fqdn}")}


def test_records_of_a_parked_zone_are_not_active(company: Company) -> None:
    """Nor do its addresses have PTR records; in a dynamic one they are."""
    network, reverse = _network()
    zone, pointers = company.zone(f"{company.word}.example"), company.zone(reverse)
    company.record(zone, "www", "A", f"{network}.7")
    assert company.edit("zones", zone, status="parked")["active"] is False
    assert company.served(zone) == company.served(pointers, "PTR") == set()
    assert company.edit("zones", zone, status="dynamic")["active"] is True
    assert ("7", "PTR", f"www.{company.word}.example.") in company.served(pointers, "PTR")


def test_records_of_one_name_and_type_share_a_ttl(company: Company) -> None:
    """A new record without one takes it over, one with another is refused, an edit gives it to all."""
    zone = company.zone(f"{company.word}.example")
    first = company.record(zone, "www", "A", "192.0.2.1", ttl=60, disable_ptr=True)
    company.record(zone, "www", "A", "192.0.2.2", disable_ptr=True)
    assert {row["ttl"] for row in company.records(zone, "type=A")} == {60}
    body = {"zone": zone, "name": "www", "type": "A", "value": "192.0.2.3", "ttl": 70, "disable_ptr": True}
    assert "ttl" in company.netbox.ask("POST", f"{DNS}/records/", body).json()
    company.edit("records", first, ttl=0)
    assert {row["ttl"] for row in company.records(zone, "type=A")} == {0}


@pytest.mark.parametrize(
    ("name", "type", "value", "kept", "absolute"),
    [
        pytest.param("bücher", "TXT", "x", ("xn--bcher-kva", "x"), "x", id="idn"),
        pytest.param("WWW", "A", "192.0.2.1", ("WWW", "192.0.2.1"), "192.0.2.1", id="case-is-kept"),
        pytest.param("@", "MX", "10 mx", ("@", "10 mx"), "10 mx.{zone}", id="apex"),
        pytest.param("a.b", "AAAA", "2001:DB8::1", ("a.b", "2001:db8::1"), "2001:db8::1", id="ipv6"),
        pytest.param("t", "TXT", 'say "hi"', ("t", 'say "hi"'), 'say "hi"', id="quotes-within"),
        pytest.param("t", "TXT", '"a b" "c"', ("t", '"a b" "c"'), '"a b" "c"', id="master-file-form"),
        pytest.param("c", "CNAME", "@", ("c", "@"), "{zone}", id="alias-of-the-apex"),
        pytest.param("c", "CNAME", "bücher", ("c", "xn--bcher-kva"), "xn--bcher-kva.{zone}", id="alias-of-an-idn"),
        pytest.param("s", "SRV", "1 2 3 srv", ("s", "1 2 3 srv"), "1 2 3 srv.{zone}", id="service"),
        pytest.param("h", "HTTPS", "1 . alpn=h2", ("h", '1 . alpn="h2"'), '1 . alpn="h2"', id="https"),
        pytest.param("_dmarc", "TXT", "v=DMARC1", ("_dmarc", "v=DMARC1"), "v=DMARC1", id="underscore"),
        pytest.param("l", "TXT", "x" * 300, ("l", f'"{"x" * 255}" "{"x" * 45}"'), None, id="long-text-is-cut"),
    ],
)
def test_the_form_that_is_kept(
    company: Company, name: str, type: str, value: str, kept: tuple[str, str], absolute: str | None
) -> None:
    """Names in punycode, values as dnspython prints them, text as it was written; `absolute_value` has no relative name."""
    zone = f"{company.word}.example."
    number = company.record(company.zone(zone), name, type, value, disable_ptr=True)
    row = company.netbox.done("GET", f"{DNS}/records/{number}/")
    assert (row["name"], row["value"]) == kept
    assert row["fqdn"] == (zone if kept[0] == "@" else f"{kept[0]}.{zone}")
    assert row["absolute_value"] == (row["value"] if absolute is None else absolute.format(zone=zone))
