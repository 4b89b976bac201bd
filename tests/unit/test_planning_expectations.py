"""How each RRset of a zone is to be seen in DNS, by what is above it."""

from __future__ import annotations

import pytest
from planning_text import context, desired, relative, zone

from netbox_pdns.planning.expectations import Seen, expectations, standing_in, to_be_seen
from netbox_pdns.planning.values import SoaPair

APEX = "@ 60 NS ns.x."


def _seen(content: str, *served: str) -> dict[str, str]:
    """Return for every RRset but the apex's own how it is seen; what is asked where that is not the RRset itself."""
    found = {}
    for each in expectations(zone(content, 7), {"example.com.", *served}):
        name, type = each.rrset.key
        asked = "" if each.question == each.rrset.key else f" by {relative(each.question[0])} {each.question[1]}"
        found[f"{relative(name)} {type}"] = f"{each.seen}{asked}"
    return found


@pytest.mark.parametrize(
    ("content", "rrset", "seen"),
    [
        pytest.param(APEX, "@ NS", "answer", id="apex-ns"),
        pytest.param(APEX, "@ SOA", "answer", id="soa"),
        pytest.param("www 60 A 192.0.2.1", "www A", "answer", id="address"),
        pytest.param("a 60 CNAME b.x.", "a CNAME", "answer", id="cname-itself"),
        pytest.param("*.w 60 A 192.0.2.1", "*.w A", "answer", id="wildcard-itself"),
        pytest.param("a.deep.name 60 A 192.0.2.1", "a.deep.name A", "answer", id="below-an-empty-non-terminal"),
        pytest.param(r"a\.sub 60 A 192.0.2.1" + "\nsub 60 NS ns.x.", r"a\.sub A", "answer", id="a-dot-in-a-label"),
        pytest.param("notsub 60 A 192.0.2.1\nsub 60 NS ns.x.", "notsub A", "answer", id="a-name-that-ends-alike"),
        pytest.param("sub 60 NS ns.x.", "sub NS", "referral", id="delegation"),
        pytest.param("sub 60 NS ns.x.\nsub 60 DS 1 8 2 " + "ab" * 32, "sub DS", "answer", id="ds-is-the-parents"),
        pytest.param('sub 60 NS ns.x.\nsub 60 TXT "a"', "sub TXT", "occluded", id="data-at-a-delegation"),
        pytest.param("sub 60 NS ns.x.\na.sub 60 A 192.0.2.1", "a.sub A", "occluded", id="below-a-delegation"),
        pytest.param(
            "sub 60 NS ns.sub.example.com.\nns.sub 60 A 192.0.2.1", "ns.sub A", "glue by sub NS", id="glue-below"
        ),
        pytest.param(
            "sub 60 NS sub.example.com.\nsub 60 AAAA 2001:db8::1", "sub AAAA", "glue by sub NS", id="glue-at-the-cut"
        ),
        pytest.param(
            'sub 60 NS ns.sub.example.com.\nns.sub 60 TXT "a"', "ns.sub TXT", "occluded", id="no-address-no-glue"
        ),
        pytest.param(
            "sub 60 NS ns.other.example.com.\nother 60 NS ns.x.\nns.other 60 A 192.0.2.1",
            "ns.other A",
            "occluded",
            id="an-address-that-another-delegation-names",
        ),
        pytest.param("sub 60 NS ns.x.\nb.sub 60 NS ns.x.", "b.sub NS", "occluded", id="delegation-below-another"),
        pytest.param(
            "sub 60 NS ns.x.\nb.sub 60 NS ns.x.\nb.sub 60 DS 1 8 2 " + "ab" * 32,
            "b.sub DS",
            "occluded",
            id="ds-below-a-delegation",
        ),
        pytest.param("d 60 DNAME y.", "d DNAME", "answer", id="dname-itself"),
        pytest.param("d 60 DNAME y.\nd 60 A 192.0.2.1", "d A", "answer", id="beside-a-dname"),
        pytest.param("d 60 DNAME y.\na.d 60 A 192.0.2.1", "a.d A", "occluded", id="below-a-dname"),
        pytest.param("@ 60 DNAME y.\na 60 A 192.0.2.1", "a A", "occluded", id="below-a-dname-at-the-apex"),
        pytest.param("@ 60 DNAME y.\n@ 60 MX 1 y.", "@ MX", "answer", id="beside-a-dname-at-the-apex"),
        pytest.param("a 60 TYPE130 \\# 1 00", "a TYPE130", "not asked", id="a-query-type"),
    ],
)
def test_how_an_rrset_is_seen(content: str, rrset: str, seen: str) -> None:
    """What is above a name decides how what it has can be seen."""
    assert _seen(content)[rrset] == seen


