"""What has moved since a plan was reviewed: each kind of move is named on its side, and what is no move is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from planning_text import applied, context, desired, observed
from test_planning_laws import rrsets, server_zones

from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.planning.saved import MOST_NAMED, ReviewedZone, as_reviewed, is_done, moves
from netbox_pdns.planning.values import Action, Desired, Observed, PlanContext
from netbox_pdns.planning.zone_plan import plan_zone

WANTED = desired("www 60 A 192.0.2.2\nmail 60 A 192.0.2.5", 8)
THERE = observed("www 60 A 192.0.2.1\nmail 60 A 192.0.2.5")


def reviewed(
    wanted: Desired | None = WANTED, there: Observed | None = THERE, in_: PlanContext | None = None
) -> ReviewedZone:
    """Return what is saved of the plan for these sides."""
    return as_reviewed(plan_zone(wanted, there, in_ or context()), wanted, there, {})


def found(
    then: ReviewedZone, wanted: Desired | None, there: Observed | None, in_: PlanContext | None = None
) -> list[str]:
    """Return what moved, where the sides are these now."""
    return list(moves(then, wanted, there, plan_zone(wanted, there, in_ or context())))


def wanted(text: str, serial: int = 8, **fields: object) -> Desired:
    """Return what NetBox wants now, with *fields* of the zone."""
    now = desired(text, serial)
    return replace(now, ref=replace(now.ref, **fields))  # type: ignore[arg-type]  # by name


SAME = "www 60 A 192.0.2.2\nmail 60 A 192.0.2.5"


@pytest.mark.parametrize(
    ("now", "lines"),
    [
        pytest.param(WANTED, [], id="nothing"),
        pytest.param(wanted(SAME, 99), [], id="its-serial-is-no-move"),
        pytest.param(
            wanted("www 60 A 192.0.2.7\nmail 60 A 192.0.2.5"),
            ["NetBox: ~ www.example.com. 60 A 192.0.2.2 → 192.0.2.7"],
            id="what-was-to-change",
        ),
        pytest.param(
            wanted("www 60 A 192.0.2.2\nmail 60 A 192.0.2.6"),
            ["NetBox: ~ mail.example.com. 60 A 192.0.2.5 → 192.0.2.6"],
            id="what-was-not-to-change",
        ),
        pytest.param(
            wanted("www 30 A 192.0.2.2\nmail 60 A 192.0.2.5"),
            ["NetBox: ~ www.example.com. 60 → 30 A 192.0.2.2"],
            id="a-ttl",
        ),
        pytest.param(
            wanted(SAME + "\nnew 60 A 192.0.2.3"), ["NetBox: + new.example.com. 60 A 192.0.2.3"], id="a-record-comes"
        ),
        pytest.param(wanted("www 60 A 192.0.2.2"), ["NetBox: - mail.example.com. 60 A 192.0.2.5"], id="a-record-goes"),
        pytest.param(
            wanted("www 60 A 192.0.2.1\nmail 60 A 192.0.2.5"),
            ["NetBox: ~ www.example.com. 60 A 192.0.2.2 → 192.0.2.1"],
            id="taken-back",
        ),
        pytest.param(wanted(SAME, dynamic=True), ["NetBox: dynamic false → true"], id="status"),
        pytest.param(wanted(SAME, view="internal"), ["NetBox: view _default_ → internal"], id="view"),
        pytest.param(None, ["NetBox: the zone is not wanted any more"], id="the-zone"),
    ],
)
def test_what_moved_in_netbox_is_named(now: Desired | None, lines: list[str]) -> None:
    """Every difference of content, old → new; the serial alone is none."""
    assert found(reviewed(), now, THERE) == lines


def test_another_field_of_the_soa_is_a_move() -> None:
    """What a reviewer saw of it is more than the serial."""
    soa = RRset.of("example.com.", "SOA", 3600, ["ns1.x. hostmaster.x. 8 7200 600 86400 300"])
    now = replace(WANTED, zone=Zone.of(WANTED.zone.name, [*WANTED.zone.content.values(), soa]))
    assert found(reviewed(), now, THERE) == ["NetBox: refresh 3600 → 7200"]


@pytest.mark.parametrize(
    ("now", "lines"),
    [
        pytest.param(THERE, [], id="nothing"),
        pytest.param(
            replace(THERE, listed=replace(THERE.listed, served_serial=99)), [], id="a-serial-made-by-the-clock"
        ),
        pytest.param(
            observed("www 60 A 192.0.2.1\nmail 60 A 192.0.2.5", 9), ["PowerDNS (pdns): serial 7 → 9"], id="serial"
        ),
        pytest.param(
            observed("www 60 A 192.0.2.9\nmail 60 A 192.0.2.5"),
            ["PowerDNS (pdns): ~ www.example.com. 60 A 192.0.2.1 → 192.0.2.9"],
            id="what-was-to-change",
        ),
        pytest.param(
            observed("www 60 A 192.0.2.1\nmail 60 A 192.0.2.5\n_acme-challenge 60 TXT x", 8),
            ['PowerDNS (pdns): + _acme-challenge.example.com. 60 TXT "x"', "PowerDNS (pdns): serial 7 → 8"],
            id="what-others-keep",
        ),
        pytest.param(
            observed("www 60 A 192.0.2.1\nmail 60 A 192.0.2.5", account="others"),
            ["PowerDNS (pdns): account 'netbox-pdns:default:pdns' → 'others'"],
            id="owner",
        ),
        pytest.param(
            observed("www 60 A 192.0.2.1\nmail 60 A 192.0.2.5", kind="Primary"),
            ["PowerDNS (pdns): kind Native → Primary"],
            id="kind",
        ),
        pytest.param(
            observed("www 60 A 192.0.2.1\nmail 60 A 192.0.2.5", dnssec=True),
            ["PowerDNS (pdns): DNSSEC false → true"],
            id="signed",
        ),
        pytest.param(
            observed("www 60 A 192.0.2.1\nmail 60 A 192.0.2.5", disabled="mail 60 A 192.0.2.8"),
            ["PowerDNS (pdns): + mail.example.com. 60 A 192.0.2.8 (disabled)"],
            id="disabled-records",
        ),
        pytest.param(None, ["PowerDNS (pdns): the zone is gone"], id="the-zone"),
    ],
)
def test_what_moved_in_powerdns_is_named(now: Observed | None, lines: list[str]) -> None:
    """Content, stored serial, owner, kind, signing; content that others keep, too."""
    assert found(reviewed(), WANTED, now) == lines


def test_both_sides_are_named() -> None:
    """Each by what it was and is, though they moved in the same RRset."""
    now = wanted("www 60 A 192.0.2.7\nmail 60 A 192.0.2.5")
    assert found(reviewed(), now, observed("www 60 A 192.0.2.9\nmail 60 A 192.0.2.5", 8)) == [
        "NetBox: ~ www.example.com. 60 A 192.0.2.2 → 192.0.2.7",
        "PowerDNS (pdns): serial 7 → 8",
        "PowerDNS (pdns): ~ www.example.com. 60 A 192.0.2.1 → 192.0.2.9",
    ]


def test_a_zone_that_was_to_be_made_and_is_there_is_named() -> None:
    """Whoever made it."""
    assert found(reviewed(WANTED, None), WANTED, THERE) == ["PowerDNS (pdns): the zone is there now"]


def test_what_is_planned_otherwise_though_no_side_moved_is_named() -> None:
    """NetBox explains no more what it explained; the server has refused a record since."""
    there = observed("www 60 A 192.0.2.1\n" + "\n".join(f"h{n} 60 A 192.0.2.{n}" for n in range(1, 6)))
    going = {(f"h{n}.example.com.", "A", f"192.0.2.{n}"): "deleted" for n in range(1, 6)}
    now = desired("www 60 A 192.0.2.2", 8)
    then = reviewed(now, there, context(explanations=going))
    lines = found(then, now, there, context(refused={("www.example.com.", "A", "192.0.2.2"): "no"}))
    assert "the plan: no longer - h1.example.com. 60 A 192.0.2.1" in lines
    assert [line for line in lines if line.startswith("the plan: now held (unexplained): 5 records would go")]
    assert "the plan: now left out: www.example.com. A 192.0.2.2: no" in lines


def test_many_moves_are_counted() -> None:
    """A zone that is another one altogether fills no page."""
    lines = found(reviewed(), wanted("\n".join(f"h{n} 60 A 192.0.2.{n}" for n in range(1, 100))), THERE)
    assert (len(lines), lines[-1]) == (MOST_NAMED + 1, "… and 81 more")


@given(rrsets(), server_zones())
def test_a_zone_that_did_not_move_is_as_it_was_and_after_its_plan_it_is_done(drawn: list[RRset], there: Zone) -> None:
    """Whatever both sides hold: the plan made again is the reviewed one, and once it is applied nothing of it is refused."""
    soa = WANTED.zone.soa
    assert soa is not None
    now = desired(Zone.of("example.com.", [*drawn, soa]), None)
    then = observed(Zone.of("example.com.", [*there.rrsets.values(), soa]), None)
    plan = plan_zone(now, then, context())
    seen = as_reviewed(plan, now, then, {})
    assert moves(seen, now, then, plan) == ()
    if plan.action is Action.UPDATE:
        after = applied(plan, then)
        assert is_done(seen, now, after, plan_zone(now, after, context()))


def test_done_is_what_was_reviewed_alone() -> None:
    """Where NetBox wants something else meanwhile, or the server has something else, it is not done."""
    then = reviewed()
    after = applied(then.plan, THERE)
    assert is_done(then, WANTED, after, plan_zone(WANTED, after, context()))
    later = wanted(SAME + "\nnew 60 A 192.0.2.3")
    assert not is_done(then, later, after, plan_zone(later, after, context()))
    assert not is_done(then, WANTED, THERE, plan_zone(WANTED, THERE, context()))


def test_an_adoption_is_done_when_the_zone_is_ours() -> None:
    """What differs then is no part of it, and needs a plan of its own."""
    foreign = observed("www 60 A 192.0.2.1\nmail 60 A 192.0.2.5", account="others")
    then = reviewed(WANTED, foreign, context(adopting=True))
    assert then.plan.action is Action.ADOPT
    plan = plan_zone(WANTED, THERE, context(adopting=True))
    assert plan.action is Action.UPDATE
    assert is_done(then, WANTED, THERE, plan)
    changed = observed("www 60 A 192.0.2.9\nmail 60 A 192.0.2.5")
    assert not is_done(then, WANTED, changed, plan_zone(WANTED, changed, context()))
