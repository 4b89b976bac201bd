"""What happens to one zone as a whole: made, changed, adopted, deleted, or left alone."""

from __future__ import annotations

from typing import Any

import pytest
from planning_text import MARK, absolute, context, desired, observed, zone

from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.errors import DataError
from netbox_pdns.planning.render import lines
from netbox_pdns.planning.values import Action, Desired, HoldReason, SerialStep, SoaPair, TargetZone, ZoneRef
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.planning.zones import pair

WWW = "www 300 A 192.0.2.1"
ACME = '_acme-challenge 60 TXT "token"'


def test_a_new_zone_is_made_whole() -> None:
    """A zone that the target does not have is made with NetBox's serial and all its RRsets."""
    plan = plan_zone(desired(WWW, 7), None, context())
    assert plan.action is Action.CREATE
    assert plan.serial == SerialStep(None, 7, 7)
    assert lines(plan) == ("+ example.com.     3600 SOA serial 7", "+ www.example.com. 300  A   192.0.2.1")


def test_a_half_made_zone_of_ours_is_finished() -> None:
    """A zone with our mark, of kind Secondary and without an SOA is one that we began: what it lacks is added."""
    plan = plan_zone(desired(f"{WWW}\nb 60 A 192.0.2.2"), observed(WWW, None, kind="Secondary"), context())
    assert plan.action is Action.CREATE
    assert [change.key[0] for change in plan.changes] == ["b.example.com."]


@pytest.mark.parametrize("there", [pytest.param(None, id="new"), pytest.param(observed("", None), id="without-soa")])
def test_no_soa_anywhere(there: Any) -> None:
    """Where neither side has an SOA no zone can be made, and the error says where to look."""
    with pytest.raises(DataError, match="no SOA"):
        plan_zone(desired(WWW, None), there, context())


def test_a_zone_whose_name_is_none() -> None:
    """It cannot be made, and is named for that alone: a database may hold what nobody can type in."""
    bad = f"{'x' * 64}.example."
    wanted = Desired(ZoneRef(1, bad, "_default_", ""), Zone.of(bad, ()))
    with pytest.raises(DataError, match="is no domain name"):
        plan_zone(wanted, None, context())


@pytest.mark.parametrize(
    ("serial", "served", "final"),
    [
        pytest.param(7, 7, None, id="equal"),
        pytest.param(7, 9, None, id="served-is-ahead"),
        pytest.param(9, 7, 9, id="served-is-behind"),
        pytest.param(1, 2**32 - 1, 1, id="netbox-came-round"),
    ],
)
def test_the_serial_alone(serial: int, served: int, final: int | None) -> None:
    """A served serial ahead of NetBox's is no difference, one behind it is written by itself."""
    plan = plan_zone(desired(WWW, serial), observed(WWW, served), context())
    assert not plan.changes
    assert plan.is_empty == (final is None)
    if final is not None:
        assert plan.soa is not None
        assert plan.soa.rdatas[0].split()[2] == str(final)


def test_the_serial_is_judged_on_what_is_served() -> None:
    """The stored serial does not count where the server serves another."""
    plan = plan_zone(desired("", 8), observed(WWW, 5, served=2026112401), context())
    assert plan.serial == SerialStep(2026112401, 2026112402, 2026112402)


@pytest.mark.parametrize(
    ("there", "extra", "action", "differences"),
    [
        pytest.param(WWW, {}, Action.ADOPT, 0, id="identical"),
        pytest.param(f"{WWW}\n{ACME}", {}, Action.ADOPT, 0, id="identical-but-for-unmanaged"),
        pytest.param(WWW, {"adopt": "never"}, Action.NOTHING, 0, id="never"),
        pytest.param("www 60 A 192.0.2.1", {}, Action.NOTHING, 1, id="another-ttl"),
        pytest.param("a 60 A 192.0.2.1", {"adopting": True}, Action.ADOPT, 2, id="asked-for"),
        pytest.param("a 60 A 192.0.2.1", {"adopt": "always"}, Action.ADOPT, 2, id="always"),
    ],
)
def test_a_foreign_zone(there: str, extra: dict[str, Any], action: Action, differences: int) -> None:
    """A zone of others is never changed: adopting writes the mark alone, else its differences are shown."""
    plan = plan_zone(desired(WWW, 8), observed(there, account="someone"), context(**extra))
    assert (plan.action, len(plan.differences), plan.changes, plan.soa) == (action, differences, (), None)
    assert plan.foreign
    assert bool(plan.notes) == (action is Action.NOTHING)


