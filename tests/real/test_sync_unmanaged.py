"""What others keep in our zones, beyond the defaults: patterns of one's own, and what is disabled or signs."""

from __future__ import annotations

import pytest
from sync_hands import whole
from sync_world import World

pytestmark = [pytest.mark.real, pytest.mark.long]

HOSTS = [f"h{number} A 192.0.2.{number}" for number in range(1, 6)]


def test_what_patterns_of_ones_own_name_stays_and_is_no_difference(world: World) -> None:
    """`unmanaged` takes the place of the defaults; what it names outlives quiet runs and changes of the zone."""
    zone = world.make_zone("a", HOSTS)
    world.settle()
    world.by_hand("a", '_acme-challenge.h1 TXT "token"', "x1.lab A 203.0.113.1", "x2.lab A 203.0.113.2")
    options = {"unmanaged": ["_acme-challenge* TXT", f"*.lab.a.{world.word}.example A"]}
    world.must_be_quiet(**options)
    world.edit("records", *world.ids(zone, "h1"), ttl=60)
    assert world.sync(**options).changes == ["~ h1.a A TTL 3600 -> 60"]
    assert [world.served(f"x{number}.lab.a") for number in (1, 2)] == [["203.0.113.1"], ["203.0.113.2"]]
    assert world.served("_acme-challenge.h1.a", "TXT") == ['"token"']


def test_a_record_of_netbox_beats_a_pattern(world: World) -> None:
    """What NetBox holds is managed whatever its name, and replaces what others put there; beside it their own stays."""
    zone = world.make_zone("a", HOSTS)
    world.settle()
    world.by_hand("a", '_acme-challenge TXT "by hand"', '_acme-challenge.h1 TXT "stays"')
    world.must_be_quiet()
    world.add(zone, "_acme-challenge TXT of-netbox")
    world.sync()
    assert world.served("_acme-challenge.a", "TXT") == ['"of-netbox"']
    assert world.served("_acme-challenge.h1.a", "TXT") == ['"stays"']
    world.must_be_quiet()


def test_netbox_is_told_of_a_disabled_record_in_its_way_and_keys_stay(world: World) -> None:
    """What is disabled in PowerDNS stays so, and NetBox's record of that name is left out; a change touches no key."""
    zone = world.make_zone("a", HOSTS)
    world.settle()
    name = world.name("a")
    disabled = {"content": "203.0.113.9", "disabled": True}
    off = {"name": f"off.{name}", "type": "A", "ttl": 60, "changetype": "REPLACE", "records": [disabled]}
    world.api("PATCH", f"/zones/{name}", json={"rrsets": [off]})
    world.api("POST", f"/zones/{name}/cryptokeys", json={"keytype": "csk", "active": True})
    keys = world.api("GET", f"/zones/{name}/cryptokeys")
    world.must_be_quiet()
    world.add(zone, "new A 192.0.2.7", "off A 192.0.2.8")
    run = world.sync()
    assert run.changes == ["+ new.a 3600 A 192.0.2.7"]
    assert "disabled records" in run.left_out["off.a A"]
    assert world.api("GET", f"/zones/{name}/cryptokeys") == keys
    there = {(each["name"], each["type"]): each["records"] for each in whole(world, "a")["rrsets"]}
    assert there[f"off.{name}", "A"] == [disabled]
    assert world.sync().actions == {}


def test_disabled_records_that_go_with_their_zone_are_in_its_file(world: World) -> None:
    """They hold its end, as content of others does; let through, its file tells them apart from what was served."""
    zone, _ = world.make_zones("a", "b")
    world.add(zone, *HOSTS)
    world.settle()
    records = [{"content": "192.0.2.1", "disabled": False}, {"content": "192.0.2.200", "disabled": True}]
    half = {"name": world.name("h1.a"), "type": "A", "ttl": 3600, "changetype": "REPLACE", "records": records}
    world.api("PATCH", f"/zones/{world.name('a')}", json={"rrsets": [half]})
    world.edit("zones", zone, status="parked")
    run = world.sync()
    assert run.held == {"a": ["content"]}
    world.let_through(run)
    (file,) = world.removed("a")
    assert "\nh1 3600 IN A 192.0.2.1\n" in file
    assert file.endswith("\n; Disabled: h1 3600 IN A 192.0.2.200\n")
