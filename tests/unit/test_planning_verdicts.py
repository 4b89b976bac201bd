"""What an answer says about an RRset that is wanted, short way and long way."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rrset
import pytest
from planning_text import zone

from netbox_pdns.dns.message import question_of
from netbox_pdns.planning.expectations import Expectation, expectations
from netbox_pdns.planning.verdicts import Finding, Verdict, is_as_wanted, verdict

SOA = "example.com. 60 IN SOA ns.x. h.x. {} 1 1 1 1"
DELEGATED = "sub 60 NS ns.sub.example.com.\nns.sub 60 A 192.0.2.1"


def _expected(content: str, key: tuple[str, str], serial: int | None = None) -> Expectation:
    return next(each for each in expectations(zone(content, serial), ()) if each.rrset.key == key)


def _answer(
    expected: Expectation,
    answer: str = "",
    authority: str = "",
    additional: str = "",
    rcode: int = 0,
    authoritative: bool = True,
) -> bytes:
    """Return the wire form of a response with the records of the given lines in its sections."""
    response = dns.message.make_response(dns.message.make_query(*expected.question))
    response.flags |= dns.flags.AA if authoritative else 0
    response.set_rcode(rcode)
    for section, text in (
        (response.answer, answer),
        (response.authority, authority),
        (response.additional, additional),
    ):
        for line in filter(None, map(str.strip, text.split("\n"))):
            name, ttl, _, type, rdata = line.split(" ", 4)
            section.append(dns.rrset.from_text(name, int(ttl), "IN", type, rdata))
    return response.to_wire(max_size=65535)


def _said(expected: Expectation, message: bytes) -> Verdict:
    """Return the verdict; the short way may call nothing as wanted that the long way does not."""
    said = verdict(expected, message)
    if is_as_wanted(expected, message, question_of(expected.question)):
        assert said.finding is None
    return said


WWW = "www 60 A 192.0.2.1\nwww 60 A 192.0.2.2"
ONE, TWO, OTHER = (f"www.example.com. 60 IN A 192.0.2.{n}\n" for n in (1, 2, 9))


@pytest.mark.parametrize(
    ("answer", "finding", "missing", "extra"),
    [
        pytest.param(TWO + ONE, None, [], [], id="all-in-any-order"),
        pytest.param((ONE + TWO).upper(), None, [], [], id="case-of-the-owner"),
        pytest.param(ONE, "missing", ["192.0.2.2"], [], id="one-is-missing"),
        pytest.param(ONE + TWO + OTHER, "extra", [], ["192.0.2.9"], id="one-is-extra"),
        pytest.param(ONE + OTHER, "stale", ["192.0.2.2"], ["192.0.2.9"], id="another-in-its-place"),
        pytest.param("", "missing", ["192.0.2.1", "192.0.2.2"], [], id="no-data"),
        pytest.param(ONE.replace("www", "wwx"), "missing", ["192.0.2.1", "192.0.2.2"], [], id="of-another-owner"),
        pytest.param((ONE + TWO).replace(" 60 ", " 61 "), "stale", [], [], id="another-ttl"),
        pytest.param(
            ONE + TWO + "www.example.com. 60 IN RRSIG A 13 3 60 20300101000000 20200101000000 1 x. AAAA",
            None,
            [],
            [],
            id="signed",
        ),
    ],
)
def test_an_answer(answer: str, finding: str | None, missing: list[str], extra: list[str]) -> None:
    """Records are compared as a set; what comes beside the RRset does not matter."""
    said = _said(expected := _expected(WWW, ("www.example.com.", "A")), _answer(expected, answer))
    assert (said.finding, list(said.missing), list(said.extra)) == (finding, missing, extra)


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        pytest.param({"rcode": 3}, "NXDOMAIN", id="nxdomain"),
        pytest.param({"rcode": 5, "authoritative": False}, "REFUSED", id="refused"),
        pytest.param({"rcode": 2}, "SERVFAIL", id="servfail"),
        pytest.param({"authority": SOA.format(7)}, "no data of this type", id="no-data"),
        pytest.param({"answer": "www.example.com. 60 IN CNAME y."}, "a CNAME to y.", id="cname"),
        pytest.param(
            {"authority": "www.example.com. 60 IN NS ns.y.", "authoritative": False},
            "a referral to the name servers of www.example.com.",
            id="referral",
        ),
    ],
)
def test_what_is_answered_in_its_place_is_said(sections: dict[str, object], words: str) -> None:
    """The operator reads what a resolver would get."""
    expected = _expected(WWW, ("www.example.com.", "A"))
    said = _said(expected, _answer(expected, **sections))  # type: ignore[arg-type]  # by name
    assert (said.finding, said.answer) == (Finding.MISSING, words)


@pytest.mark.parametrize(
    ("ttl", "authoritative", "finding"),
    [
        pytest.param(60, True, None, id="equal"),
        pytest.param(59, True, "stale", id="lower-from-the-server"),
        pytest.param(59, False, None, id="lower-from-a-cache"),
        pytest.param(61, False, "stale", id="higher-from-a-cache"),
    ],
)
def test_the_ttl(ttl: int, authoritative: bool, finding: str | None) -> None:
    """A cache counts it down, the server itself owes it in full."""
    expected = _expected("a 60 A 192.0.2.1", ("a.example.com.", "A"))
    message = _answer(expected, f"a.example.com. {ttl} IN A 192.0.2.1", authoritative=authoritative)
    assert _said(expected, message).finding == finding


@pytest.mark.parametrize(
    ("served", "finding"),
    [
        pytest.param("ns1.x. hostmaster.x. 7 3600 600 86400 300", None, id="equal"),
        pytest.param("ns1.x. hostmaster.x. 8 3600 600 86400 300", None, id="ahead"),
        pytest.param("ns1.x. hostmaster.x. 6 3600 600 86400 300", "stale", id="behind"),
        pytest.param("ns1.x. hostmaster.x. 4294967290 3600 600 86400 300", "stale", id="behind-on-the-circle"),
        pytest.param("NS1.X. Hostmaster.X. 7 3600 600 86400 300", None, id="case-of-its-names"),
        pytest.param("ns1.x. hostmaster.x. 8 3601 600 86400 300", "stale", id="another-field"),
    ],
)
def test_the_soa(served: str, finding: str | None) -> None:
    """Its serial may be ahead of NetBox's, never behind (RFC 1982); its other fields are compared."""
    expected = _expected("", ("example.com.", "SOA"), serial=7)
    assert _said(expected, _answer(expected, f"example.com. 3600 IN SOA {served}")).finding == finding


