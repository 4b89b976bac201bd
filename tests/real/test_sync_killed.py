"""The program killed (SIGKILL) in the middle of a large upload: what DNS serves then, and what the next run makes of it."""

from __future__ import annotations

from typing import Any

import dns.rcode
import pytest
import servers
from sync_hands import kill_sync_once, set_serial
from sync_world import World

from netbox_pdns.dns.serial import serial_gt
from netbox_pdns.powerdns.rectifying import MARK as RECTIFY

pytestmark = [pytest.mark.real, pytest.mark.long]

COUNT = 5_000
FIRST, LAST = "h000000", f"h{COUNT - 1:06d}"


def in_small_steps(world: World) -> list[dict[str, Any]]:
    """Return a target that takes a thousand requests and more for a zone of `COUNT`: time enough to be killed among them."""
    return [world.target(batch_bytes=1_000)]


def _code(world: World, name: str, type: str) -> str:
    return dns.rcode.to_text(servers.ask(world.server, world.name(name), type).rcode())


def _rrsets(world: World) -> int:
    return len(world.api("GET", f"/zones/{world.name('a')}")["rrsets"])


def _there(world: World, name: str) -> list[int]:
    """Return the TTL of an address as PowerDNS's API has it, nothing where there is none."""
    path = f"/zones/{world.name('a')}?rrset_name={world.name(name)}&rrset_type=A"
    answer = servers.api(world.server, "GET", path)
    return [rrset["ttl"] for rrset in answer.json()["rrsets"]] if answer.is_success else []


def _owed(world: World) -> list[str]:
    metadata = world.api("GET", f"/zones/{world.name('a')}/metadata")
    return [value for each in metadata if each["kind"] == RECTIFY for value in each["metadata"]]


def _rectifies(world: World) -> bool:
    return bool(world.api("GET", f"/zones/{world.name('a')}?rrsets=false")["api_rectify"])


def test_a_first_upload_that_is_killed_is_finished_by_the_next_run(world: World) -> None:
    """Until the zone is whole DNS refuses to answer for it; the next run is not kept waiting by the one that was killed."""
    zone = world.make_zone("a", ["_sip._tcp SRV 0 0 5060 www"])
    world.fill(zone, "a", COUNT)
    answers: set[str] = set()

    def begun() -> bool:
        answers.update(_code(world, name, type) for name, type in (("a", "SOA"), (f"{FIRST}.a", "A")))
        return bool(_there(world, f"{FIRST}.a"))

    kill_sync_once(world, begun, targets=in_small_steps(world))
    assert 0 < _rrsets(world) < COUNT
    answers |= {_code(world, name, type) for name, type in (("a", "SOA"), (f"{FIRST}.a", "A"), (f"{LAST}.a", "A"))}
    assert answers == {"REFUSED"}

    assert world.command("netbox-pdns sync").returncode == 0
    assert [world.served(f"{name}.a") for name in (FIRST, LAST)] == [["10.0.0.0"], ["10.0.19.135"]]
    assert _code(world, "_tcp.a", "A") == "NOERROR"
    assert (_rectifies(world), _owed(world)) == (True, [])
    world.must_be_quiet()


def test_a_large_change_that_is_killed_is_finished_by_the_next_run(world: World) -> None:
    """What has changed by then is served under a serial of its own, so that the last one tells secondaries of the rest."""
    zone = world.make_zone("a", ["_sip._tcp SRV 0 0 5060 www"])
    world.fill(zone, "a", COUNT)
    world.settle()
    before = world.serial("a")
    final = before + 1_000_000
    world.edit("zones", zone, default_ttl=60)
    set_serial(world, zone, final)
    kill_sync_once(world, lambda: _there(world, f"{FIRST}.a") == [60], targets=in_small_steps(world))
    assert [world.ttl(f"{name}.a") for name in (FIRST, LAST)] == [60, 3600]
    between = world.serial("a")
    assert serial_gt(between, before)
    assert serial_gt(final, between)
    assert (_rectifies(world), _owed(world)) == (False, ["1"])

    assert world.command("netbox-pdns sync").returncode == 0
    assert [world.ttl(f"{name}.a") for name in (FIRST, LAST)] == [60, 60]
    assert world.serial("a") == final
    assert (_rectifies(world), _owed(world)) == (True, [])
    world.must_be_quiet()
