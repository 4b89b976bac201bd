"""What is held, with which numbers, and what goes on beside it."""

from __future__ import annotations

from typing import Literal

import pytest
from planning_text import absolute, context, desired, observed, relative

from netbox_pdns.planning.guard import guard_zones
from netbox_pdns.planning.render import change_lines
from netbox_pdns.planning.values import Action, GuardLimits, HoldReason, ZonePlan
from netbox_pdns.planning.zone_plan import plan_zone


def hosts(count: int, *, first: int = 1, ttl: int = 300) -> str:
    """Return lines of *count* names with an address each."""
    return "\n".join(f"h{number:03d} {ttl} A 192.0.2.{number}" for number in range(first, first + count))


NS = "@ 300 NS ns1.x.\n@ 300 NS ns2.x.\n"


@pytest.mark.parametrize(
    ("wanted", "there", "changed", "held"),
    [
        pytest.param(hosts(9), hosts(10), 1, [], id="one-of-ten"),
        pytest.param(hosts(8), hosts(10), 0, ["unexplained"], id="two-of-ten-are-over-10-percent"),
        pytest.param(hosts(1), hosts(2), 1, [], id="one-always"),
        pytest.param(hosts(1), hosts(5), 0, ["unexplained"], id="four-of-five"),
        pytest.param(hosts(37), hosts(40), 3, [], id="three-of-forty"),
        pytest.param(hosts(36), hosts(40), 0, ["unexplained"], id="four-are-too-many"),
        pytest.param(hosts(40, ttl=60), hosts(40), 40, [], id="a-ttl-alone-never-counts"),
        pytest.param(hosts(40), hosts(1), 39, [], id="additions-never-count"),
        pytest.param(hosts(20, first=30), hosts(20), 20, ["unexplained"], id="what-comes-is-applied-all-the-same"),
        pytest.param(NS, NS + hosts(10), 0, ["unexplained", "emptied"], id="emptied-but-for-its-nameservers"),
        pytest.param("@ 300 NS ns3.x.", NS, 0, ["unexplained", "apex-ns"], id="all-nameservers-change"),
        pytest.param("@ 300 NS ns1.x.\n@ 300 NS ns3.x.", NS, 1, [], id="one-nameserver-stays"),
        pytest.param("a 300 A 192.0.2.9", "a 300 CNAME x.", 2, [], id="other-data-takes-the-name-of-a-cname"),
        pytest.param(
            "a 300 CNAME x.",
            "a 300 A 192.0.2.1\na 300 A 192.0.2.2\na 300 A 192.0.2.3",
            2,
            [],
            id="a-cname-takes-a-name",
        ),
    ],
)
def test_held(wanted: str, there: str, changed: int, held: list[str]) -> None:
    """Without an explanation little goes; what is dangerous is held, the rest applied."""
    plan = plan_zone(desired(wanted), observed(there), context())
    assert len(plan.changes) == changed
    assert [str(verdict.reason) for verdict in plan.held] == held


@pytest.mark.parametrize(
    ("mode", "gone", "held"),
    [
        pytest.param("guard", 1, [], id="guard-little"),
        pytest.param("guard", 4, ["unexplained"], id="guard-much"),
        pytest.param("hold", 1, ["unexplained"], id="hold"),
        pytest.param("remove", 9, [], id="remove"),
    ],
)
def test_modes(mode: Literal["guard", "hold", "remove"], gone: int, held: list[str]) -> None:
    """`hold` lets nothing unexplained go, `remove` everything."""
    limits = GuardLimits(unexplained=mode)
    plan = plan_zone(desired(hosts(20 - gone)), observed(hosts(20)), context(limits=limits))
    assert [str(verdict.reason) for verdict in plan.held] == held


def test_per_record() -> None:
    """Of an RRset's records the unexplained stay, the explained go, and what comes, comes."""
    there = "\n".join(f"www 300 A 192.0.2.{number}" for number in range(1, 5))
    explanations = {(absolute("www"), "A", "192.0.2.1"): "deleted in NetBox"}
    plan = plan_zone(desired("www 300 A 192.0.2.9"), observed(there), context(explanations=explanations))
    (change,) = plan.changes
    assert change_lines([change]) == ("~ www.example.com. 300 A 192.0.2.1 → 192.0.2.9",)
    (held,) = plan.held
    assert held.detail.startswith("3 records would go and NetBox does not say why (300 % of 1 RRset)")
    assert change_lines(held.changes) == tuple(f"- www.example.com. 300 A 192.0.2.{number}" for number in (2, 3, 4))
    assert [record[2] for record in plan.unexplained] == ["192.0.2.2", "192.0.2.3", "192.0.2.4"]


