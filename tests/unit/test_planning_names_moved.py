"""When a change needs rectifying: where names come or go, and below delegations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning_text import absolute, zone

from netbox_pdns.planning.diff import diff_content
from netbox_pdns.planning.names_moved import delegations, moves_names

BASE = """
www 300 A 192.0.2.1
www 300 TXT "x"
mail 300 A 192.0.2.2
sub 300 NS ns.sub
ns.sub 300 A 192.0.2.3
"""


def needed(before: str, after: str) -> bool:
    """Tell whether the step from one content to the other needs rectifying."""
    there, wanted = zone(before), zone(after)
    changes = diff_content(wanted.content, there.content)
    return moves_names(there.name, changes, there.rrsets, delegations(there.name, there.rrsets))


@pytest.mark.parametrize(
    ("old", "new", "moves"),
    [
        pytest.param("www 300 A 192.0.2.1", "www 300 A 192.0.2.9", False, id="another-value"),
        pytest.param("www 300 A 192.0.2.1", "www 60 A 192.0.2.1", False, id="another-ttl"),
        pytest.param("www 300 A 192.0.2.1\n", "", False, id="one-type-of-a-name-goes"),
        pytest.param("mail 300 A 192.0.2.2", "mail 300 A 192.0.2.2\nmail 300 MX 10 www", False, id="a-type-comes"),
        pytest.param("mail 300 A 192.0.2.2", "mail 300 TXT y", False, id="one-type-for-another"),
        pytest.param("mail 300 A 192.0.2.2\n", "", True, id="a-name-goes"),
        pytest.param("mail 300 A 192.0.2.2", "mail 300 A 192.0.2.2\nnew 300 A 192.0.2.2", True, id="a-name-comes"),
        pytest.param("mail 300 A 192.0.2.2", "post 300 A 192.0.2.2", True, id="a-name-for-another"),
        pytest.param("sub 300 NS ns.sub", "sub 300 NS ns2.sub", True, id="a-delegation-changes"),
        pytest.param("ns.sub 300 A 192.0.2.3", "ns.sub 300 A 192.0.2.4", True, id="glue-changes"),
        pytest.param('www 300 TXT "x"', "www 300 NS ns.x.", True, id="a-delegation-comes"),
    ],
)
def test_what_needs_rectifying(old: str, new: str, moves: bool) -> None:
    assert old in BASE
    assert needed(BASE, BASE.replace(old, new)) is moves


def test_the_apex_is_there_whatever_changes_at_it() -> None:
    assert not needed("@ 300 NS ns1.x.\n@ 300 MX 10 m.x.", "@ 300 NS ns2.x.")


def test_a_delegation_that_was_not_looked_at_counts() -> None:
    there, wanted = zone("a.sub 300 A 192.0.2.1"), zone("a.sub 300 A 192.0.2.2")
    changes = diff_content(wanted.content, there.content)
    assert not moves_names(there.name, changes, there.rrsets, frozenset())
    assert moves_names(there.name, changes, there.rrsets, frozenset({absolute("sub")}))


NAMES = st.sets(st.sampled_from(["a", "b", "a.b", "c.a.b", "d"]))


@given(NAMES, NAMES)
def test_without_delegations_it_is_needed_just_where_the_names_differ(before: set[str], after: set[str]) -> None:
    text = [
        "\n".join(f"{name} 300 A 192.0.2.{number}" for name in sorted(each))
        for number, each in ((1, before), (2, after))
    ]
    assert needed(*text) is (before != after)
