"""Which record a 422 is about."""

from __future__ import annotations

import pytest

from netbox_pdns.dns.rrset import RRset
from netbox_pdns.planning.values import Change
from netbox_pdns.powerdns.forms import SINCE_51, UP_TO_50
from netbox_pdns.powerdns.refusals import refused_record

ZONE = "example.com."
A = RRset.of("www.example.com.", "A", 300, ["192.0.2.1", "192.0.2.2"])
MAPPED = RRset.of("six.example.com.", "AAAA", 300, ["::ffff:192.0.2.1"])
X25 = RRset.of("x25.example.com.", "X25", 300, ['"311"'])
CNAME = RRset.of("alias.example.com.", "CNAME", 300, ["a.example.", "b.example."])
SPACED = RRset.of(r"a\032b.example.com.", "A", 300, ["192.0.2.1"])
GONE = RRset.of("gone.example.com.", "A", 300, ["192.0.2.9"])
CHANGES = [*(Change(None, rrset) for rrset in (A, MAPPED, X25, CNAME, SPACED)), Change(GONE, None)]


@pytest.mark.parametrize(
    ("message", "named"),
    [
        pytest.param(
            "Record www.example.com./A '192.0.2.2': Not in expected format (parsed as '192.0.2.2')",
            (*A.key, "192.0.2.2"),
            id="one of several records",
        ),
        pytest.param("Record WWW.example.com./A '192.0.2.1': no", (*A.key, "192.0.2.1"), id="case of the name"),
        pytest.param(
            "Record six.example.com./AAAA '0:0:0:0:0:ffff:c000:201': no",
            (*MAPPED.key, "::ffff:192.0.2.1"),
            id="in the form sent",
        ),
        pytest.param(r"Record x25.example.com./TYPE19 '\# 4 03333131': no", (*X25.key, '"311"'), id="sent as TYPEnnn"),
        pytest.param("Record www.example.com./A 'it's': no", (*A.key, None), id="content that was not sent"),
        pytest.param("RRset alias.example.com. IN CNAME has more than one record", (*CNAME.key, None), id="an RRset"),
        pytest.param(
            "RRset alias.example.com. IN CNAME: Conflicts with pre-existing RRset", (*CNAME.key, None), id="conflict"
        ),
        pytest.param("RRset x25.example.com. IN TYPE19: unknown type given", (*X25.key, '"311"'), id="of one record"),
        pytest.param(
            "Record six.example.com. IN AAAA is not allowed at apex", (*MAPPED.key, "::ffff:192.0.2.1"), id="rule"
        ),
        pytest.param(
            'Duplicate record in RRset www.example.com. IN A with content "192.0.2.1"',
            (*A.key, "192.0.2.1"),
            id="duplicate",
        ),
        pytest.param(
            r"Name 'a\032b.example.com.' contains unsupported characters", (*SPACED.key, "192.0.2.1"), id="owner name"
        ),
        pytest.param("Record other.example.com./A '192.0.2.2': no", None, id="a record that was not sent"),
        pytest.param("Record www.example.com./TXT '\"x\"': no", None, id="a type that was not sent"),
        pytest.param("RRset gone.example.com. IN A: no", None, id="an RRset that goes"),
        pytest.param("Could not store", None, id="no record in it"),
    ],
)
def test_the_record_that_a_message_names(message: str, named: tuple[str, str, str | None] | None) -> None:
    """Name, type and rdata as we have them, found by matching what was sent."""
    refusal = refused_record(message, ZONE, CHANGES, UP_TO_50)
    assert (refusal and (refusal.name, refusal.type, refusal.rdata)) == named


def test_what_was_sent_alone_is_what_is_refused() -> None:
    """A message that names nothing, about one RRset: that RRset, and its record where it has one alone."""
    for rrset, rdata in ((A, None), (MAPPED, MAPPED.rdatas[0])):
        refusal = refused_record(
            "Could not store", ZONE, [Change(GONE, None), Change(None, rrset)], UP_TO_50, alone=True
        )
        assert refusal is not None
        assert (refusal.name, refusal.type, refusal.rdata) == (*rrset.key, rdata)
        assert "Could not store" in refusal.reason


@pytest.mark.parametrize(
    ("message", "own", "by_name"),
    [
        pytest.param("Record six.example.com./AAAA 'x': no", True, True, id="PowerDNS-names-it"),
        pytest.param("Could not store", True, False, id="PowerDNS-names-nothing"),
        pytest.param("Record six.example.com./AAAA 'x': no", False, False, id="not-in-PowerDNSs-form"),
        pytest.param("blocked by policy", False, False, id="anothers-words"),
    ],
)
def test_what_is_refused_by_name(message: str, own: bool, by_name: bool) -> None:
    """Only what PowerDNS itself says of a record that it names is sure to be said of it again."""
    refusal = refused_record(message, ZONE, [Change(None, MAPPED)], UP_TO_50, own=own, alone=True)
    assert refusal is not None
    assert refusal.by_name is by_name
    assert ("a proxy" in refusal.reason) is not own


def test_a_long_reason_is_cut() -> None:
    """A key of kilobytes does not fill the screen."""
    refusal = refused_record(
        f"Record www.example.com./A '192.0.2.1': parsed as '{'x' * 5000}'", ZONE, CHANGES, UP_TO_50
    )
    assert refusal is not None
    assert len(refusal.reason) < 300


@pytest.mark.parametrize(
    ("message", "rdata"),
    [
        pytest.param(r"""Record www.example.com./TXT '"a\\b"': no""", r'"a\\b"', id="content"),
        pytest.param("RRset www.example.com. IN TXT: is not allowed at apex", None, id="an RRset"),
    ],
)
def test_the_record_that_a_message_of_5_1_names(message: str, rdata: str | None) -> None:
    """It names content without the escapes that were added for it, and puts a colon before every reason."""
    rrset = RRset.of("www.example.com.", "TXT", 300, [r'"a\\b"', '"c"'])
    refusal = refused_record(message, ZONE, [Change(None, rrset)], SINCE_51)
    assert refusal is not None
    assert (refusal.name, refusal.type, refusal.rdata) == (*rrset.key, rdata)
