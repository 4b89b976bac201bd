"""A plan that is saved, reviewed and applied, between the real servers: just that, or nothing anywhere."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import servers
from documents_promised import as_promised
from sync_world import World

pytestmark = [pytest.mark.real, pytest.mark.long]

PLAN = "reviewed.json"


def two_targets(world: World) -> Mapping[str, Any]:
    """Return the options with which two servers are brought."""
    second = servers.powerdns("powerdns_lmdb")
    return {"targets": [world.target(), world.target(second, name="second")]}


def save(world: World, *arguments: str, **options: Any) -> Any:
    """Save a plan and return the document that it printed."""
    done = world.command(f"netbox-pdns plan --json --save {PLAN} {' '.join(arguments)}", **options)
    assert done.returncode in {0, 3}, done.stderr
    return as_promised(json.loads(done.stdout))


def apply(world: World, **options: Any) -> subprocess.CompletedProcess[str]:
    """Apply the saved plan."""
    return world.command(f"netbox-pdns sync --json --plan {PLAN}", **options)


def changes(document: Any) -> dict[tuple[str, str], Any]:
    """Return each zone's changes by target and zone."""
    return {
        (target["name"], zone["zone"]): zone["plan"]["changes"]
        for target in document["targets"]
        for zone in target["zones"]
        if zone["plan"]["action"] != "nothing"
    }


def test_what_was_reviewed_is_what_is_applied(world: World) -> None:
    """New zones, changes and an end, on two servers: the sync does the changes of the plan, and no other zone's."""
    both = two_targets(world)
    zones = world.make_zones("old", "kept", "gone")
    world.add(zones[0], "www A 192.0.2.1", "mail A 192.0.2.5")
    world.settle(**both)
    world.edit("records", *world.ids(zones[0], "www"), value="192.0.2.7")
    world.add(zones[0], "new AAAA 2001:db8::7")
    world.delete("zones", zones[2])
    world.make_zone("fresh", ["www A 192.0.2.9"])
    planned = save(world, **both)
    assert len(changes(planned)) == 6
    world.add(zones[1], "later A 192.0.2.3")
    done = apply(world, **both)
    assert done.returncode == 0, done.stderr
    assert changes(as_promised(json.loads(done.stdout))) == changes(planned)
    assert (world.served("www.old"), world.served("www.fresh")) == (["192.0.2.7"], ["192.0.2.9"])
    assert world.served("www.old", server=servers.powerdns("powerdns_lmdb")) == ["192.0.2.7"]
    assert (world.is_served("gone"), world.served("later.kept")) == (False, [])
    assert apply(world, **both).returncode == 0
    assert world.sync(**both).actions == {"kept": "update"}


def _in_netbox(world: World, zones: list[int]) -> str:
    world.edit("records", *world.ids(zones[1], "www"), value="192.0.2.77")
    return "NetBox: ~ www.{zone} 3600 A 192.0.2.7 → 192.0.2.77"


def _in_powerdns(world: World, zones: list[int]) -> str:
    world.by_hand("b", "www A 192.0.2.66")
    return "PowerDNS (default): ~ www.{zone} 3600 A 192.0.2.1 → 192.0.2.66"


@pytest.mark.parametrize("move", [_in_netbox, _in_powerdns])
def test_where_one_zone_moved_nothing_is_applied_anywhere(
    world: World, move: Callable[[World, list[int]], str]
) -> None:
    """Neither the other zone nor the other server; status 1, and what moved is named. Taken back, the plan is good again."""
    both = two_targets(world)
    zones = world.make_zones("a", "b")
    for zone in zones:
        world.add(zone, "www A 192.0.2.1")
    world.settle(**both)
    world.edit("records", *(number for zone in zones for number in world.ids(zone, "www")), value="192.0.2.7")
    planned = save(world, **both)
    assert len(changes(planned)) == 4
    served = [world.api("GET", f"/zones/{world.name(label)}") for label in ("a", "b")]
    named = move(world, zones).format(zone=world.name("b"))
    moved = [world.api("GET", f"/zones/{world.name(label)}") for label in ("a", "b")]
    refused = apply(world, **both)
    assert refused.returncode == 1
    error = as_promised(json.loads(refused.stdout))["error"]
    assert f"{world.name('b')} on default: {named}" in error["moved"]
    assert not [line for line in error["moved"] if not line.startswith(world.name("b"))]
    assert [world.api("GET", f"/zones/{world.name(label)}") for label in ("a", "b")] == moved
    assert moved[0] == served[0]
    assert [world.served(f"www.{label}", server=servers.powerdns("powerdns_lmdb")) for label in ("a", "b")] == [
        ["192.0.2.1"],
        ["192.0.2.1"],
    ]
    if move is _in_netbox:
        world.edit("records", *world.ids(zones[1], "www"), value="192.0.2.7")
        assert apply(world, **both).returncode == 0
        assert world.served("www.b") == ["192.0.2.7"]


def test_what_is_held_is_reviewed_with_its_word(world: World) -> None:
    """Without the word it is not in the plan; with it the reviewer sees what goes, and applying it needs none."""
    zone = world.make_zone("z0", [f"h{number} A 192.0.2.{number}" for number in range(1, 9)])
    world.settle()
    world.vanish(*world.ids(zone, "h1", "h2", "h3", "h4", "h5"))
    held = save(world)
    assert (held["summary"]["held"], changes(held)) == (1, {})
    assert apply(world).returncode == 0
    assert world.served("h1.z0") == ["192.0.2.1"]
    forced = save(world, "--force", "unexplained")
    ((_, going),) = changes(forced).items()
    assert [change["name"].partition(".")[0] for change in going] == ["h1", "h2", "h3", "h4", "h5"]
    assert apply(world).returncode == 0
    assert (world.served("h1.z0"), world.served("h6.z0")) == ([], ["192.0.2.6"])
    assert world.removed("z0")


def test_a_serial_that_the_clock_moves_is_no_move(world: World) -> None:
    """With SOA-EDIT=EPOCH what secondaries see of a signed zone moves by itself; a plan stays good while nobody writes."""
    zone = world.make_zone("z0", ["www A 192.0.2.1"])
    world.settle()
    world.api("POST", f"/zones/{world.name('z0')}/cryptokeys", json={"keytype": "csk", "active": True})
    world.api("PUT", f"/zones/{world.name('z0')}", json={"soa_edit_api": "EPOCH", "soa_edit": "EPOCH"})
    world.edit("records", *world.ids(zone, "www"), value="192.0.2.7")
    save(world)
    before = world.serial("z0")
    servers.eventually(lambda: world.serial("z0") != before, timeout=60.0, what="the serial to move with the clock")
    assert apply(world).returncode == 0
    assert world.served("www.z0") == ["192.0.2.7"]
