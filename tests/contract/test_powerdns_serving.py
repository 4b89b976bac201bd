"""What every PowerDNS serves: serials by their rules, and the answers to questions over UDP and TCP."""

from __future__ import annotations

import time

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from servers import ask, served_serial
from zone_at_hand import ZoneAtHand, soa_content

_WEEK = 604_800
_TODAY = int(time.strftime("%Y%m%d")) * 100
_INCEPTION = int(time.time()) // _WEEK * _WEEK


@pytest.mark.parametrize(
    ("rule", "sent", "stored"),
    [
        pytest.param("", 9, 9, id="off"),
        pytest.param("DEFAULT", 9, _TODAY + 1, id="default-below-the-date"),
        pytest.param("DEFAULT", 4_000_000_000, 4_000_000_001, id="default-above-the-date"),
        pytest.param("INCREASE", 9, 10, id="increase"),
        pytest.param("INCREASE", 4_294_967_295, 0, id="increase-at-the-end-of-the-circle"),
        pytest.param("other", 9, 9, id="no-rule"),
    ],
)
def test_a_change_stores_a_serial_by_soa_edit_api(zone: ZoneAtHand, rule: str, sent: int, stored: int) -> None:
    """The rule starts from the serial that was sent, whatever is stored."""
    assert zone.create(("@", "SOA", soa_content(7)), soa_edit_api=rule).status_code == 201
    assert zone.patch(zone.soa(sent)).status_code == 204
    assert zone.read("?rrsets=false")["serial"] == stored
    assert served_serial(zone.server, zone.name) == stored


def test_a_change_without_an_soa_moves_the_serial_where_a_rule_says_so(zone: ZoneAtHand) -> None:
    """INCREASE adds one to what is stored; an empty rule leaves it."""
    assert zone.create(("@", "SOA", soa_content(7)), soa_edit_api="INCREASE").status_code == 201
    assert zone.replace("www", "A", "192.0.2.1").status_code == 204
    assert zone.read("?rrsets=false")["serial"] == 9
    assert zone.api("PUT", zone.path, {"soa_edit_api": ""}).status_code == 204
    assert zone.replace("www", "A", "192.0.2.2").status_code == 204
    assert zone.read("?rrsets=false")["serial"] == 9


def test_epoch_stores_the_clock(zone: ZoneAtHand) -> None:
    """The serial is the second of the change."""
    before = int(time.time())
    assert zone.create(("@", "SOA", soa_content(7)), soa_edit_api="EPOCH").status_code == 201
    serial = zone.read("?rrsets=false")["serial"]
    assert isinstance(serial, int)
    assert before <= serial <= time.time()


