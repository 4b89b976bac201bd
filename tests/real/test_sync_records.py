"""One bad record among good ones, edits within one second, large zones, and what the secondary has of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import servers
from sync_hands import set_serial
from sync_world import World

from netbox_pdns.cli import report as reporting
from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.pdns_server import running_pdns_server
from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = [pytest.mark.real, pytest.mark.long]


def _put(world: World, number: int, value: str) -> None:
    """Write a value past NetBox's own checks, as an import or an older version of the plugin may have left it."""
    world.netbox.sql(f"UPDATE netbox_dns_record SET value = '{value}' WHERE id = {number}")  # noqa: S608 - our own words


@pytest.mark.parametrize(
    ("row", "value", "reason"),
    [
        pytest.param(r"x NULL \# 2 0102", None, "PowerDNS refuses it (RFC 1035", id="never-sent"),
        pytest.param("@ DS 1 8 2 " + "ab" * 32, None, "never to the zone's own apex", id="not-at-the-apex"),
        pytest.param('x URI 1 1 "http://x"', '1 1 ""', "URI target cannot be empty", id="no-target"),
        pytest.param("x A 192.0.2.9", "192.0.2.300", "192.0.2.300", id="no-rdata"),
        pytest.param('x SVCB 1 svc key65280="a;b"', None, "SVCB", id="refused-by-powerdns-alone"),
    ],
)
def test_a_bad_record_is_left_out_alone(world: World, row: str, value: str | None, reason: str) -> None:
    """It is named with its reason, NetBox id and URL; the rest is applied in the same run, and the next asks not again."""
    zone = world.make_zone("a", ["www A 192.0.2.1"])
    (number,) = world.add(zone, row)
    if value is not None:
        _put(world, number, value)
    run = world.sync()
    ((_, left_out),) = reporting.left_out(run.report)
    assert reason in f"{left_out.type} {left_out.reason}"
    assert left_out.record_id == number
    assert str(left_out.url).endswith(f"/records/{number}/")
    assert world.served("www.a") == ["192.0.2.1"]
    again = world.sync()
    assert (again.actions, again.left_out) == ({}, run.left_out)


def test_the_last_good_record_stays_where_its_successor_is_bad(world: World) -> None:
    """What is in service is not taken away for something that cannot be served, and a mended record takes its place."""
    zone = world.make_zone("a", ["www A 192.0.2.1", "mail A 192.0.2.2"])
    world.settle()
    www, mail = world.ids(zone, "www", "mail")
    _put(world, www, "192.0.2.300")
    world.edit("records", mail, value="192.0.2.3")
    run = world.sync()
    assert run.left_out.keys() == {"www.a A"}
    assert (world.served("www.a"), world.served("mail.a")) == (["192.0.2.1"], ["192.0.2.3"])
    world.edit("records", www, value="192.0.2.4")
    world.settle()
    assert world.served("www.a") == ["192.0.2.4"]


def test_two_edits_within_one_second_both_reach_dns(world: World) -> None:
    """NetBox's serial is the same after both; ours grows by each, so that a secondary has the second, too."""
    zone = world.make_zone("a", ["www A 192.0.2.1"])
    world.settle()
    (www,) = world.ids(zone, "www")
    serials = [world.serial("a")]
    future = int(time.time()) + 1000
    for value in ("192.0.2.2", "192.0.2.3"):
        world.edit("records", www, value=value)
        set_serial(world, zone, future)  # whatever the clock does: that of one and the same second
        world.sync()
        assert world.served("www.a") == [value]
        serials.append(world.serial("a"))
    assert serials == [serials[0], future, future + 1]
    world.must_be_quiet()


def test_the_served_serial_grows_where_netbox_sets_its_own_back(world: World) -> None:
    """As a restored database does: a change is served under the next serial, and under NetBox's when that is ahead again."""
    zone = world.make_zone("a", ["www A 192.0.2.1"], soa_serial_auto=False, soa_serial=3_000)
    world.settle()
    (www,) = world.ids(zone, "www")
    serials = [world.serial("a")]
    for value, serial in (("192.0.2.2", 2_000), ("192.0.2.3", 2_001), ("192.0.2.4", 4_000)):
        world.edit("records", www, value=value)
        set_serial(world, zone, serial)
        assert world.sync().actions == {"a": "update"}
        assert world.served("www.a") == [value]
        serials.append(world.serial("a"))
        world.must_be_quiet()
    assert serials == [3_000, 3_001, 3_002, 4_000]


