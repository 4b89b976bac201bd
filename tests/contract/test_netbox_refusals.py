"""What NetBox refuses, the sandbox's and the real one: tokens, permissions, and content that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from netbox_servers import CHANGES, DNS, SEEN, Company, NetBox, company_fixture, netbox_fixture  # noqa: F401 - fixtures

_RECORDS = f"{DNS}/records/"
_FORBIDDEN = {"detail": "You do not have permission to perform this action."}
_NOT_FOUND = {"detail": "No Record matches the given query."}


@pytest.mark.parametrize(
    ("header", "why"),
    [
        pytest.param(None, "Authentication credentials were not provided.", id="none"),
        pytest.param("Basic YTpi", "Authentication credentials were not provided.", id="another-scheme"),
        pytest.param("Token " + "0" * 40, "Invalid v1 token", id="unknown-of-version-1"),
        pytest.param("Bearer nbt_abcdefghijkl." + "0" * 40, "Invalid v2 token", id="unknown-of-version-2"),
        pytest.param("Bearer xyz", "Invalid v1 token", id="bearer-without-nbt"),
    ],
)
@pytest.mark.parametrize("path", ["status/", _RECORDS])
def test_a_request_without_a_good_token_is_a_403(netbox: NetBox, path: str, header: str | None, why: str) -> None:
    """NetBox has no 401; the words tell what is wrong, for every path."""
    answer = netbox.send("GET", path, authorization=header)
    assert (answer.status_code, answer.json()) == (403, {"detail": why})


def test_tokens_of_both_versions_are_good(netbox: NetBox) -> None:
    """Version 1 after `Token`, version 2 after `Bearer`."""
    for header in (f"Token {netbox.reached.token}", f"Bearer {netbox.reached.token_v2}"):
        assert netbox.send("GET", "status/", authorization=header).status_code == 200


def test_what_a_user_may_not_view_is_a_403(netbox: NetBox) -> None:
    """A list as well as one object, whether it is there or not; `status/` is for everybody."""
    assert netbox.ask("GET", "status/", user="without-records").status_code == 200
    for user, path in {
        "without-change-log": f"{CHANGES}/",
        "without-records": _RECORDS,
        "narrowed": f"{DNS}/views/1/",
        "read-only": "extras/tags/",
    }.items():
        answer = netbox.ask("GET", path, user=user)
        assert (answer.status_code, answer.json()) == (403, _FORBIDDEN), path


def test_a_narrowed_user_sees_fewer(company: Company) -> None:
    """200, a consistent count, and only the objects that the permission is narrowed to; others are not there at all."""
    zone, netbox = company.zone(f"{company.word}.example"), company.netbox
    seen = company.record(zone, f"{SEEN}-1", "TXT", "x")
    hidden = company.record(zone, "hidden", "TXT", "x")
    page = netbox.ask("GET", f"{_RECORDS}?zone_id={zone}&fields=id", user="narrowed").json()
    assert (page["count"], page["results"]) == (1, [{"id": seen}])
    assert netbox.ask("GET", f"{_RECORDS}{seen}/", user="narrowed").status_code == 200
    answer = netbox.ask("GET", f"{_RECORDS}{hidden}/", user="narrowed")
    assert (answer.status_code, answer.json()) == (404, _NOT_FOUND)


def test_who_may_view_may_not_write(company: Company) -> None:
    """Nor may a token that is not enabled for it, whatever its user may."""
    zone, netbox = company.zone(f"{company.word}.example"), company.netbox
    body = {"zone": zone, "name": f"{SEEN}-1", "type": "TXT", "value": "x"}
    record = company.record(zone, f"{SEEN}-2", "TXT", "x")
    for user, method, path, content in [
        ("narrowed", "POST", _RECORDS, body),
        ("narrowed", "PATCH", f"{_RECORDS}{record}/", {"value": "y"}),
        ("narrowed", "DELETE", f"{_RECORDS}{record}/", None),
        ("read-only", "POST", _RECORDS, body),
    ]:
        answer = netbox.ask(method, path, content, user=user)
        assert (answer.status_code, answer.json()) == (403, _FORBIDDEN), (user, method)


def test_a_narrowed_user_writes_within_the_permission(company: Company) -> None:
    """What would lie outside of it is refused and not made, what does is not found."""
    zone, netbox = company.zone(f"{company.word}.example"), company.netbox
    body = {"zone": zone, "name": f"{SEEN}-1", "type": "TXT", "value": "x"}
    assert netbox.ask("POST", _RECORDS, body, user="narrowed-writer").status_code == 201
    outside = netbox.ask("POST", _RECORDS, {**body, "name": "hidden"}, user="narrowed-writer")
    assert (outside.status_code, outside.json()) == (403, _FORBIDDEN)
    assert not company.records(zone, "name=hidden")
    hidden = company.record(zone, "hidden", "TXT", "x")
    for method in ("PATCH", "DELETE"):
        answer = netbox.ask(method, f"{_RECORDS}{hidden}/", {"value": "y"}, user="narrowed-writer")
        assert (answer.status_code, answer.json()) == (404, _NOT_FOUND)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        pytest.param(f"{_RECORDS}2000000000/", 404, _NOT_FOUND, id="no-such-object"),
        pytest.param(f"{_RECORDS}x/", 404, {"detail": "Not found."}, id="no-id"),
        pytest.param("plugins/no-such-plugin/", 404, None, id="no-such-path"),
        pytest.param(_RECORDS.rstrip("/"), 301, None, id="without-the-final-slash"),
    ],
)
def test_what_is_not_there(netbox: NetBox, path: str, status: int, body: object) -> None:
    """An object is missing in JSON, a path in HTML; the final slash is asked for."""
    answer = netbox.ask("GET", path)
    assert answer.status_code == status
    if body is None:
        assert "json" not in answer.headers.get("Content-Type", "")
    else:
        assert answer.json() == body


@pytest.mark.parametrize(
    ("change", "body"),
    [
        pytest.param(
            {"zone": 2000000000},
            {"zone": ["Related object not found using the provided numeric ID: 2000000000"]},
            id="no-such-zone",
        ),
        pytest.param({"type": "NOPE"}, {"type": ['"NOPE" is not a valid choice.']}, id="no-such-type"),
        pytest.param({"status": "nope"}, {"status": ['"nope" is not a valid choice.']}, id="no-such-status"),
        pytest.param({"name": ""}, {"name": ["This field may not be blank."]}, id="no-name"),
        pytest.param({"name": "a..b"}, {"name": ["A DNS label is empty."]}, id="empty-label"),
        pytest.param({"name": "x" * 64}, {"name": ["A DNS label is > 63 octets long."]}, id="long-label"),
        pytest.param({"name": "-bad"}, {"name": ["-bad is not a valid DNS host name"]}, id="hyphen-first"),
        pytest.param({"name": "a_b"}, {"name": ["a_b is not a valid DNS host name"]}, id="underscore"),
        pytest.param({"name": "ab--c"}, {"name": ["ab--c is not a valid DNS host name"]}, id="double-hyphen"),
        pytest.param({"name": "other.test."}, {"name": ["other.test. is not a name in {zone}"]}, id="outside-the-zone"),
        pytest.param(
            {"value": "nope"},
            {"value": ["Record value nope is not a valid value for a A record: Text input is malformed.."]},
            id="no-address",
        ),
        pytest.param(
            {"type": "MX", "value": "mail"},
            {"value": ["Record value mail is not a valid value for a MX record: expecting an integer."]},
            id="no-preference",
        ),
        pytest.param(
            {"type": "PTR", "value": "x"},
            {"value": ["x is not a valid fully qualified DNS host name"]},
            id="relative-pointer",
        ),
        pytest.param(
            {"type": "TXT", "value": "ü"},
            {"value": ["Record value ü for a type TXT record is not a printable ASCII string."]},
            id="text-that-is-not-ascii",
        ),
        pytest.param({"ttl": -1}, {"ttl": ["Ensure this value is greater than or equal to 0."]}, id="ttl-below-0"),
        pytest.param(
            {"ttl": 2**31}, {"ttl": ["Ensure this value is less than or equal to 2147483647."]}, id="ttl-too-large"
        ),
        pytest.param(
            {"expiration_date": "soon"},
            {"expiration_date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]},
            id="no-date",
        ),
        pytest.param(
            {"tags": [{"slug": "no-such-tag"}]},
            {"tags": ["Related object not found using the provided attributes: {{'slug': 'no-such-tag'}}"]},
            id="no-such-tag",
        ),
        pytest.param(
            {"managed": True},
            {"__all__": ["'managed' is True, refusing to create or update a managed record"]},
            id="managed",
        ),
        pytest.param(
            {"name": "www"},
            {"value": ["There is already an active A record for name www in zone {printed} with value 192.0.2.1."]},
            id="double",
        ),
        pytest.param(
            {"name": "www", "type": "CNAME", "value": "x"},
            {"type": ["There is already an active record for name www in zone {printed}, CNAME is not allowed."]},
            id="alias-beside-data",
        ),
        pytest.param(
            {"name": "alias"},
            {
                "type": [
                    "There is already an active CNAME record for name alias in zone {printed}, no other record allowed."
                ]
            },
            id="data-beside-an-alias",
        ),
        pytest.param(
            {"name": "x.child"},
            {"name": ["x.child.{zone} is masked by child zone child.{zone}"]},
            id="below-a-zone-cut",
        ),
        pytest.param(
            {"type": "SOA", "value": "a. b. 1 2 3 4 5"},
            {
                "name": [
                    "SOA records are only allowed with name @ and are created automatically by NetBox DNS",
                ]
            },
            id="soa",
        ),
    ],
)
def test_a_wrong_record_is_a_400(company: Company, change: dict[str, Any], body: dict[str, list[str]]) -> None:
    """Its answer names the field, and says why."""
    name = f"{company.word}.example"
    zone = company.zone(name)
    company.zone(f"child.{name}")
    company.record(zone, "www", "A", "192.0.2.1", disable_ptr=True)
    company.record(zone, "alias", "CNAME", "www")
    wrong = {"zone": zone, "name": "x", "type": "A", "value": "192.0.2.1", "disable_ptr": True, **change}
    answer = company.netbox.ask("POST", _RECORDS, wrong)
    words = {"zone": name, "printed": f"[{company.word}] {name}"}
    wanted = {field: [text.format(**words) for text in texts] for field, texts in body.items()}
    assert (answer.status_code, answer.json()) == (400, wanted)


@pytest.mark.parametrize(
    ("change", "body"),
    [
        pytest.param({"name": "bad..test"}, {"name": [""]}, id="empty-label"),
        pytest.param({"name": "a!b.test"}, {"name": ["a!b.test is not a valid DNS domain name"]}, id="no-domain-name"),
        pytest.param({"soa_rname": "a b"}, {"soa_rname": ["a b is not a valid RName"]}, id="no-mailbox"),
        pytest.param({"soa_mname": None}, {"soa_mname": ["This field may not be null."]}, id="mname-null"),
        pytest.param(
            {"view": 2000000000},
            {"view": ["Related object not found using the provided numeric ID: 2000000000"]},
            id="no-such-view",
        ),
        pytest.param(
            {"nameservers": [2000000000]},
            {"nameservers": ["Related object not found using the provided numeric ID: 2000000000"]},
            id="no-such-nameserver",
        ),
        pytest.param(
            {"name": "{word}.EXAMPLE"},
            {"__all__": ["There is already a zone with the same name in this view"]},
            id="double-but-for-case",
        ),
    ],
)
def test_a_wrong_zone_is_a_400(company: Company, change: dict[str, Any], body: object) -> None:
    """Its answer names the field, and says why."""
    company.zone(f"{company.word}.example")
    given = {
        name: value.format(word=company.word) if isinstance(value, str) else value for name, value in change.items()
    }
    mname = {"soa_mname": company.nameserver, "soa_rname": "h.m.example"}
    answer = company.netbox.ask("POST", f"{DNS}/zones/", {"name": "x.test", "view": company.view, **mname, **given})
    assert (answer.status_code, answer.json()) == (400, body)


def test_an_object_without_what_it_needs(netbox: NetBox) -> None:
    """Every missing field is named."""
    required = ["This field is required."]
    for path, fields in {
        _RECORDS: ("type", "name", "value"),
        f"{DNS}/zones/": ("name",),
        f"{DNS}/views/": ("name",),
        f"{DNS}/nameservers/": ("name",),
        "extras/tags/": ("name", "slug"),
        "tenancy/tenants/": ("name", "slug"),
    }.items():
        answer = netbox.ask("POST", path, {})
        assert (answer.status_code, answer.json()) == (400, dict.fromkeys(fields, required)), path


def test_managed_records_are_not_touched(company: Company) -> None:
    """They are neither changed nor deleted by hand."""
    zone = company.zone(f"{company.word}.example")
    soa = company.records(zone, "type=SOA")[0]["id"]
    printed = f"{company.word}.example [SOA]"
    changed = company.netbox.ask("PATCH", f"{_RECORDS}{soa}/", {"ttl": 5})
    assert (changed.status_code, changed.json()) == (400, {"__all__": [f"{printed} is managed, refusing update"]})
    deleted = company.netbox.ask("DELETE", f"{_RECORDS}{soa}/")
    assert (deleted.status_code, deleted.json()) == (400, {"detail": f"{printed} is managed, refusing deletion"})


def test_what_others_need_is_not_deleted(company: Company) -> None:
    """A view with zones and the nameserver of an SOA are a 409 that names them; the default view is a 400."""
    name = f"{company.word}.example"
    zone, netbox = company.zone(name), company.netbox
    why = f"Unable to delete object. 1 dependent objects were found: [{company.word}] {name} ({zone})"
    for path in (f"views/{company.view}/", f"nameservers/{company.nameserver}/"):
        answer = netbox.ask("DELETE", f"{DNS}/{path}")
        assert (answer.status_code, answer.json()) == (409, {"detail": why})
    default = netbox.rows(f"{DNS}/views", "default_view=true")[0]["id"]
    answer = netbox.ask("DELETE", f"{DNS}/views/{default}/")
    assert (answer.status_code, answer.json()) == (400, {"detail": "The default view cannot be deleted"})


def test_a_list_names_all_that_is_wrong_in_it(company: Company) -> None:
    """By place where objects are made, by id where they are changed and deleted; nothing of it is done."""
    zone, netbox = company.zone(f"{company.word}.example"), company.netbox
    good = {"zone": zone, "name": "good", "type": "TXT", "value": "x"}
    bad = {"name": ["-bad is not a valid DNS host name"]}
    made = netbox.ask("POST", _RECORDS, [good, {**good, "name": "-bad"}])
    errors = [{"index": 1, "errors": bad}]
    assert (made.status_code, made.json()) == (
        400,
        {"detail": "1 of 2 objects could not be created.", "errors": errors},
    )
    record = company.record(zone, "www", "TXT", "x")
    changed = netbox.ask("PATCH", _RECORDS, [{"id": record, "name": "-bad"}])
    errors = [{"id": record, "errors": bad}]
    wanted = {"detail": "1 of 1 objects could not be updated.", "errors": errors}
    assert (changed.status_code, changed.json()) == (400, wanted)
    missing = {"id": 2000000000, "errors": {"id": ["Object with ID 2000000000 does not exist"]}}
    wanted = {"detail": "1 of 2 objects could not be found.", "errors": [missing]}
    for method in ("PATCH", "DELETE"):
        answer = netbox.ask(method, _RECORDS, [{"id": record}, {"id": 2000000000}])
        assert (answer.status_code, answer.json()) == (400, wanted)
    assert [row["id"] for row in company.records(zone, "managed=false")] == [record]


def test_a_body_that_is_no_json_is_a_400(netbox: NetBox) -> None:
    """Nor is a text an object, and an object no list."""
    answer = netbox.ask("POST", _RECORDS, "x")
    assert (answer.status_code, answer.json()) == (
        400,
        {"__all__": ["Invalid data. Expected a dictionary, but got str."]},
    )
    answer = netbox.ask("PATCH", _RECORDS, {"id": 1})
    assert (answer.status_code, answer.json()) == (400, {"detail": "Expected a list of objects, but got dict."})