OWN = (
    "@ 300 NS ns1.example.com.\n@ 300 NS ns2.example.com.\n"
    "ns1 300 A 192.0.2.1\nns1 300 AAAA 2001:db8::1\nns2 300 A 192.0.2.2"
)
NEW = "@ 300 NS ns3.example.com.\nns3 300 A 192.0.2.3"


@pytest.mark.parametrize(
    ("wanted", "applied"),
    [
        pytest.param(NEW, ["ns3 A", "other A"], id="both-go"),
        pytest.param(f"{NEW}\nns1 300 A 192.0.2.9", ["ns1 A", "ns3 A", "other A"], id="one-gets-another-address"),
        pytest.param(
            f"{NEW}\nns2 300 CNAME ns3.example.com.", ["ns3 A", "other A"], id="a-cname-takes-the-name-of-one"
        ),
        pytest.param(
            "@ 300 NS ns2.example.com.\nns2 300 A 192.0.2.2", ["@ NS", "ns1 A", "ns1 AAAA", "other A"], id="one-stays"
        ),
    ],
)
def test_nameservers_that_stay_keep_their_addresses(wanted: str, applied: list[str]) -> None:
    """Where the change of the apex NS waits, the delegation leads to the old ones: they must be found, and answer."""
    there = observed(f"{OWN}\nother 300 A 192.0.2.8")
    explanations = {(*key, rdata): "deleted" for key, rrset in there.zone.content.items() for rdata in rrset.rdatas}
    plan = plan_zone(desired(wanted), there, context(explanations=explanations))
    assert _keys(plan) == applied
    forced = frozenset({HoldReason.APEX_NS})
    through = plan_zone(desired(wanted), there, context(explanations=explanations, forced=forced))
    assert not through.held
    assert {change.key for verdict in plan.held for change in verdict.changes} <= {each.key for each in through.changes}


def test_a_nameserver_that_stays_unexplained_keeps_its_explained_address() -> None:
    """One command lets both through."""
    explanations = {
        (absolute("ns1"), type, rdata): "deleted" for type, rdata in (("A", "192.0.2.1"), ("AAAA", "2001:db8::1"))
    }
    wanted = "@ 300 NS ns2.example.com.\nns2 300 A 192.0.2.2"
    limits = GuardLimits(unexplained="hold")
    plan = plan_zone(desired(wanted), observed(OWN), context(explanations=explanations, limits=limits))
    assert plan.is_empty
    assert {held.command.split()[3] for held in plan.held} == {"unexplained"}


def _keys(plan: ZonePlan) -> list[str]:
    return [f"{relative(name)} {type}" for name, type in (change.key for change in plan.changes)]


@pytest.mark.parametrize(
    ("wanted", "there", "forced", "held"),
    [
        pytest.param(NS, NS + hosts(10), {HoldReason.EMPTIED}, ["unexplained"], id="emptied-alone"),
        pytest.param(NS, NS + hosts(10), {HoldReason.EMPTIED, HoldReason.UNEXPLAINED}, [], id="both"),
        pytest.param("@ 300 NS ns3.x.", NS, {HoldReason.APEX_NS, HoldReason.UNEXPLAINED}, [], id="apex-ns"),
    ],
)
def test_forced(wanted: str, there: str, forced: set[HoldReason], held: list[str]) -> None:
    """A reason that is forced lets through what it alone held."""
    plan = plan_zone(desired(wanted), observed(there), context(forced=frozenset(forced)))
    assert [str(verdict.reason) for verdict in plan.held] == held
    assert bool(plan.changes) == (not held)


def test_what_several_reasons_hold_is_let_through_by_one_command() -> None:
    """A command that named one reason of two would let nothing through; of unrelated changes each has its own."""
    plan = plan_zone(desired(NS), observed(NS + hosts(10)), context())
    assert {held.command for held in plan.held} == {"netbox-pdns sync --force unexplained,emptied --zone example.com"}
    plan = plan_zone(None, observed(hosts(2), dnssec=True), context())
    assert {held.command for held in plan.held} == {"netbox-pdns sync --force keys,unexplained --zone example.com"}
    gone = {("example.com.", "NS", f"ns{number}.x."): "changed" for number in (1, 2)}
    plan = plan_zone(desired("@ 300 NS ns3.x."), observed(NS + hosts(4)), context(explanations=gone))
    assert sorted(held.command.split()[3] for held in plan.held) == ["apex-ns", "unexplained"]


