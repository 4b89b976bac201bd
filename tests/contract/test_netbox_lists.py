"""Lists of NetBox, the sandbox's and the real one: pages, order, filters and fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest
from netbox_servers import DNS, Company, NetBox, a_company, company_fixture, netbox_fixture  # noqa: F401 - fixtures

from netbox_pdns.netbox.placing import zone_name
from netbox_pdns.netbox.wire import RecordRow

_RECORDS = f"{DNS}/records"
_ZONES = f"{DNS}/zones"


@dataclass(frozen=True)
class Library:
    """A company with content that no test changes: zones, records by their names, a tag and a tenant."""

    company: Company
    zone: int
    other: int
    records: dict[str, int]
    tag: str
    tenant: int

    def names(self, query: str) -> list[str]:
        """Return the names of the records of the first zone that *query* gives, NetBox's own ones left out."""
        rows = self.company.records(self.zone, f"managed=false&fields=id,name&{query}")
        return [row["name"] for row in rows]


@pytest.fixture(scope="module")
def library(netbox: NetBox) -> Iterator[Library]:
    """What the lists of this file are about."""
    with a_company(netbox) as company:
        word = company.word
        tag = netbox.done("POST", "extras/tags/", {"name": word, "slug": word})
        tenant = netbox.done("POST", "tenancy/tenants/", {"name": word, "slug": word})["id"]
        zone = company.zone(f"{word}.example", tags=[tag["id"]], tenant=tenant)
        other = company.zone(f"other.{word}.example", status="parked", soa_serial_auto=False, soa_serial=7)
        rows = [
            {"name": "www", "type": "A", "value": "192.0.2.1", "disable_ptr": True},
            {"name": "WWW", "type": "A", "value": "192.0.2.2", "disable_ptr": True, "ttl": None},
            {"name": "mail", "type": "MX", "value": "10 mx", "ttl": 300, "description": "Post"},
            {"name": "h2", "type": "TXT", "value": "two", "tags": [tag["id"]]},
            {"name": "h10", "type": "TXT", "value": "ten", "status": "inactive"},
            {"name": "alias", "type": "CNAME", "value": "www", "tenant": tenant},
            {"name": "xn--bcher-kva", "type": "TXT", "value": "old", "expiration_date": "2001-01-01"},
        ]
        made = netbox.done("POST", f"{_RECORDS}/", [{"zone": zone, **row} for row in rows])
        yield Library(company, zone, other, {row["name"]: row["id"] for row in made}, word, tenant)
    netbox.done("DELETE", f"extras/tags/{tag['id']}/")
    netbox.done("DELETE", f"tenancy/tenants/{tenant}/")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("type=A", ["www", "WWW"], id="type"),
        pytest.param("type=A&type=MX", ["www", "WWW", "mail"], id="values-of-one-filter-are-alternatives"),
        pytest.param("type=A&name=www", ["www"], id="filters-are-all-to-hold"),
        pytest.param("type__n=TXT", ["www", "WWW", "mail", "alias"], id="other-than"),
        pytest.param("name=www", ["www"], id="name-with-its-case"),
        pytest.param("name__ie=www", ["www", "WWW"], id="name-without-case"),
        pytest.param("name__isw=h", ["h2", "h10"], id="beginning"),
        pytest.param("name__iew=IL", ["mail"], id="end"),
        pytest.param("name__ic=ia", ["alias"], id="piece"),
        pytest.param("name__iregex=^H[0-9]%2B$", ["h2", "h10"], id="pattern"),
        pytest.param("name__n=www&type=A", ["WWW"], id="not-the-name"),
        pytest.param("value=10 mx", ["mail"], id="value"),
        pytest.param("ttl=300", ["mail"], id="ttl"),
        pytest.param("status=inactive", ["h10"], id="status"),
        pytest.param("active=false", ["h10", "xn--bcher-kva"], id="inactive-and-expired-are-not-active"),
        pytest.param("active=true&type=TXT", ["h2"], id="active"),
        pytest.param("active=perhaps&type=A", ["www", "WWW"], id="neither-true-nor-false-asks-nothing"),
        pytest.param("unknown=1&type=A", ["www", "WWW"], id="an-unknown-filter-asks-nothing"),
        pytest.param("description=Post", ["mail"], id="description"),
        pytest.param("last_updated__gte=2020-01-01T00:00:00Z&type=MX", ["mail"], id="edited-since"),
        pytest.param("last_updated__lt=2020-01-01", [], id="edited-before"),
        pytest.param("q=two", ["h2"], id="search-in-values"),
        pytest.param("expired=true", ["xn--bcher-kva"], id="expired"),
    ],
)
def test_a_filter_of_records(library: Library, query: str, names: list[str]) -> None:
    """A list of records holds those that its filters ask for."""
    assert library.names(query) == names