GLUE = "ns.sub.example.com. 60 IN A 192.0.2.1"
NS = "sub.example.com. 60 IN NS ns.sub.example.com."
CHILD = "sub.example.com. 60 IN SOA ns.x. h.x. 1 1 1 1 1"


@pytest.mark.parametrize(
    ("type", "sections", "finding"),
    [
        pytest.param("NS", {"authority": NS, "authoritative": False}, None, id="referral"),
        pytest.param("NS", {"authority": NS.replace("ns.", "nt."), "authoritative": False}, "stale", id="other-ns"),
        pytest.param("NS", {"authority": SOA.format(1), "rcode": 3}, "missing", id="no-delegation"),
        pytest.param("NS", {"answer": NS}, "occluded", id="answered-by-the-zone-below"),
        pytest.param("NS", {"authority": CHILD}, "occluded", id="denied-by-the-zone-below"),
        pytest.param("A", {"authority": NS, "additional": GLUE, "authoritative": False}, None, id="glue"),
        pytest.param("A", {"authority": NS, "authoritative": False}, "missing", id="no-glue"),
        pytest.param("A", {"answer": NS, "additional": GLUE}, "occluded", id="address-from-the-zone-below"),
    ],
)
def test_a_delegation(type: str, sections: dict[str, object], finding: str | None) -> None:
    """The NS are in the referral's authority section, the glue in its additional section; a zone below hides both."""
    owner = "sub.example.com." if type == "NS" else "ns.sub.example.com."
    expected = _expected(DELEGATED, (owner, type))
    assert _said(expected, _answer(expected, **sections)).finding == finding  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("message", "words"),
    [
        pytest.param(None, "no answer", id="silence"),
        pytest.param(b"\0\0\x84\0\0\1\0\1\0\0\0\0\0", "an answer that nobody can read", id="breaks-off"),
    ],
)
def test_what_is_no_answer(message: bytes | None, words: str) -> None:
    """Silence and broken octets are a finding of their own, not an error that ends the run."""
    said = verdict(_expected(WWW, ("www.example.com.", "A")), message)
    assert said.finding is Finding.UNANSWERED
    assert said.answer.startswith(words)


@pytest.mark.parametrize(
    ("content", "key", "sections"),
    [
        pytest.param(WWW, ("www.example.com.", "A"), {"answer": ONE + TWO}, id="answer"),
        pytest.param(DELEGATED, ("sub.example.com.", "NS"), {"authority": NS, "authoritative": False}, id="referral"),
        pytest.param(
            DELEGATED,
            ("ns.sub.example.com.", "A"),
            {"authority": NS, "additional": GLUE, "authoritative": False},
            id="glue",
        ),
    ],
)
def test_an_ordinary_answer_takes_the_short_way(
    content: str, key: tuple[str, str], sections: dict[str, object]
) -> None:
    """The octets alone tell; else every answer would cost a parser."""
    expected = _expected(content, key)
    message = _answer(expected, **sections)  # type: ignore[arg-type]  # by name
    assert is_as_wanted(expected, message, question_of(expected.question))