def test_the_served_serial_grows_where_netbox_never_moves_its_own(
    world: World, powerdns_secondary: RunningPowerDNS
) -> None:
    """`soa_serial_auto` is off: each edit is found by content, and the secondary, which looks at serials alone, has it."""
    zone = world.make_zone("a", ["www A 192.0.2.1"], soa_serial_auto=False, soa_serial=7)
    servers.follow(powerdns_secondary, world.name("a"), world.server)
    targets = [world.target(template={"kind": "Primary"})]
    world.settle(targets=targets)
    (www,) = world.ids(zone, "www")
    for number, value in enumerate(("192.0.2.2", "192.0.2.3", "192.0.2.4"), 1):
        world.edit("records", www, value=value)
        world.sync(targets=targets)
        assert (world.served("www.a"), world.serial("a")) == ([value], 7 + number)
    servers.eventually(
        lambda: world.served("www.a", server=powerdns_secondary) == ["192.0.2.4"],
        timeout=15.0,
        what="the last change on the secondary",
    )
    world.must_be_quiet(targets=targets)


def test_a_server_that_takes_a_megabyte_gets_zones_of_more(world: World, pdns_server: Path) -> None:
    """`webserver-max-bodysize=1`: the limit is found out; a new zone and a change of all of it go in requests below it."""
    label = f"{'long' * 15}.{'name' * 15}"  # so that few records make a megabyte
    zone = world.make_zone(label)
    world.fill(zone, label, 5_000)
    with in_background(running_pdns_server(world.directory, settings={"webserver-max-bodysize": "1"})) as server:
        targets = [world.target(server)]
        first = world.sync(targets=targets)
        assert (first.zone(label).error, first.zone(label).batches > 1) == (None, True)
        world.edit("zones", zone, default_ttl=60)
        second = world.sync(targets=targets)
        assert (second.zone(label).error, second.zone(label).batches > 1) == (None, True)
        assert world.ttl(f"h04999.{label}", server=server) == 60
        world.must_be_quiet(targets=targets)


def test_the_secondary_has_new_zones_and_their_changes(world: World, powerdns_secondary: RunningPowerDNS) -> None:
    """NOTIFY tells it of a brand-new zone and of each change; it need not wait for its own refresh."""
    zone = world.make_zone("a", ["www A 192.0.2.1"])
    servers.follow(powerdns_secondary, world.name("a"), world.server)
    targets = [world.target(template={"kind": "Primary"})]
    world.settle(targets=targets)

    def secondary_has(value: str) -> bool:
        return world.served("www.a", server=powerdns_secondary) == [value]

    servers.eventually(lambda: secondary_has("192.0.2.1"), timeout=15.0, what="the new zone on the secondary")
    world.edit("records", *world.ids(zone, "www"), value="192.0.2.2")
    world.sync(targets=targets)
    servers.eventually(lambda: secondary_has("192.0.2.2"), timeout=15.0, what="the change on the secondary")


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("count", [20_000, pytest.param(200_000, marks=pytest.mark.full)])
def test_a_large_zone_is_made_and_one_record_of_it_changed(world: World, count: int) -> None:
    """It is past what one request may hold; a change of one record costs one small request."""
    zone = world.make_zone("a", ["www A 192.0.2.1"])
    world.fill(zone, "a", count)
    first = world.sync()
    assert first.zone("a").batches > 1
    assert world.served(f"h{count - 1:05d}.a") != []
    world.edit("records", *world.ids(zone, "www"), value="192.0.2.2")
    second = world.sync()
    assert second.changes == ["- www.a 3600 A 192.0.2.1", "+ www.a 3600 A 192.0.2.2"]
    assert second.zone("a").batches == 1
    world.must_be_quiet()
