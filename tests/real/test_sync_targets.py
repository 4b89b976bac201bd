"""Several targets, and what is not ours on them: others' zones, others' content, other installations."""

from __future__ import annotations

from typing import Any

import pytest
from sync_world import World

from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = [pytest.mark.real, pytest.mark.long]


def test_a_target_that_is_down_is_reported_and_the_others_are_done(world: World) -> None:
    """The run ends with status 3, names the target, and has brought everything elsewhere."""
    world.make_zone("a", ["www A 192.0.2.1"])
    targets = [world.target(name="down", url="http://127.0.0.1:9"), world.target()]
    run = world.sync(targets=targets)
    assert run.failed.keys() == {"down"}
    assert world.served("www.a") == ["192.0.2.1"]
    assert world.command("netbox-pdns sync", targets=targets).returncode == 3


def test_two_targets_with_a_view_each(world: World, powerdns_lmdb: RunningPowerDNS) -> None:
    """A zone of the same name in two views goes to two servers, each with its own content."""
    inside = world.make_view("inside")
    world.make_zone("a", ["www A 192.0.2.1"])
    world.make_zone("a", ["www A 10.0.0.1"], view=inside)
    selection = {"view": f"{world.word}-inside"}
    targets = [world.target(), world.target(powerdns_lmdb, name="inside", selection=selection)]
    world.settle(targets=targets)
    assert world.served("www.a") == ["192.0.2.1"]
    assert world.served("www.a", server=powerdns_lmdb) == ["10.0.0.1"]


def test_two_views_that_give_one_server_the_same_zone_are_refused(world: World) -> None:
    """The error names both views and the zone, which is not written; the other zones of both targets are brought."""
    inside = world.make_view("inside")
    world.make_zones("a", "b")
    world.make_zones("a", "c", view=inside)
    targets = [world.target(), world.target(name="inside", selection={"view": f"{world.word}-inside"})]
    run = world.sync(targets=targets)
    assert run.failed.keys() == {"a"}
    assert f"views: {world.word} and {world.word}-inside" in run.failed["a"]
    assert [world.is_served(label) for label in ("a", "b", "c")] == [False, True, True]


def test_two_installations_on_one_server_never_touch_each_others_zones(world: World) -> None:
    """Neither changes, deletes nor takes over what the other made, even where both want the same zone."""
    world.make_zones("a", "b")
    both, second = world.name("a").rstrip("."), f"{world.word}-2"
    world.settle(targets=[world.target(selection={"view": world.word, "include": [both]})])
    first = world.account("a")
    run = world.sync(instance=second)
    assert (run.actions, world.account("a")) == ({"b": "create"}, first)
    assert world.account("b") == f"netbox-pdns:{second}:default"
    world.must_be_quiet(targets=[world.target(selection={"view": world.word, "include": [both]})])
    assert world.is_served("b")


def _foreign(world: World, label: str, kind: str = "Native", **more: Any) -> dict[str, Any]:
    """Make a zone of others with the nameservers that NetBox has, and return it as PowerDNS tells it."""
    servers = [world.name("ns1"), world.name("ns2")]
    body = {"name": world.name(label), "kind": kind, "nameservers": servers, **more}
    made: dict[str, Any] = world.api("POST", "/zones", json=body)
    return made


@pytest.mark.parametrize(
    ("adopt", "differs", "asked", "adopted"),
    [
        pytest.param("identical", False, False, True, id="identical"),
        pytest.param("identical", True, False, False, id="identical-but-it-differs"),
        pytest.param("never", False, False, False, id="never"),
        pytest.param("always", True, False, True, id="always"),
        pytest.param("never", True, True, True, id="asked-for"),
    ],
)
def test_adoption(world: World, adopt: str, differs: bool, asked: bool, adopted: bool) -> None:
    """Adopting writes the mark alone; the content follows with the next run, and what is not adopted stays as it is."""
    world.make_zone("a", ["www A 192.0.2.1"] if differs else [])
    _foreign(world, "a")
    run = world.adopt("a", adopt=adopt) if asked else world.sync(adopt=adopt)
    assert run.actions == ({"a": "adopt"} if adopted else {})
    assert world.account("a") == (f"netbox-pdns:{world.word}:default" if adopted else "")
    assert world.served("www.a") == []
    world.sync(adopt=adopt)
    assert world.served("www.a") == (["192.0.2.1"] if adopted and differs else [])


