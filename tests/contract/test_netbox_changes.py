"""The change log of NetBox, the sandbox's and the real one: what each edit leaves there, and how it is asked."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from netbox_servers import CHANGES, DNS, Company, company_fixture, netbox_fixture  # noqa: F401 - fixtures


def _lines(entries: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Return action, type and printed name of each entry, leaving out zones and SOA records whose serial was raised."""
    lines = {
        (each["action"]["value"], each["changed_object_type"].split(".")[1], each["object_repr"]) for each in entries
    }
    return {line for line in lines if line[0] != "update" or (line[1] != "zone" and "[SOA]" not in line[2])}


def test_a_record_made_changed_and_deleted(company: Company) -> None:
    """One entry each, with the record before and after, the zone by its id."""
    word, zone = company.word, company.zone(f"{company.word}.example")
    with company.log() as entries:
        record = company.record(zone, "www", "A", "192.0.2.1", disable_ptr=True)
        company.edit("records", record, value="192.0.2.2")
        company.delete("records", record)
    about = [
        each for each in entries if each["changed_object_id"] == record and "record" in each["changed_object_type"]
    ]
    assert [each["action"] for each in about] == [
        {"value": "create", "label": "Created"},
        {"value": "update", "label": "Updated"},
        {"value": "delete", "label": "Deleted"},
    ]
    state = {
        "name": "www",
        "fqdn": f"www.{word}.example.",
        "type": "A",
        "value": "192.0.2.1",
        "zone": zone,
        "ttl": None,
        "status": "active",
        "managed": False,
        "disable_ptr": True,
        "ptr_record": None,
        "ip_address": "192.0.2.1",
        "tenant": None,
        "tags": [],
        "owner": None,
        "comments": "",
        "description": "",
        "custom_fields": {},
        "expiration_date": None,
        "ipam_ip_address": None,
        "rfc2317_cname_record": None,
        "external_rfc2317_zone": None,
    }
    changed = {**state, "value": "192.0.2.2", "ip_address": "192.0.2.2"}
    data = [(each["prechange_data"], each["postchange_data"]) for each in about]
    assert data == [({}, state), (state, changed), (changed, {})]
    assert {each["object_repr"] for each in about} == {f"www.{word}.example [A]"}
    assert len({each["request_id"] for each in about}) == 3
    assert {(each["user_name"], each["user"]["username"]) for each in about} == {("admin", "admin")}
    assert [each["changed_object"] for each in about] == [None] * 3


def test_the_entry_of_a_zone(company: Company) -> None:
    """It has the zone's attributes, its nameservers and view by their ids, and the view's name in its printed one."""
    word = company.word
    with company.log() as entries:
        zone = company.zone(f"{word}.example")
    made = entries[0]
    assert _lines(entries) == {
        ("create", "zone", f"[{word}] {word}.example"),
        ("create", "record", f"{word}.example [SOA]"),
        ("create", "record", f"{word}.example [NS]"),
    }
    data = made["postchange_data"]
    assert data.pop("soa_serial") > 0
    nothing = ("registrar", "registrant", "admin_c", "tech_c", "billing_c", "dnssec_policy", "domain_status", "tenant")
    more = ("registry_domain_id", "expiration_date", "owner", "arpa_network", "rfc2317_prefix", "rfc2317_parent_zone")
    assert data == {
        **dict.fromkeys((*nothing, *more)),
        "name": f"{word}.example",
        "view": company.view,
        "status": "active",
        "nameservers": [company.nameserver],
        "default_ttl": 3600,
        "soa_ttl": 86400,
        "soa_mname": company.nameserver,
        "soa_rname": f"hostmaster.{word}.example",
        "soa_refresh": 43200,
        "soa_retry": 7200,
        "soa_expire": 2419200,
        "soa_minimum": 3600,
        "soa_serial_auto": True,
        "rfc2317_parent_managed": False,
        "parental_agents": [],
        "custom_fields": {},
        "tags": [],
        "comments": "",
        "description": "",
    }
    assert made["changed_object_id"] == zone
    assert made["changed_object"]["name"] == f"{word}.example"
    assert made["display"] == f"NetBox DNS | Zone [{word}] {word}.example created by admin"


def test_an_address_with_a_pointer(company: Company) -> None:
    """The pointer has entries of its own, within the same request."""
    octets = [str(secrets.randbelow(256)) for _ in range(2)]
    reverse = ".".join([*reversed(octets), "10.in-addr.arpa"])
    address, word = ".".join(["10", *octets, "7"]), company.word
    zone = company.zone(f"{word}.example")
    company.zone(reverse)
    with company.log() as made:
        record = company.record(zone, "www", "A", address)
    with company.log() as gone:
        company.delete("records", record)
    both = [("record", f"www.{word}.example [A]"), ("record", f"7.{reverse} [PTR]")]
    assert _lines(made) == {("create", *line) for line in both}
    assert _lines(gone) == {("delete", *line) for line in both}
    assert len({each["request_id"] for each in made}) == len({each["request_id"] for each in gone}) == 1


def test_a_pointer_below_an_rfc2317_zone(company: Company) -> None:
    """Its entry has the address, which its name does not tell; the CNAME record that leads to it has its own."""
    octets = [str(secrets.randbelow(256)) for _ in range(2)]
    reverse, network = ".".join([*reversed(octets), "10.in-addr.arpa"]), ".".join(["10", *octets])
    zone = company.zone(f"{company.word}.example")
    company.zone(reverse)
    company.zone(f"16-31.{reverse}", rfc2317_prefix=f"{network}.16/28", rfc2317_parent_managed=True)
    with company.log() as entries:
        company.record(zone, "www", "A", f"{network}.20")
    made = {
        each["postchange_data"]["type"]: each["postchange_data"]
        for each in entries
        if each["action"]["value"] == "create"
    }
    assert {type: data["ip_address"] for type, data in made.items()} == {
        "A": f"{network}.20",
        "PTR": f"{network}.20",
        "CNAME": None,
    }
    assert made["PTR"]["rfc2317_cname_record"] is not None
    assert made["CNAME"]["name"] == "20"


