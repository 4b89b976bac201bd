"""A plan as people read it: one record a line in aligned columns, the old beside the new."""

from __future__ import annotations

import pytest
from planning_text import context, desired, observed

from netbox_pdns.planning.render import LONGEST, lines
from netbox_pdns.planning.zone_plan import plan_zone

KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" * 8


def _shown(wanted: str, there: str) -> list[str]:
    """Return the lines of the plan without the SOA, each without the blanks that align it."""
    plan = plan_zone(desired(wanted, 8), observed(there), context())
    return [" ".join(line.split()) for line in lines(plan) if " SOA " not in line]


@pytest.mark.parametrize(
    ("there", "wanted", "shown"),
    [
        pytest.param("", "a 60 A 192.0.2.1", ["+ a.example.com. 60 A 192.0.2.1"], id="added"),
        pytest.param("a 60 A 192.0.2.1", "", ["- a.example.com. 60 A 192.0.2.1"], id="removed"),
        pytest.param(
            "a 60 A 192.0.2.1", "a 60 A 192.0.2.2", ["~ a.example.com. 60 A 192.0.2.1 → 192.0.2.2"], id="changed"
        ),
        pytest.param("a 60 A 192.0.2.1", "a 30 A 192.0.2.1", ["~ a.example.com. 60 → 30 A 192.0.2.1"], id="ttl"),
        pytest.param(
            "a 60 A 192.0.2.1",
            "a 30 A 192.0.2.2",
            ["~ a.example.com. 60 → 30 A 192.0.2.1 → 192.0.2.2"],
            id="ttl-and-value",
        ),
        pytest.param(
            "a 60 A 192.0.2.1\na 60 A 192.0.2.2",
            "a 30 A 192.0.2.1\na 30 A 192.0.2.2",
            ["~ a.example.com. 60 → 30 A (2 records)"],
            id="ttl-of-several",
        ),
        pytest.param(
            "a 60 A 192.0.2.1\na 60 A 192.0.2.2",
            "a 60 A 192.0.2.2\na 60 A 192.0.2.3",
            ["~ a.example.com. 60 A 192.0.2.1 → 192.0.2.3"],
            id="one-of-two",
        ),
        pytest.param(
            "a 60 A 192.0.2.1",
            "a 60 A 192.0.2.2\na 60 A 192.0.2.3",
            ["- a.example.com. 60 A 192.0.2.1", "+ a.example.com. 60 A 192.0.2.2", "+ a.example.com. 60 A 192.0.2.3"],
            id="one-becomes-two",
        ),
        pytest.param(
            "a 60 A 192.0.2.1",
            "a 60 CNAME b.example.com.",
            ["- a.example.com. 60 A 192.0.2.1", "+ a.example.com. 60 CNAME b.example.com."],
            id="another-type",
        ),
    ],
)
def test_a_change_is_one_line_that_says_it(there: str, wanted: str, shown: list[str]) -> None:
    """What takes another's place stands beside it; what comes or goes alone has a line of its own."""
    assert _shown(wanted, there) == shown


def test_columns_stand_below_each_other() -> None:
    """Name, TTL, type and rdata begin in the same place on every line."""
    plan = plan_zone(desired("a 60 A 192.0.2.1\nlonger 86400 AAAA 2001:db8::1", 8), None, context())
    assert lines(plan) == (
        "+ example.com.        3600  SOA  serial 8",
        "+ a.example.com.      60    A    192.0.2.1",
        "+ longer.example.com. 86400 AAAA 2001:db8::1",
    )


@pytest.mark.parametrize(
    ("refresh", "shown"),
    [
        pytest.param("3600", "serial 7 → 8", id="serial-alone"),
        pytest.param("7200", "serial 7 → 8, refresh 3600 → 7200", id="another-field"),
    ],
)
def test_the_soa_says_what_of_it_changes(refresh: str, shown: str) -> None:
    """Its serial, and each other field that is not as it was, by its name."""
    wanted = desired(f"@ 3600 SOA ns1.x. hostmaster.x. 8 {refresh} 600 86400 300\na 60 A 192.0.2.1", None)
    (soa, _) = lines(plan_zone(wanted, observed(""), context()))
    assert soa.partition("SOA ")[2] == shown


def test_a_long_value_is_cut_and_says_so() -> None:
    """A line for people stays a line."""
    (line,) = _shown(f'k 60 TXT "{KEY[:250]}"', "")
    assert len(line) < LONGEST + 60
    assert line.endswith("… (252 characters)")


def test_long_values_are_cut_where_they_differ() -> None:
    """Of two keys that begin alike the line shows the place where they part."""
    old = f'"{KEY[:200]}"'
    (line,) = _shown(f"k 60 TXT {old[:-20]}OTHER{old[-15:]}", f"k 60 TXT {old}")
    before, after = line.split(" → ")
    assert "OTHER" in after
    assert "OTHER" not in before
    assert len(line) < 2 * LONGEST