@pytest.mark.parametrize("kind", ["Native", "Slave", "Consumer", "Producer"])
def test_zones_of_others_are_never_written(world: World, kind: str) -> None:
    """Nor deleted, whether NetBox has the name or not, and whatever is adopted or forced."""
    world.make_zone("a", ["www A 192.0.2.1"])
    own = {"nameservers": []} if kind != "Native" else {}
    for label in ("a", "b"):
        _foreign(world, label, kind, **own)
    before = [_kept(world, label) for label in ("a", "b")]
    if kind == "Native":
        world.sync(adopt="identical", force=["zones", "source"])
    else:
        world.adopt("a", adopt="always")
    assert [_kept(world, label) for label in ("a", "b")] == before


def _kept(world: World, label: str) -> dict[str, Any]:
    """Return the zone as its API shows it; of a Producer without the serials, which PowerDNS moves by itself each minute."""
    zone: dict[str, Any] = world.api("GET", f"/zones/{world.name(label)}")
    if zone["kind"] != "Producer":
        return zone
    rrsets = [rrset for rrset in zone.pop("rrsets") if rrset["type"] != "SOA"]
    serials = {"serial", "edited_serial", "notified_serial"}
    return {"rrsets": rrsets, **{name: value for name, value in zone.items() if name not in serials}}


def test_what_others_keep_in_our_zones_stays(world: World) -> None:
    """Unmanaged RRsets, disabled records, comments and metadata outlive a change of the zone."""
    zone = world.make_zone("a", ["www A 192.0.2.1", "off A 192.0.2.2"])
    world.settle()
    world.by_hand(
        "a", '_acme-challenge TXT "token"', "lua LUA A \"ifportup(443, {'192.0.2.1'})\"", "@ ALIAS x.example."
    )
    www = {"name": world.name("www.a"), "type": "A", "ttl": 3600, "changetype": "REPLACE"}
    comments = [{"content": "ours", "account": "ops"}]
    off = {**www, "name": world.name("off.a"), "records": [{"content": "192.0.2.9", "disabled": True}]}
    world.api("PATCH", f"/zones/{world.name('a')}", json={"rrsets": [{**www, "comments": comments}, off]})
    world.api("POST", f"/zones/{world.name('a')}/metadata", json={"kind": "X-OPS", "metadata": ["kept"]})
    world.edit("records", *world.ids(zone, "www"), value="192.0.2.3")
    assert world.sync().changes == ["- www.a 3600 A 192.0.2.1", "+ www.a 3600 A 192.0.2.3"]
    found = {(each["name"], each["type"]): each for each in world.api("GET", f"/zones/{world.name('a')}")["rrsets"]}
    assert {
        (world.name("_acme-challenge.a"), "TXT"),
        (world.name("lua.a"), "LUA"),
        (world.name("a"), "ALIAS"),
    } <= found.keys()
    assert found[world.name("www.a"), "A"]["comments"][0]["content"] == "ours"
    assert found[world.name("off.a"), "A"]["records"] == [{"content": "192.0.2.9", "disabled": True}]
    assert world.api("GET", f"/zones/{world.name('a')}/metadata/X-OPS")["metadata"] == ["kept"]


def test_a_dynamic_zone_keeps_what_others_update(world: World) -> None:
    """RRsets that NetBox neither holds nor explains are left alone and not reported; what it deletes goes."""
    zone = world.make_zone("a", ["www A 192.0.2.1", "mail A 192.0.2.2"], status="dynamic")
    world.settle()
    world.by_hand("a", *(f"lease{number} A 192.0.2.{100 + number}" for number in range(8)))
    world.must_be_quiet()
    world.delete("records", *world.ids(zone, "mail"))
    assert world.sync().changes == ["- mail.a 3600 A 192.0.2.2"]
    assert world.served("lease7.a") == ["192.0.2.107"]
    world.must_be_quiet()
