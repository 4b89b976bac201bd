"""Every reason to hold, on the real servers: what waits, and that the command which is named lets it through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sync_world import World

from netbox_pdns.cli import report as reporting
from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = [pytest.mark.real, pytest.mark.long]

Zones = list[int]


def _signed(world: World, zones: Zones) -> None:
    world.api("POST", f"/zones/{world.name('z0')}/cryptokeys", json={"keytype": "csk", "active": True})
    world.edit("zones", zones[0], status="parked")


def _with_content(world: World, zones: Zones) -> None:
    world.by_hand("z0", '_acme-challenge TXT "token"')
    world.edit("zones", zones[0], status="parked")


def _nameservers(world: World, zones: Zones) -> None:
    world.edit("zones", zones[0], nameservers=[world.make_nameserver("ns3")])


def _emptied(world: World, zones: Zones) -> None:
    query = f"plugins/netbox-dns/records/?zone_id={zones[0]}&managed=false&limit=100&fields=id"
    world.delete("records", *(row["id"] for row in world.netbox.request("GET", query)["results"]))


def _unseen(world: World, zones: Zones) -> None:
    world.vanish(*world.ids(zones[0], "h1", "h2", "h3"))


def _many_zones(world: World, zones: Zones) -> None:
    world.edit("zones", *zones[:2], status="parked")


def _no_zone(world: World, zones: Zones) -> None:
    world.edit("zones", *zones, status="parked")


@pytest.mark.parametrize(
    ("edit", "held"),
    [
        pytest.param(_unseen, {"z0": ["unexplained"]}, id="unexplained"),
        pytest.param(_emptied, {"z0": ["emptied"]}, id="emptied"),
        pytest.param(_nameservers, {"z0": ["apex-ns"]}, id="apex-ns"),
        pytest.param(_signed, {"z0": ["keys"]}, id="keys"),
        pytest.param(_with_content, {"z0": ["content"]}, id="content"),
        pytest.param(_many_zones, {"z0": ["zones"], "z1": ["zones"]}, id="zones"),
        pytest.param(_no_zone, {"z0": ["source"], "z1": ["source"], "z2": ["source"]}, id="source"),
    ],
)
def test_what_is_dangerous_waits_for_a_word(
    world: World, edit: Callable[[World, Zones], None], held: dict[str, list[str]]
) -> None:
    """Nothing of it is applied, however often it is tried, until the command that is named with it is run."""
    zones = world.make_zones("z0", "z1", "z2")
    world.add(zones[0], *(f"h{number} A 192.0.2.{number}" for number in range(1, 13)))
    world.settle()
    edit(world, zones)
    run = world.sync()
    assert (run.changes, run.held) == ([], held)
    assert "delete" not in run.actions.values()
    assert world.sync().held == held
    world.let_through(run)
    assert world.removed("z0")
    world.must_be_quiet()


def _limits(**limits: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: limits


def _rule(**limits: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"rules": [{"zone": world.name("z0").rstrip("."), **limits}]}


def _of_target(**limits: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"targets": [world.target(limits=limits)]}


@pytest.mark.parametrize(
    ("gone", "options", "held"),
    [
        pytest.param(1, _limits(), False, id="guard-lets-one-go"),
        pytest.param(3, _limits(), True, id="guard-holds-three"),
        pytest.param(1, _limits(unexplained="hold"), True, id="hold"),
        pytest.param(3, _limits(unexplained="remove"), False, id="remove"),
        pytest.param(1, _rule(unexplained="hold"), True, id="hold-by-pattern"),
        pytest.param(3, _rule(unexplained_percent=50), False, id="a-threshold-by-pattern"),
        pytest.param(3, _of_target(unexplained_percent=50), False, id="a-threshold-of-the-target"),
        pytest.param(3, _of_target(unexplained="remove"), False, id="remove-on-the-target"),
    ],
)
def test_how_much_goes_unexplained_is_a_setting(
    world: World, gone: int, options: Callable[[World], dict[str, Any]], held: bool
) -> None:
    """For all, for a target, and for zones by pattern."""
    zone = world.make_zone("z0", [f"h{number} A 192.0.2.{number}" for number in range(1, 9)])
    world.settle()
    world.vanish(*world.ids(zone, *(f"h{number}" for number in range(1, gone + 1))))
    run = world.plan(**options(world))
    assert (len(run.changes), run.held) == ((0, {"z0": ["unexplained"]}) if held else (gone, {}))


def test_how_large_a_zone_is_emptied_is_a_setting(world: World) -> None:
    """For all, for a target, and for zones by pattern; that each record's end is explained is no word for all of them."""
    names = [f"h{number}" for number in range(1, 6)]
    zone = world.make_zone("z0", [f"{name} A 192.0.2.1" for name in names])
    world.settle()
    world.delete("records", *world.ids(zone, *names))
    assert (len(world.plan().changes), world.plan().held) == (5, {})
    for options in (_limits(emptied_rrsets=5), _rule(emptied_rrsets=5), _of_target(emptied_rrsets=5)):
        run = world.plan(**options(world))
        assert (run.changes, run.held) == ([], {"z0": ["emptied"]})


