"""Several targets, and what is not ours on them: others' zones, others' content, other installations."""

from __future__ import annotations

from typing import Any

import pytest
from sync_hands import whole
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


@pytest.mark.parametrize(
    ("second", "name"),
    [
        pytest.param("", "other", id="two-targets-of-one-installation"),
        pytest.param("-2", "default", id="two-installations"),
    ],
)
def test_two_on_one_server_leave_each_others_zones_alone(world: World, second: str, name: str) -> None:
    """What the other made is foreign: not changed, not ended, and not adopted by itself where NetBox has just that."""
    ours, shared, _ = world.make_zone("ours"), world.make_zone("shared"), world.make_zone("theirs")
    mine = _of(world, "default", "ours", "shared")
    other = {"instance": world.word + second, **_of(world, name, "theirs")}
    world.settle(**mine)
    world.settle(**other)
    assert world.account("theirs") == f"netbox-pdns:{world.word}{second}:{name}"
    before = whole(world, "shared"), whole(world, "theirs")

    world.edit("zones", ours, status="parked")
    run = world.sync(**{**other, **_of(world, name, "theirs", "shared")}, force=["source", "zones", "unexplained"])
    assert (run.actions, run.zone("shared", name).foreign) == ({}, True)
    run = world.sync(**mine)
    assert run.actions == {"ours": "delete"}
    assert (whole(world, "shared"), whole(world, "theirs")) == before

    world.edit("zones", shared, status="parked")
    run = world.sync(**mine, force=["source"])
    assert (run.actions, world.is_served("shared")) == ({"shared": "delete"}, False)
    assert whole(world, "theirs") == before[1]


def _of(world: World, name: str, *labels: str) -> dict[str, Any]:
    """Return the options of one target that serves the zones *labels* alone."""
    include = [world.name(label).rstrip(".") for label in labels]
    return {"targets": [world.target(name=name, selection={"view": world.word, "include": include})]}


def test_two_targets_of_one_run_have_a_view_each_on_one_server(world: World) -> None:
    """Their zones have different names: both are brought, and what changes or ends in one view leaves the other alone."""
    inside = world.make_view("inside")
    world.make_zones("a", "b")
    (ended, kept) = world.make_zones("c", "d", view=inside)
    targets = [world.target(), world.target(name="inside", selection={"view": f"{world.word}-inside"})]
    world.settle(targets=targets)
    marks = {label: world.account(label).rpartition(":")[2] for label in "abcd"}
    assert marks == {"a": "default", "b": "default", "c": "inside", "d": "inside"}
    before = [whole(world, label) for label in "ab"]
    world.edit("zones", ended, status="parked")
    world.add(kept, "www A 192.0.2.1")
    assert world.sync(targets=targets).actions == {"c": "delete", "d": "update"}
    assert [whole(world, label) for label in "ab"] == before
    world.must_be_quiet(targets=targets)


def test_one_target_observes_and_the_other_applies(world: World, powerdns_lmdb: RunningPowerDNS) -> None:
    """The mode is each target's own: where it is observed nothing is made and nothing ends."""
    zone, _ = world.make_zones("old", "stays")
    both = [world.target(name="one"), world.target(powerdns_lmdb, name="two")]
    world.settle(targets=both)
    world.edit("zones", zone, status="parked")
    world.make_zone("new")
    world.sync(targets=[both[0], {**both[1], "mode": "observe"}])
    assert [world.is_served(label) for label in ("old", "new")] == [False, True]
    assert [world.is_served(label, powerdns_lmdb) for label in ("old", "new")] == [True, False]


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
