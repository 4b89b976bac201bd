"""Zones on every PowerDNS: how they are made, shown, changed and found, and every form of an error."""

from __future__ import annotations

import re

import httpx2
import pytest
import servers
from servers import plain_http
from zone_at_hand import ZoneAtHand, soa_content

from netbox_pdns.sandbox.running import RunningPowerDNS

ROOT = "/api/v1"


def _plain(server: RunningPowerDNS, method: str, path: str, key: str | None = None) -> httpx2.Response:
    headers = {"X-API-Key": server.api_key if key is None else key}
    return plain_http(method, server.url + path, headers)


@pytest.mark.parametrize("path", ["/api", ROOT, f"{ROOT}/servers", f"{ROOT}/servers/localhost"])
def test_the_roots_answer(powerdns: RunningPowerDNS, path: str) -> None:
    """What leads to the zones answers JSON, and closes the connection."""
    answer = _plain(powerdns, "GET", path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["Connection"] == "close"


def test_the_server_tells_version_and_limit(powerdns: RunningPowerDNS) -> None:
    """It is an authoritative server, its version has three numbers, and it takes requests of 2 MB."""
    about = servers.api(powerdns, "GET", "").json()
    settings = {each["name"]: each["value"] for each in servers.api(powerdns, "GET", "/config").json()}
    assert about["daemon_type"] == "authoritative"
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", about["version"])
    assert settings["webserver-max-bodysize"] == "2"


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        pytest.param("GET", "/servers/other", 404, "Not Found", id="another-server"),
        pytest.param("GET", "/servers/localhost/nothing", 404, "Not Found", id="no-such-path"),
        pytest.param("GET", "/servers/localhost/zones/none.example.", 404, "Not Found", id="no-such-zone"),
        pytest.param("DELETE", "/servers/localhost/zones/none.example.", 404, "Not Found", id="nothing-to-delete"),
        pytest.param("PUT", "/servers/localhost/zones/none.example./notify", 404, "Not Found", id="nothing-to-tell"),
        pytest.param("DELETE", "/servers/localhost/zones", 405, "Method Not Allowed", id="another-method"),
        pytest.param("POST", "/servers/localhost/zones", 400, "Bad Request", id="no-json"),
    ],
)
def test_other_errors_are_text(powerdns: RunningPowerDNS, method: str, path: str, status: int, words: str) -> None:
    """Everything but a refused content is answered in plain text."""
    answer = _plain(powerdns, method, ROOT + path)
    assert (answer.status_code, answer.text) == (status, words)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("key", ["", "wrong"])
def test_without_the_key_nothing_is_told(powerdns: RunningPowerDNS, key: str) -> None:
    """A wrong key and none are answered 401."""
    answer = _plain(powerdns, "GET", f"{ROOT}/servers/localhost", key)
    assert (answer.status_code, answer.text) == (401, "Unauthorized")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param({}, "Key 'name' not present or not a String", id="no-name"),
        pytest.param({"name": "new.example."}, "Key 'kind' not present or not a String", id="no-kind"),
        pytest.param({"name": "new.example", "kind": "Native"}, "DNS Name 'new.example' is not canonical", id="no-dot"),
        pytest.param(
            {"name": "a b.example.", "kind": "Native"},
            "Name 'a\\032b.example.' contains unsupported characters",
            id="a-space",
        ),
    ],
)
def test_a_zone_without_what_it_needs_is_refused(
    powerdns: RunningPowerDNS, document: dict[str, str], words: str
) -> None:
    """The words say what is missing."""
    answer = servers.api(powerdns, "POST", "/zones", json=document)
    assert (answer.status_code, answer.json()) == (422, {"error": words})


def test_a_zone_is_made_once(filled: ZoneAtHand) -> None:
    """A second one of the name is a conflict, in text."""
    again = filled.create()
    assert (again.status_code, again.text) == (409, "Conflict")


def test_a_request_that_is_too_large_is_refused_in_text(filled: ZoneAtHand) -> None:
    """Past 2 MB the answer is 400, or the connection ends."""
    try:
        answer = filled.replace("www", "TXT", *(f'"{number:06d}{"x" * 200}"' for number in range(11_000)))
    except httpx2.TransportError:
        return
    assert (answer.status_code, answer.text) == (400, "Bad Request")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("Native", "Native"), ("PRIMARY", "Master"), ("master", "Master"), ("Secondary", "Slave"), ("other", "Native")],
)
def test_kinds_are_shown_by_their_old_names(zone: ZoneAtHand, sent: str, shown: str) -> None:
    """Letter case does not matter, and what is no kind is Native."""
    made = zone.create(kind=sent)
    assert (made.status_code, made.json()["kind"]) == (201, shown)


def test_a_new_zone_gets_an_soa_and_its_nameservers(zone: ZoneAtHand) -> None:
    """Without an SOA of its own it has PowerDNS's, with serial 0 where no rule makes one."""
    assert zone.create(nameservers=["ns1.example.net."]).status_code == 201
    soa = f"a.misconfigured.dns.server.invalid. hostmaster.{zone.name} 0 10800 3600 604800 3600"
    assert (zone.contents("@", "SOA"), zone.contents("@", "NS")) == ([soa], ["ns1.example.net."])