@pytest.mark.parametrize(
    ("rule", "stored", "served"),
    [
        pytest.param("", 7, 7, id="none"),
        pytest.param("INCREMENT-WEEKS", 7, 7 + int(time.time()) // _WEEK, id="increment-weeks"),
        pytest.param("INCEPTION-EPOCH", 7, _INCEPTION, id="inception-epoch"),
        pytest.param("INCEPTION-EPOCH", 4_000_000_000, 4_000_000_000, id="inception-epoch-above"),
        pytest.param(
            "INCEPTION-INCREMENT",
            7,
            int(time.strftime("%Y%m%d", time.gmtime(_INCEPTION))) * 100 + 1,
            id="inception-increment",
        ),
        pytest.param("NONE", 7, 7, id="named-none"),
    ],
)
def test_another_serial_is_served_by_soa_edit(zone: ZoneAtHand, rule: str, stored: int, served: int) -> None:
    """The API shows both, and DNS answers the edited one."""
    assert zone.create(("@", "SOA", soa_content(stored)), soa_edit=rule).status_code == 201
    shown = zone.read("?rrsets=false")
    assert (shown["serial"], shown["edited_serial"]) == (stored, served)
    assert served_serial(zone.server, zone.name) == served


ROWS = (
    ("@", "SOA", "ns1.example.net. hostmaster.example.net. 7 3600 600 86400 60"),
    ("@", "NS", "ns1.example.net."),
    ("www", "A", "192.0.2.1"),
    ("alias", "CNAME", "www.ZONE"),
    ("alias2", "CNAME", "alias.ZONE"),
    ("away", "CNAME", "www.example.net."),
    ("gone", "CNAME", "nothing.ZONE"),
    ("loop", "CNAME", "loop.ZONE"),
    ("down", "CNAME", "host.sub.ZONE"),
    ("*.wild", "A", "192.0.2.2"),
    ("a.kept.wild", "TXT", '"a"'),
    ("*.alias", "CNAME", "www.ZONE"),
    ("sub", "NS", "ns.sub.ZONE"),
    ("sub", "DS", f"1 8 2 {'ab' * 32}"),
    ("ns.sub", "A", "192.0.2.3"),
    ("mail", "MX", "10 www.ZONE"),
    ("moved", "DNAME", "example.net."),
    ("deep.name.below", "A", "192.0.2.4"),
)


@pytest.fixture
def served(zone: ZoneAtHand) -> ZoneAtHand:
    """A zone with one of everything that answers turn on."""
    rows = [(owner, type, content.replace("ZONE", zone.name)) for owner, type, content in ROWS]
    made = zone.create(*rows)
    assert made.status_code == 201, made.text
    return zone


def _told(zone: ZoneAtHand, owner: str, type: str) -> tuple[str, bool, str, str, str]:
    """Return an answer in short: code, authority, and in each section owners and types."""
    answer = ask(zone.server, zone.owner(owner), type)

    def section(rrsets: list[object]) -> str:
        texts = (str(rrset).split("\n")[0].split(" ") for rrset in rrsets)
        return ", ".join(f"{text[0]} {text[3]}".replace("." + zone.name, "").replace(zone.name, "@") for text in texts)

    sections = (section([*each]) for each in (answer.answer, answer.authority, answer.additional))
    code = dns.rcode.to_text(answer.rcode())
    return (code, bool(answer.flags & dns.flags.AA), *sections)  # type: ignore[return-value]  # three sections


@pytest.mark.parametrize(
    ("owner", "type", "expected"),
    [
        pytest.param("www", "A", ("NOERROR", True, "www A", "", ""), id="data"),
        pytest.param("WWW", "A", ("NOERROR", True, "WWW A", "", ""), id="letter-case"),
        pytest.param("www", "TXT", ("NOERROR", True, "", "@ SOA", ""), id="no-data"),
        pytest.param("none", "A", ("NXDOMAIN", True, "", "@ SOA", ""), id="no-name"),
        pytest.param("name.below", "A", ("NOERROR", True, "", "@ SOA", ""), id="empty-non-terminal"),
        pytest.param("alias2", "A", ("NOERROR", True, "alias2 CNAME, alias CNAME, www A", "", ""), id="cname-chain"),
        pytest.param("alias", "CNAME", ("NOERROR", True, "alias CNAME", "", ""), id="cname-itself"),
        pytest.param("away", "A", ("NOERROR", True, "away CNAME", "", ""), id="cname-that-leads-away"),
        pytest.param("gone", "A", ("NXDOMAIN", True, "gone CNAME", "@ SOA", ""), id="cname-to-nothing"),
        pytest.param("loop", "A", ("SERVFAIL", True, "", "", ""), id="cname-to-itself"),
        pytest.param("down", "A", ("NOERROR", True, "down CNAME", "sub NS", "ns.sub A"), id="cname-below-a-delegation"),
        pytest.param("x.wild", "A", ("NOERROR", True, "x.wild A", "", ""), id="wildcard"),
        pytest.param("x.y.wild", "A", ("NOERROR", True, "x.y.wild A", "", ""), id="wildcard-two-labels"),
        pytest.param("x.wild", "TXT", ("NOERROR", True, "", "@ SOA", ""), id="wildcard-no-data"),
        pytest.param("x.kept.wild", "A", ("NXDOMAIN", True, "", "@ SOA", ""), id="wildcard-kept-off-by-a-name"),
        pytest.param("x.alias", "A", ("NOERROR", True, "x.alias CNAME, www A", "", ""), id="wildcard-cname"),
        pytest.param("host.sub", "A", ("NOERROR", False, "", "sub NS", "ns.sub A"), id="delegation"),
        pytest.param("sub", "NS", ("NOERROR", False, "", "sub NS", "ns.sub A"), id="delegation-itself"),
        pytest.param("sub", "DS", ("NOERROR", True, "sub DS", "", ""), id="ds-of-a-delegation"),
        pytest.param("mail", "MX", ("NOERROR", True, "mail MX", "", "www A"), id="addresses-of-mail-hosts"),
        pytest.param("moved", "DNAME", ("NOERROR", True, "moved DNAME", "", ""), id="dname"),
    ],
)
def test_questions_are_answered(
    served: ZoneAtHand, owner: str, type: str, expected: tuple[str, bool, str, str, str]
) -> None:
    """Code, authority and sections are those of RFC 1034, 2308 and 4592."""
    assert _told(served, owner, type) == expected


def test_a_denial_is_kept_no_longer_than_the_minimum(served: ZoneAtHand) -> None:
    """The SOA of a denial has the smaller of its own TTL and its last field (RFC 2308, section 3)."""
    assert [rrset.ttl for rrset in ask(served.server, served.owner("none"), "A").authority] == [60]


def test_names_of_nobody_are_refused(zone: ZoneAtHand) -> None:
    """REFUSED, as for a zone that has no SOA yet."""
    assert ask(zone.server, zone.name, "SOA").rcode() == dns.rcode.REFUSED
    assert zone.create(kind="Slave", nameservers=[], api_rectify=False).status_code == 201
    assert zone.replace("www", "A", "192.0.2.1").status_code == 204
    assert ask(zone.server, zone.owner("www"), "A").rcode() == dns.rcode.REFUSED


def test_a_large_answer_comes_over_tcp(filled: ZoneAtHand) -> None:
    """Over UDP it is truncated to nothing."""
    assert filled.replace("many", "TXT", *(f'"{n:03d}{"x" * 90}"' for n in range(60))).status_code == 204
    query = dns.message.make_query(filled.owner("many"), "TXT")
    short = dns.query.udp(query, filled.server.dns_host, port=filled.server.dns_port, timeout=10.0)
    assert (bool(short.flags & dns.flags.TC), short.answer) == (True, [])
    assert len(ask(filled.server, filled.owner("many"), "TXT", tcp=True).answer[0]) == 60


def test_a_zone_is_transferred_whole(served: ZoneAtHand) -> None:
    """AXFR over TCP begins and ends with the SOA, and has every record."""
    messages = dns.query.xfr(served.server.dns_host, served.name, port=served.server.dns_port, relativize=False)
    records = [rrset for message in messages for rrset in message.answer]
    assert sum(len(rrset) for rrset in records) == len(ROWS) + 1


def test_empty_non_terminals_wait_for_the_rectification(zone: ZoneAtHand) -> None:
    """Without `api_rectify` they do not exist, until the zone is rectified; with it they are there at once."""
    assert zone.create(("@", "SOA", soa_content(7)), api_rectify=False).status_code == 201
    assert zone.replace("a.middle", "A", "192.0.2.1").status_code == 204
    assert ask(zone.server, zone.owner("middle"), "A").rcode() == dns.rcode.NXDOMAIN
    assert zone.api("PUT", f"{zone.path}/rectify").json() == {"result": "Rectified"}
    assert ask(zone.server, zone.owner("middle"), "A").rcode() == dns.rcode.NOERROR
    assert zone.api("PUT", zone.path, {"api_rectify": True}).status_code == 204
    assert zone.replace("a.other", "A", "192.0.2.1").status_code == 204
    assert ask(zone.server, zone.owner("other"), "A").rcode() == dns.rcode.NOERROR


def test_a_zone_without_a_word_about_rectification_is_rectified(zone: ZoneAtHand) -> None:
    """The API shows false for it all the same, and only the list of metadata tells it from one that has it off."""
    document = {"name": zone.name, "kind": "Native", "nameservers": ["ns1.example.net."]}
    assert zone.api("POST", "/zones", document).status_code == 201
    assert zone.replace("a.middle", "A", "192.0.2.1").status_code == 204
    assert ask(zone.server, zone.owner("middle"), "A").rcode() == dns.rcode.NOERROR
    for expected, fields in ((False, None), (True, {"api_rectify": False})):
        if fields is not None:
            assert zone.api("PUT", zone.path, fields).status_code == 204
        assert zone.read("?rrsets=false")["api_rectify"] is False
        kinds = {each["kind"] for each in zone.api("GET", f"{zone.path}/metadata").json()}
        assert ("API-RECTIFY" in kinds) is expected


def test_a_notification_is_taken(filled: ZoneAtHand) -> None:
    """The API says that it is queued."""
    answer = filled.api("PUT", f"{filled.path}/notify")
    assert (answer.status_code, answer.json()) == (200, {"result": "Notification queued"})