def _with(serial: int) -> RRset:
    found = zone("", serial).soa
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("served", "differ"),
    [
        pytest.param(7, True, id="behind-netbox"),
        pytest.param(8, False, id="the-same"),
        pytest.param(9, False, id="ahead-of-netbox"),
    ],
)
def test_the_soas_of_a_zone_that_is_adopted(served: int, differ: bool) -> None:
    """Both are in the plan where the next sync would write NetBox's: it is to leave the zone as it was adopted."""
    plan = plan_zone(desired(WWW, 8), observed(WWW, served, account="someone"), context())
    assert (plan.action, plan.soas) == (Action.ADOPT, SoaPair(_with(8), _with(served)) if differ else None)


@pytest.mark.parametrize(
    ("wanted", "there", "final"),
    [
        pytest.param((WWW, 8), (WWW, 7), None, id="as-it-was-adopted"),
        pytest.param((WWW, 9), (WWW, 7), 9, id="netbox-has-another-soa"),
        pytest.param((WWW, 8), (WWW, 6), 8, id="the-server-has-another-soa"),
        pytest.param(("www 60 A 192.0.2.1", 8), (WWW, 7), 8, id="a-record-changes"),
    ],
)
def test_an_adopted_zone_gets_its_soa_with_its_next_change(
    wanted: tuple[str, int], there: tuple[str, int], final: int | None
) -> None:
    """Adopted with serial 7 where NetBox had 8: while that is all that differs, nothing is written."""
    plan = plan_zone(desired(*wanted), observed(*there), context(adopted=SoaPair(_with(8), _with(7))))
    assert (plan.serial.final if plan.serial else None) == final
    assert plan.is_empty == (final is None)


@pytest.mark.parametrize(
    ("extra", "action"),
    [
        pytest.param({}, Action.NOTHING, id="identical"),
        pytest.param({"adopt": "always"}, Action.NOTHING, id="always"),
        pytest.param({"adopting": True}, Action.ADOPT, id="asked-for"),
    ],
)
def test_a_zone_of_another_installation_is_not_adopted_by_itself(extra: dict[str, Any], action: Action) -> None:
    """Two installations that serve one name would take the zone in turns; only a word moves it to the other."""
    plan = plan_zone(desired(WWW, 8), observed(WWW, account="netbox-pdns:other:pdns"), context(**extra))
    assert plan.action is action


@pytest.mark.parametrize("wanted", [pytest.param(desired(WWW, 8), id="wanted"), pytest.param(None, id="unwanted")])
@pytest.mark.parametrize(
    "there",
    [
        *(pytest.param({"kind": kind}, id=kind) for kind in ("Secondary", "Slave", "Consumer", "Producer")),
        pytest.param({"presigned": True}, id="presigned"),
    ],
)
def test_zones_that_are_never_written(wanted: Any, there: dict[str, Any]) -> None:
    """The content of these comes from elsewhere: they are neither written nor deleted, even with our mark."""
    plan = plan_zone(wanted, observed("", **there), context(gone="deleted in NetBox", adopting=True))
    assert plan.is_empty
    assert "never written" in plan.notes[0]


@pytest.mark.parametrize(
    ("there", "extra", "held"),
    [
        pytest.param({}, {"gone": "inactive in NetBox"}, [], id="explained"),
        pytest.param({}, {}, ["unexplained"], id="unexplained"),
        pytest.param({"dnssec": True}, {"gone": "deleted"}, ["keys"], id="keys"),
        pytest.param({"content": ACME}, {"gone": "deleted"}, ["content"], id="content"),
        pytest.param({"kind": "Secondary", "serial": None}, {"gone": "deleted"}, [], id="half-made"),
    ],
)
def test_the_end_of_a_zone(there: dict[str, Any], extra: dict[str, Any], held: list[str]) -> None:
    """A zone of ours that NetBox does not want is deleted if that is explained and nothing of others is lost."""
    plan = plan_zone(None, observed(**{"content": WWW, **there}), context(**extra))
    assert [str(verdict.reason) for verdict in plan.held] == held
    assert plan.action is (Action.NOTHING if held else Action.DELETE)
    assert bool(plan.changes) == (not held)


def test_a_foreign_zone_never_ends() -> None:
    """A zone without our mark is never deleted, whatever the caller believes."""
    assert plan_zone(None, observed(WWW, account="x"), context(gone="deleted")).is_empty