@pytest.mark.parametrize(
    ("rrset", "seen"),
    [
        pytest.param("child NS", "occluded", id="the-delegation-itself"),
        pytest.param("child DS", "answer", id="ds-is-the-parents"),
        pytest.param("ns.child A", "occluded", id="its-glue"),
        pytest.param("www.deep.child A", "occluded", id="what-is-below"),
        pytest.param("www A", "answer", id="what-is-beside"),
    ],
)
def test_a_zone_below_on_the_same_server_hides_all_but_the_ds(rrset: str, seen: str) -> None:
    """The server answers by the zone below; zones elsewhere and above hide nothing."""
    content = f"""
        child 60 NS ns.child.example.com.
        child 60 DS 1 8 2 {"ab" * 32}
        ns.child 60 A 192.0.2.1
        www.deep.child 60 A 192.0.2.2
        www 60 A 192.0.2.3
    """
    assert _seen(content, "child.example.com.", "www.example.org.", "com.", ".")[rrset] == seen


@pytest.mark.parametrize(
    ("content", "served", "words"),
    [
        pytest.param(
            "sub 60 NS ns.x.\na.sub 60 A 192.0.2.1", "", "the delegation of sub.example.com.", id="delegation"
        ),
        pytest.param("d 60 DNAME y.\na.d 60 A 192.0.2.1", "", "the DNAME of d.example.com.", id="dname"),
        pytest.param("a.b 60 A 192.0.2.1", "b.example.com.", "the zone b.example.com. on the same server", id="zone"),
    ],
)
def test_what_hides_is_named(content: str, served: str, words: str) -> None:
    """The operator learns which name to look at."""
    hidden = [each for each in expectations(zone(content), {served}) if each.seen is Seen.OCCLUDED]
    assert [each.why for each in hidden] == [f"{words} hides it"]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        pytest.param("a 60 CNAME b.x.", "a", "the CNAME of a.example.com.", id="cname"),
        pytest.param("*.w 60 A 192.0.2.1", "a.w", "the wildcard *.w.example.com.", id="wildcard"),
        pytest.param("*.w 60 A 192.0.2.1", "a.b.w", "the wildcard *.w.example.com.", id="wildcard-two-labels-above"),
        pytest.param("* 60 A 192.0.2.1", "a", "the wildcard *.example.com.", id="wildcard-of-the-apex"),
        pytest.param("* 60 A 192.0.2.1\nb 60 A 192.0.2.1", "a.b", None, id="a-closer-name-exists"),
        pytest.param("* 60 A 192.0.2.1\nx.b 60 A 192.0.2.1", "a.b", None, id="a-closer-empty-non-terminal-exists"),
        pytest.param("* 60 A 192.0.2.1\nb 60 TXT a", "b", None, id="the-name-itself-exists"),
        pytest.param("www 60 A 192.0.2.1", "a", None, id="nothing"),
    ],
)
def test_what_answers_in_place_of_what_is_not_there(content: str, name: str, words: str | None) -> None:
    """A CNAME for every type, a wildcard for names that do not exist."""
    said = standing_in(f"{name}.example.com.", zone(content))
    assert said == (None if words is None else f"{words} answers in its place")


@pytest.mark.parametrize(
    ("netbox", "seen"), [pytest.param(8, 7, id="as-it-was-adopted"), pytest.param(9, 9, id="netbox-has-another-since")]
)
def test_the_soa_of_an_adopted_zone(netbox: int, seen: int) -> None:
    """Adopted with serial 7 where NetBox had 8: the server's is right until NetBox's changes."""
    wanted, there = zone(APEX, 8).soa, zone(APEX, 7).soa
    assert wanted is not None
    assert there is not None
    whole, _ = to_be_seen(desired(APEX, netbox), None, context(adopted=SoaPair(wanted, there)))
    assert whole.serial == seen