def test_a_zone_is_listed_with_its_marks(filled: ZoneAtHand) -> None:
    """The list tells kind, account and serials; without DNSSEC it leaves out what takes a look at keys."""
    assert (
        filled.api("PUT", filled.path, {"kind": "Master", "account": "mark", "catalog": "c.example."}).status_code
        == 204
    )
    (line,) = filled.api("GET", f"/zones?zone={filled.name}").json()
    told = {key: line[key] for key in ("name", "kind", "account", "catalog", "serial", "edited_serial", "dnssec")}
    assert told == {
        "name": filled.name,
        "kind": "Master",
        "account": "mark",
        "catalog": "c.example.",
        "serial": 7,
        "edited_serial": 7,
        "dnssec": False,
    }
    (short,) = filled.api("GET", f"/zones?zone={filled.name}&dnssec=false").json()
    assert line.keys() - short.keys() == {"dnssec", "edited_serial"}
    assert filled.name in {each["name"] for each in filled.api("GET", "/zones").json()}


def test_settings_of_a_zone_are_kept(zone: ZoneAtHand) -> None:
    """Rules of serials, rectification and account are shown as they were sent."""
    fields = {"soa_edit": "EPOCH", "soa_edit_api": "INCREASE", "api_rectify": True, "account": "mark"}
    assert zone.create(**fields).status_code == 201
    shown = zone.read("?rrsets=false")
    assert {key: shown[key] for key in fields} == fields
    assert "rrsets" not in shown


def test_a_zone_is_found_whatever_its_letters(filled: ZoneAtHand) -> None:
    """Letter case and the final dot do not matter in a path; LMDB shows the zone as it was asked for."""
    assert filled.replace("WWW", "A", "192.0.2.1").status_code == 204
    shown = filled.api("GET", f"/zones/{filled.name.upper().rstrip('.')}").json()
    assert shown["name"].lower() == filled.name
    assert f"www.{filled.name}" in {rrset["name"].lower() for rrset in shown["rrsets"]}
    assert filled.patch(filled.removal("wWw", "A")).status_code == 204
    assert filled.contents("www", "A") == []


def test_a_slash_in_a_name_is_escaped_in_paths(powerdns: RunningPowerDNS, fresh_zone_name: str) -> None:
    """Zones of RFC 2317 have `=2F` in their id."""
    zone = ZoneAtHand(powerdns, f"0/28.{fresh_zone_name}")
    made = zone.create(nameservers=["ns1.example.net."])
    assert (made.status_code, made.json()["id"]) == (201, zone.path.removeprefix("/zones/"))
    assert zone.read("?rrsets=false")["name"] == zone.name
    assert zone.api("DELETE", zone.path).status_code == 204


def test_a_zone_that_is_marked_as_signed_has_a_key(filled: ZoneAtHand) -> None:
    """`dnssec` makes a key, and takes it away again."""
    for signed in (True, False):
        assert filled.api("PUT", filled.path, {"dnssec": signed}).status_code == 204
        assert filled.read("?rrsets=false")["dnssec"] is signed
        assert bool(filled.api("GET", f"{filled.path}/cryptokeys").json()) is signed


def test_metadata_are_replaced_added_and_removed(filled: ZoneAtHand) -> None:
    """Kinds of one's own begin with X-; one without values is as good as none."""
    path = f"{filled.path}/metadata/X-TEST"
    assert filled.api("PUT", path, {"metadata": ["1"]}).json()["metadata"] == ["1"]
    added = filled.api("POST", f"{filled.path}/metadata", {"kind": "X-TEST", "metadata": ["2"]})
    assert (added.status_code, added.json()["metadata"]) == (201, ["1", "2"])
    assert filled.api("DELETE", path).status_code == (204 if servers.release(filled.server) >= (4, 9) else 200)
    assert filled.api("GET", path).json() == {"type": "Metadata", "kind": "X-TEST", "metadata": []}


@pytest.mark.parametrize("kind", ["OTHER", "API-RECTIFY", "SOA-EDIT-API", "PRESIGNED", "x-test"])
def test_some_metadata_are_not_the_apis_to_write(filled: ZoneAtHand, kind: str) -> None:
    """What has a field of its own, and what is unknown, is refused by name."""
    answer = filled.api("PUT", f"{filled.path}/metadata/{kind}", {"metadata": ["1"]})
    assert (answer.status_code, answer.json()) == (422, {"error": f"Unsupported metadata kind '{kind}'"})


def test_one_rrset_is_read_by_name_and_type(filled: ZoneAtHand) -> None:
    """The others stay out; a type that is not there gives none."""
    assert filled.replace("@", "TXT", '"a"', '"b"').status_code == 204
    assert filled.contents("@", "TXT") == ['"a"', '"b"']
    assert filled.contents("@", "A") == []


def test_a_zone_fed_by_others_without_an_soa_takes_content(zone: ZoneAtHand) -> None:
    """That is how a zone is filled before it is served."""
    assert zone.create(kind="Slave", nameservers=[], api_rectify=False).status_code == 201
    assert zone.replace("www", "A", "192.0.2.1").status_code == 204
    assert zone.read("?rrsets=false")["serial"] == 0
    assert zone.patch(zone.rrset("@", "SOA", soa_content(7))).status_code == 204
    assert zone.read("?rrsets=false")["serial"] == 7