@pytest.mark.parametrize(
    ("wanted", "there", "changed"),
    [
        pytest.param("", ACME, [], id="a-pattern-keeps-it"),
        pytest.param('_acme-challenge 60 TXT "netbox"', ACME, ["_acme-challenge"], id="netbox-beats-the-pattern"),
        pytest.param("_acme-challenge 60 CNAME a.", ACME, ["_acme-challenge"] * 2, id="so-does-its-cname"),
        pytest.param("", "@ 60 TYPE65401 \\# 1 00", ["@"], id="no-pattern-fits"),
    ],
)
def test_unmanaged(wanted: str, there: str, changed: list[str]) -> None:
    """What a pattern gives to others stays, unless NetBox has a record for it."""
    plan = plan_zone(desired(wanted), observed(there), context())
    assert [change.key[0] for change in plan.changes] == [absolute(name) for name in changed]


def test_disabled_records_stay() -> None:
    """An RRset with disabled records stays as it is; what NetBox wants there is named as left out."""
    there = observed(WWW, disabled="www 300 A 192.0.2.8")
    plan = plan_zone(desired("www 300 A 192.0.2.9"), there, context())
    assert plan.is_empty
    assert "disabled" in plan.left_out[0].reason


def test_disabled_records_go_with_their_zone() -> None:
    """The plan of its deletion tells them, so that they are written down; while it is held there are none to tell."""
    there = observed(WWW, disabled="www 300 A 192.0.2.8")
    assert plan_zone(None, there, context(gone="deleted")).disabled == ()
    plan = plan_zone(None, there, context(gone="deleted", forced=frozenset({HoldReason.CONTENT})))
    assert [rrset.rdatas for rrset in plan.disabled] == [("192.0.2.8",)]


def test_a_dynamic_zone() -> None:
    """In a dynamic zone what NetBox neither holds nor explains is not touched and not reported."""
    explanations = {(absolute("gone"), "A", "192.0.2.1"): "deleted in NetBox"}
    there = observed(f"{WWW}\ndhcp 60 A 192.0.2.7\ngone 60 A 192.0.2.1\ngone 60 A 192.0.2.2")
    plan = plan_zone(desired("www 300 A 192.0.2.9", dynamic=True), there, context(explanations=explanations))
    assert [line for line in lines(plan) if "SOA" not in line] == [
        "- gone.example.com. 60   A   192.0.2.1",
        "~ www.example.com.  300  A   192.0.2.1 → 192.0.2.9",
    ]
    assert not plan.held


def test_rendering() -> None:
    """The SOA comes first, then the changes, in aligned columns."""
    plan = plan_zone(desired("www 60 A 192.0.2.1", 8), observed(WWW), context())
    assert lines(plan) == (
        "~ example.com.     3600     SOA serial 7 → 8",
        "~ www.example.com. 300 → 60 A   192.0.2.1",
    )


def test_pairing() -> None:
    """Zones meet by name; what NetBox does not want is orphaned with our mark, foreign without."""
    refs = [ZoneRef(2, "b.", "v", ""), ZoneRef(1, "a.", "v", "")]
    listed = [TargetZone(name, "Native", mark, 1) for name, mark in (("d.", ""), ("c.", MARK), ("b.", "x"))]
    pairs = pair(refs, listed, MARK)
    assert [(ref.name, there and there.name) for ref, there in pairs.wanted] == [("a.", None), ("b.", "b.")]
    assert [there.name for there in pairs.orphaned] == ["c."]
    assert [there.name for there in pairs.foreign] == ["d."]


def test_a_cname_takes_a_name_in_a_dynamic_zone() -> None:
    """NetBox's CNAME takes a name from others' data: the two cannot stand side by side."""
    plan = plan_zone(desired("dhcp 60 CNAME x.", dynamic=True), observed("dhcp 60 A 192.0.2.7"), context())
    assert [change.key for change in plan.changes] == [(absolute("dhcp"), "A"), (absolute("dhcp"), "CNAME")]


@pytest.mark.parametrize("dnssec", [True, False])
def test_what_signing_adds_stays_while_the_zone_is_signed(dnssec: bool) -> None:
    """In a zone that PowerDNS signs the signer's types are not NetBox's; elsewhere they are content like any other."""
    plan = plan_zone(desired(""), observed("@ 60 CDS 1 8 2 " + "ab" * 32, dnssec=dnssec), context())
    assert plan.is_empty == dnssec


def test_a_refused_cname_leaves_unmanaged_data_alone() -> None:
    """Where NetBox's CNAME is left out, what others keep at its name stays and is no difference."""
    refused = {(absolute("_acme-challenge"), "CNAME", "x."): "the server says no"}
    plan = plan_zone(desired("_acme-challenge 60 CNAME x."), observed(ACME), context(refused=refused))
    assert plan.is_empty
    assert len(plan.left_out) == 1