def test_filters_that_name_other_objects(library: Library) -> None:
    """Records and zones are found by zone, view, nameserver, tag and tenant, by id and by name."""
    company, word = library.company, library.company.word
    assert library.names(f"tag={library.tag}") == ["h2"]
    assert library.names(f"tenant={word}") == library.names(f"tenant_id={library.tenant}") == ["alias"]
    assert library.names(f"fqdn=alias.{word}.example.") == ["alias"]
    assert library.names(f"fqdn__ie=www.{word}.EXAMPLE.") == ["www", "WWW"]
    assert library.names(f"id={library.records['h2']}&id={library.records['alias']}") == ["h2", "alias"]
    assert library.names(f"id__gt={library.records['h10']}") == ["alias", "xn--bcher-kva"]
    rows = company.netbox.rows(_RECORDS, f"view_id={company.view}&type=SOA")
    assert [row["zone"]["id"] for row in rows] == [library.zone, library.other]
    rows = company.netbox.rows(_RECORDS, f"zone_id={library.zone}&zone_id={library.other}&type=SOA")
    assert [row["zone"]["id"] for row in rows] == [library.zone, library.other]


def test_a_record_s_names_tell_its_zone(library: Library) -> None:
    """The absolute name is the relative one and the zone's, also for the records that NetBox makes itself."""
    query = f"view_id={library.company.view}&limit=1000&fields=id,name,fqdn,type,value,ttl,zone"
    rows = library.company.netbox.rows(_RECORDS, query)
    assert {row["type"] for row in rows} >= {"SOA", "NS", "A", "TXT", "MX", "CNAME"}
    for row in rows:
        record = msgspec.convert(row, RecordRow)
        assert zone_name(record) == row["zone"]["name"], record


def test_filters_of_zones(library: Library) -> None:
    """Zones are found by name, view, nameserver, tag, tenant, status, and whether they are active."""
    company, (one, other) = library.company, (library.zone, library.other)
    both = [one, other]
    for query, ids in {
        "": both,
        f"name__ie={company.word.upper()}.example": [one],
        f"name__iregex=^other.{company.word}": [other],
        f"nameserver_id={company.nameserver}": both,
        f"soa_mname_id={company.nameserver}": both,
        f"tag={library.tag}": [one],
        f"tenant_id={library.tenant}": [one],
        "tenant_id=null": [other],
        "active=true": [one],
        "status=parked&status=reserved": [other],
        "soa_serial=7": [other],
        f"id={one}": [one],
    }.items():
        rows = company.netbox.rows(_ZONES, f"view_id={company.view}&fields=id&{query}")
        assert [row["id"] for row in rows] == ids, query