def test_a_list_is_one_request_with_an_entry_each(company: Company) -> None:
    """Records made, changed and deleted together."""
    word, zone = company.word, company.zone(f"{company.word}.example")
    netbox = company.netbox
    rows = [{"zone": zone, "name": f"t{n}", "type": "TXT", "value": "x"} for n in range(3)]
    with company.log() as made:
        ids = [row["id"] for row in netbox.done("POST", f"{DNS}/records/", rows)]
    with company.log() as changed:
        netbox.done("PATCH", f"{DNS}/records/", [{"id": number, "value": "y"} for number in ids])
    with company.log() as gone:
        netbox.done("DELETE", f"{DNS}/records/", [{"id": number} for number in ids])
    for action, entries in (("create", made), ("update", changed), ("delete", gone)):
        assert _lines(entries) == {(action, "record", f"t{n}.{word}.example [TXT]") for n in range(3)}
        assert len({each["request_id"] for each in entries}) == 1


def test_a_deleted_zone_takes_its_records(company: Company) -> None:
    """Each of them has an entry, before the zone's."""
    word, zone = company.word, company.zone(f"{company.word}.example")
    company.record(zone, "bücher", "TXT", "x")
    with company.log() as entries:
        company.delete("zones", zone)
    names = [f"bücher.{word}.example [TXT]", f"{word}.example [SOA]", f"{word}.example [NS]"]
    assert _lines(entries) == {
        *(("delete", "record", name) for name in names),
        ("delete", "zone", f"[{word}] {word}.example"),
    }
    assert entries[-1]["changed_object_id"] == zone
    assert entries[-1]["prechange_data"]["view"] == company.view


def test_what_changes_nothing_is_not_logged(company: Company) -> None:
    """Nor is a request that was refused, whole or in part."""
    zone = company.zone(f"{company.word}.example")
    record = company.record(zone, "www", "TXT", "x")
    with company.log() as entries:
        company.edit("records", record, value="x")
        good = {"zone": zone, "name": "good", "type": "TXT", "value": "x"}
        assert company.netbox.ask("POST", f"{DNS}/records/", [good, {**good, "name": "-bad"}]).status_code == 400
    assert not entries
    assert not company.records(zone, "name=good")


def test_records_of_a_renamed_zone_are_logged_without_their_state_before(company: Company) -> None:
    """The plugin does not note it there; the zone's entry has both names."""
    zone = company.zone(f"{company.word}.example")
    record = company.record(zone, "www", "TXT", "x")
    with company.log() as entries:
        company.edit("zones", zone, name=f"new.{company.word}.example")
    first = entries[0]
    names = [first[side]["name"] for side in ("prechange_data", "postchange_data")]
    assert names == [f"{company.word}.example", f"new.{company.word}.example"]
    (about,) = [each for each in entries if each["changed_object_id"] == record and each is not first]
    assert about["prechange_data"] == {}
    assert about["postchange_data"]["fqdn"] == f"www.new.{company.word}.example."


def test_filters_of_the_log(company: Company) -> None:
    """By type, object, action, user, request, time, id, and a piece of the printed name."""
    word, zone = company.word, company.zone(f"{company.word}.example")
    with company.log() as entries:
        record = company.record(zone, "www", "TXT", "x")
        company.delete("records", record)
    made, gone = (each for each in entries if each["object_repr"] == f"www.{word}.example [TXT]")
    about = "changed_object_type=netbox_dns.record"
    for query, ids in {
        f"{about}&changed_object_id={record}": [made["id"], gone["id"]],
        f"{about}&changed_object_id={record}&action=delete": [gone["id"]],
        f"{about}&q=WWW.{word}.example": [made["id"], gone["id"]],
        f"{about}&object_repr__isw=www.{word}": [made["id"], gone["id"]],
        f"{about}&request_id={made['request_id']}&action=create": [made["id"]],
        f"{about}&changed_object_id={record}&id__gt={made['id']}": [gone["id"]],
        f"{about}&changed_object_id={record}&time_after=2020-01-01T00:00:00Z": [made["id"], gone["id"]],
        f"{about}&changed_object_id={record}&time_before=2020-01-01": [],
        f"{about}&changed_object_id={record}&user=admin": [made["id"], gone["id"]],
        f"changed_object_type=netbox_dns.view&changed_object_id={record}&q={word}": [],
    }.items():
        assert [row["id"] for row in company.netbox.rows(CHANGES, f"{query}&fields=id")] == ids, query


def test_the_log_comes_newest_first(company: Company) -> None:
    """Without `ordering` it is in the order of time, backwards; pages by id go forwards."""
    company.zone(f"{company.word}.example")
    netbox = company.netbox
    ids = [row["id"] for row in netbox.done("GET", f"{CHANGES}/?limit=3&fields=id")["results"]]
    assert ids == sorted(ids, reverse=True)
    page = netbox.done("GET", f"{CHANGES}/?limit=3&fields=id&start={ids[-1]}")
    assert ([row["id"] for row in page["results"]], page["count"]) == (sorted(ids), None)


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_the_log_cannot_be_written(company: Company, method: str) -> None:
    """Not even by an administrator."""
    answer = company.netbox.ask(method, f"{CHANGES}/1/", {})
    assert (answer.status_code, answer.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