def test_limits_are_each_targets_and_each_patterns_own(world: World, powerdns_lmdb: RunningPowerDNS) -> None:
    """In one run: one target holds what the other lets pass, and a pattern lets it pass on both; so with zones that end."""
    zones = world.make_zones("a", "b", "c", "d", "e", "f")
    for zone in zones[:2]:
        world.add(zone, *(f"h{number} A 192.0.2.{number}" for number in range(1, 6)))
    lenient = {"unexplained_records": 5, "unexplained_percent": 100.0, "zones": 2, "zones_percent": 100.0}
    options = {
        "targets": [world.target(name="one"), world.target(powerdns_lmdb, name="two", limits=lenient)],
        "rules": [{"zone": f"b.{world.word}.*", "unexplained": "remove"}, {"zone": f"f.{world.word}.*", "zones": 1}],
    }
    world.settle(**options)
    for zone in zones[:2]:
        world.vanish(*world.ids(zone, "h1", "h2"))
    world.edit("zones", zones[2], zones[3], zones[5], status="parked")
    run = world.sync(**options)
    held = {(target, each.zone.split(".")[0], str(each.reason)) for target, each in reporting.held(run.report)}
    assert held == {("one", "a", "unexplained"), ("one", "c", "zones"), ("one", "d", "zones")}
    assert [world.served(f"h1.{label}") for label in "ab"] == [["192.0.2.1"], []]
    assert [world.served(f"h1.{label}", server=powerdns_lmdb) for label in "ab"] == [[], []]
    assert [world.is_served(label) for label in "cdef"] == [True, True, True, False]
    assert [world.is_served(label, powerdns_lmdb) for label in "cdef"] == [False, False, True, False]


@pytest.mark.parametrize("by", ["setting", "pattern"])
def test_observe_writes_nothing(world: World, by: str) -> None:
    """A zone, or a target, that is observed is planned and shown, and stays as it is; others are brought."""
    zones = world.make_zones("watched", "brought")
    world.settle()
    for zone in zones:
        world.add(zone, "www A 192.0.2.1")
    only = [{"zone": world.name("watched").rstrip("."), "mode": "observe"}]
    run = world.sync(**({"mode": "observe"} if by == "setting" else {"rules": only}))
    assert len(run.zone("watched").plan.changes) == 1  # type: ignore[union-attr]  # it has one
    assert world.served("www.watched") == []
    assert world.served("www.brought") == ([] if by == "setting" else ["192.0.2.1"])


def test_a_signed_zone_with_content_of_others_goes_by_one_command(world: World) -> None:
    """Two reasons that hold the same are forced together: the command names both."""
    zones = world.make_zones("z0", "z1")
    world.settle()
    world.by_hand("z0", '_acme-challenge TXT "token"')
    _signed(world, zones)
    run = world.sync()
    assert run.held == {"z0": ["keys", "content"]}
    world.let_through(run)
    assert not world.is_served("z0")
    assert '_acme-challenge 3600 IN TXT "token"' in world.removed("z0")[0]