@pytest.mark.parametrize(
    ("query", "body"),
    [
        pytest.param(
            "zone_id=2000000000",
            {"zone_id": ["Select a valid choice. 2000000000 is not one of the available choices."]},
            id="an-object-that-is-not-there",
        ),
        pytest.param("zone_id=x", {"zone_id": ["“x” is not a valid value."]}, id="no-id"),
        pytest.param("id=x", {"id": ["Enter a whole number."]}, id="no-number"),
        pytest.param(
            "type=NOPE", {"type": ["Select a valid choice. NOPE is not one of the available choices."]}, id="no-type"
        ),
        pytest.param(
            "tag=no-such-tag",
            {"tag": ["Select a valid choice. no-such-tag is not one of the available choices."]},
            id="no-tag",
        ),
        pytest.param("last_updated__gte=x", {"last_updated__gte": ["Enter a valid date/time."]}, id="no-time"),
        pytest.param("start=x", ["Invalid 'start' parameter: must be a non-negative integer."], id="no-start"),
        pytest.param("start=0&offset=1", ["'start' and 'offset' are mutually exclusive."], id="start-and-offset"),
        pytest.param(
            "start=0&ordering=id",
            ["Ordering cannot be specified in conjunction with cursor-based pagination."],
            id="start-and-ordering",
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_a_400(netbox: NetBox, query: str, body: object) -> None:
    """It names the parameter, and says why."""
    answer = netbox.ask("GET", f"{_RECORDS}/?{query}")
    assert (answer.status_code, answer.json()) == (400, body)


@pytest.mark.parametrize("ordering", ["id", "-id"])
def test_pages_by_offset_are_counted_and_linked(library: Library, ordering: str) -> None:
    """`count` is the whole list's, `next` leads to its end, `previous` back, with the question kept."""
    netbox, ids = library.company.netbox, []
    path: str | None = f"{_RECORDS}/?zone_id={library.zone}&limit=4&fields=id&ordering={ordering}"
    page = {}
    while path is not None:
        page = netbox.done("GET", path)
        assert page["count"] == 9
        ids += [row["id"] for row in page["results"]]
        path = page["next"] and page["next"].removeprefix(f"{netbox.reached.url}/api/")
    assert len(ids) == 9
    assert ids == sorted(ids, reverse=ordering == "-id")
    assert "offset=4" in page["previous"]
    assert "ordering=" in page["previous"]


def test_pages_by_id_are_not_counted(library: Library) -> None:
    """`start` gives what has that id or a greater one, in the order of ids; `next` begins behind the last."""
    netbox = library.company.netbox
    ids = [row["id"] for row in library.company.records(library.zone, "fields=id")]
    first = netbox.done("GET", f"{_RECORDS}/?zone_id={library.zone}&limit=4&fields=id&start=0")
    assert (first["count"], first["previous"], [row["id"] for row in first["results"]]) == (None, None, ids[:4])
    assert f"start={ids[3] + 1}" in first["next"]
    last = netbox.done("GET", f"{_RECORDS}/?zone_id={library.zone}&limit=50&fields=id&start={ids[3] + 1}")
    assert (last["next"], [row["id"] for row in last["results"]]) == (None, ids[4:])


def test_a_list_that_shifts_is_whole_by_id_and_short_by_offset(company: Company) -> None:
    """What is deleted between two pages moves the others to the page that was read, unless pages go by id."""
    zone = company.zone(f"{company.word}.example")
    made = [company.record(zone, f"t{n}", "TXT", "x") for n in range(4)]
    netbox, list_ = company.netbox, f"{_RECORDS}/?zone_id={zone}&managed=false&fields=id&limit=2"
    netbox.done("GET", f"{list_}&ordering=id")
    netbox.done("GET", f"{list_}&start=0")
    company.delete("records", made[0])
    by_offset = netbox.done("GET", f"{list_}&ordering=id&offset=2")["results"]
    by_id = netbox.done("GET", f"{list_}&start={made[1] + 1}")["results"]
    assert [row["id"] for row in by_offset] == made[3:]
    assert [row["id"] for row in by_id] == made[2:]


def test_a_page_is_fifty_and_at_most_a_thousand(company: Company) -> None:
    """Without `limit` a page has 50 objects; `limit=0` and more than MAX_PAGE_SIZE mean 1,000."""
    zone, netbox = company.zone(f"{company.word}.example"), company.netbox
    rows = [{"zone": zone, "name": f"t{n}", "type": "TXT", "value": "x"} for n in range(60)]
    netbox.done("POST", f"{_RECORDS}/", rows)
    query = f"{_RECORDS}/?zone_id={zone}&fields=id"
    assert len(netbox.done("GET", query)["results"]) == 50
    for limit in ("0", "5000", "x"):
        length = len(netbox.done("GET", f"{query}&limit={limit}")["results"])
        assert length == (50 if limit == "x" else 62)


def test_the_order_of_records_is_natural(library: Library) -> None:
    """Without `ordering` records come by their absolute name: numbers in it by value, h2 before h10."""
    query = f"{_RECORDS}/?zone_id={library.zone}&managed=false&type=TXT&fields=name"
    rows = library.company.netbox.done("GET", query)["results"]
    assert [row["name"] for row in rows] == ["h2", "h10", "xn--bcher-kva"]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        pytest.param("fields=id,fqdn", {"id", "fqdn"}, id="those-named"),
        pytest.param("fields=id,no_such_field", {"id"}, id="unknown-ones-are-ignored"),
        pytest.param(
            "brief=1",
            {
                *("id", "url", "zone", "display", "type", "name", "description", "fqdn", "value", "status", "ttl"),
                *("managed", "active", "expired"),
            },
            id="brief",
        ),
    ],
)
def test_fields(library: Library, query: str, fields: set[str]) -> None:
    """A row has the fields that were asked for, in lists and alone."""
    number, netbox = library.records["www"], library.company.netbox
    alone = netbox.done("GET", f"{_RECORDS}/{number}/?{query}")
    (listed,) = netbox.done("GET", f"{_RECORDS}/?id={number}&{query}")["results"]
    assert alone == listed
    assert alone.keys() == fields


def test_a_record_in_full(library: Library) -> None:
    """Every field of a record, with the objects that it names."""
    company, number = library.company, library.records["mail"]
    base, word = company.netbox.reached.url, company.word
    row = company.netbox.done("GET", f"{_RECORDS}/{number}/")
    zone, times = row.pop("zone"), (row.pop("created"), row.pop("last_updated"))
    assert all(time.endswith("Z") for time in times)
    assert row == {
        "id": number,
        "url": f"{base}/api/{_RECORDS}/{number}/",
        "display": f"mail.{word}.example [MX]",
        "display_url": f"{base}/{_RECORDS}/{number}/",
        "type": "MX",
        "name": "mail",
        "description": "Post",
        "comments": "",
        "tags": [],
        "fqdn": f"mail.{word}.example.",
        "value": "10 mx",
        "status": "active",
        "ttl": 300,
        "managed": False,
        "disable_ptr": False,
        "ptr_record": None,
        "address_records": [],
        "active": True,
        "custom_fields": {},
        "tenant": None,
        "ipam_ip_address": None,
        "absolute_value": f"10 mx.{word}.example.",
        "expiration_date": None,
        "expired": False,
        "owner": None,
    }
    assert zone == {
        "id": library.zone,
        "url": f"{base}/api/{_ZONES}/{library.zone}/",
        "display": f"[{word}] {word}.example",
        "display_url": f"{base}/{_ZONES}/{library.zone}/",
        "name": f"{word}.example",
        "view": {
            "id": company.view,
            "url": f"{base}/api/{DNS}/views/{company.view}/",
            "display": word,
            "name": word,
            "description": "",
            "default_view": False,
        },
        "status": "active",
        "active": True,
        "rfc2317_prefix": None,
    }


@pytest.mark.parametrize("kind", ["views", "nameservers", "zones", "records"])
def test_rows_have_the_same_fields_in_the_same_order(library: Library, kind: str) -> None:
    """The fields of each kind, in NetBox's order."""
    company = library.company
    number = {
        "views": company.view,
        "nameservers": company.nameserver,
        "zones": library.zone,
        "records": library.records["www"],
    }
    assert list(company.netbox.done("GET", f"{DNS}/{kind}/{number[kind]}/")) == _FIELDS[kind].split()


_FIELDS = {
    "views": "id url display display_url name description comments tags default_view created last_updated custom_fields"
    " tenant prefixes ip_address_filter owner",
    "nameservers": "id url display display_url name description comments tags zones created last_updated custom_fields"
    " tenant owner",
    "zones": "id url name description comments tags view display display_url nameservers status created last_updated"
    " default_ttl soa_ttl soa_mname soa_rname soa_serial soa_serial_auto soa_refresh soa_retry soa_expire soa_minimum"
    " rfc2317_prefix rfc2317_parent_managed rfc2317_parent_zone rfc2317_child_zones dnssec_policy inline_signing"
    " parental_agents registrar registry_domain_id expiration_date domain_status registrant tech_c admin_c billing_c"
    " active custom_fields tenant owner",
    "records": "id url zone display display_url type name description comments tags fqdn value status ttl created"
    " last_updated managed disable_ptr ptr_record address_records active custom_fields tenant ipam_ip_address"
    " absolute_value expiration_date expired owner",
}


def test_the_default_view_is_there(netbox: NetBox) -> None:
    """A new NetBox has one view, the default one."""
    (view,) = netbox.rows(f"{DNS}/views", "default_view=true")
    assert view["name"] == "_default_"


def test_the_status_names_versions(netbox: NetBox) -> None:
    """NetBox says what it is, and that the DNS plugin is there."""
    status = netbox.done("GET", "status/")
    assert status["netbox-version"].startswith("4.7.")
    assert status["plugins"]["netbox_dns"].startswith("1.7.")