@pytest.mark.parametrize(
    ("there", "mode", "detail"),
    [
        pytest.param(1, "hold", "1 record would go and NetBox does not say why (100 % of 1 RRset); 0 go", id="one"),
        pytest.param(
            2, "guard", "2 records would go and NetBox does not say why (100 % of 2 RRsets); 1 goes", id="two"
        ),
        pytest.param(
            40, "guard", "40 records would go and NetBox does not say why (100 % of 40 RRsets); 3 go", id="40"
        ),
    ],
)
def test_the_words_agree_with_their_numbers(there: int, mode: Literal["guard", "hold"], detail: str) -> None:
    """An operator reads them when something is wrong: that is no time to stumble."""
    plan = plan_zone(desired(""), observed(hosts(there)), context(limits=GuardLimits(unexplained=mode)))
    assert plan.held[0].detail == f"{detail} without a word"
    ends = [ZonePlan(f"z{number}.", "pdns", Action.DELETE) for number in range(4)]
    several = guard_zones(ends, owned=39, source_empty=False, limits=GuardLimits(), forced=frozenset())
    assert several[0].detail == "4 of 39 zones would be deleted, 1 goes without a word"
    by_pattern = guard_zones(
        ends, owned=4, source_empty=False, limits=GuardLimits(), forced=frozenset(), pattern="*.lab"
    )
    assert by_pattern[0].detail == "4 of 4 zones *.lab would be deleted, 1 goes without a word"


def test_emptied_though_explained() -> None:
    """A zone of 10 RRsets is not emptied without a word, whatever explains it; its command names the reason."""
    explanations = {(absolute(f"h{number:03d}"), "A", f"192.0.2.{number}"): "deleted" for number in range(1, 11)}
    plan = plan_zone(desired(""), observed(hosts(10)), context(explanations=explanations))
    (held,) = plan.held
    assert held.detail == "the zone would be emptied of 10 RRsets"
    assert held.command == "netbox-pdns sync --force emptied --zone example.com"
    assert not plan.changes


@pytest.mark.parametrize(
    ("ends", "owned", "empty", "held"),
    [
        pytest.param(1, 1, False, None, id="one-always"),
        pytest.param(2, 39, False, "zones", id="two-of-39-are-over-5-percent"),
        pytest.param(2, 40, False, None, id="two-of-40"),
        pytest.param(3, 1000, False, None, id="three-of-many"),
        pytest.param(4, 1000, False, "zones", id="four-of-many"),
        pytest.param(1, 1, True, "source", id="an-empty-source"),
        pytest.param(0, 0, True, None, id="nothing-to-delete"),
    ],
)
def test_zones(ends: int, owned: int, empty: bool, held: str | None) -> None:
    """Past the limit every zone's deletion waits, not only those beyond it: which would be a throw of dice."""
    plans = [ZonePlan(f"z{number}.", "pdns", Action.DELETE) for number in range(ends)]
    verdicts = guard_zones(plans, owned=owned, source_empty=empty, limits=GuardLimits(), forced=frozenset())
    assert [(str(verdict.reason), verdict.zone) for verdict in verdicts] == [(held, p.zone) for p in plans if held]
    if held:
        forced = frozenset({HoldReason(held)})
        assert not guard_zones(plans, owned=owned, source_empty=empty, limits=GuardLimits(), forced=forced)


@pytest.mark.parametrize(
    ("owned", "spent", "percent", "held"),
    [
        pytest.param(100, 4, 5, False, id="the-fifth-of-104-at-5-percent"),
        pytest.param(96, 4, 5, False, id="the-fifth-of-what-were-100"),
        pytest.param(95, 5, 5, True, id="the-sixth-of-what-were-100"),
        pytest.param(2, 7, 100, False, id="all-may-go-however-few-are-left"),
    ],
)
def test_zones_that_went_before_are_of_those_that_the_share_is_of(
    owned: int, spent: int, percent: float, held: bool
) -> None:
    """Deleted one by one in a day as many zones may go as at once."""
    ends = [ZonePlan("a.example.", "pdns", Action.DELETE)]
    limits = GuardLimits(zones=1000, zones_percent=percent)
    verdicts = guard_zones(ends, owned=owned, source_empty=False, limits=limits, forced=frozenset(), spent=spent)
    assert bool(verdicts) is held
