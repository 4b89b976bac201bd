"""Secondaries are told of each change of a real PowerDNS once, and have it soon after."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Literal

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
from powerdns_zones import bring, hosts, target_of, wanted
from servers import api, eventually, follow, served_serial

from netbox_pdns.sandbox.pdns_server import running_pdns_server
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.settings import ZoneTemplate

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("pdns_server")]

ZONE = "changed.example."


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        pytest.param("Primary", [(ZONE, 7), (ZONE, 5_000)], id="a primary's secondaries"),
        pytest.param("Native", [], id="a native zone has none"),
    ],
)
def test_secondaries_are_told_once_a_change(
    kind: Literal["Primary", "Native"], told: list[tuple[str, int | None]], tmp_path: Path, run
) -> None:
    """A new zone and a change of many batches: one NOTIFY each (RFC 1996), with the zone as it is then."""

    async def test() -> list[tuple[str, int | None]]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as secondary:
            secondary.bind(("127.0.0.1", 0))
            secondary.settimeout(3.0)
            also = {"also-notify": f"127.0.0.1:{secondary.getsockname()[1]}"}
            async with (
                running_pdns_server(tmp_path, settings=also) as server,
                target_of(server, batch_bytes=20_000) as target,
            ):
                template = ZoneTemplate(kind=kind)
                seen = []
                for desired in (wanted(ZONE, 7, hosts(1_000)), wanted(ZONE, 5_000, hosts(1_000, "172"))):
                    await bring(target, desired, template)
                    seen += await asyncio.to_thread(_notified, secondary, server)
                return seen

    assert run(test()) == told


def _notified(secondary: socket.socket, server: RunningPowerDNS) -> list[tuple[str, int | None]]:
    """Return every NOTIFY until there is silence, each answered, with the serial that is served then."""
    told = []
    while True:
        try:
            octets, sender = secondary.recvfrom(4096)
        except TimeoutError:
            return told
        query = dns.message.from_wire(octets)
        assert query.opcode() == dns.opcode.NOTIFY
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        secondary.sendto(answer.to_wire(), sender)
        told.append((query.question[0].name.to_text(), served_serial(server, ZONE)))


def test_the_real_secondary_has_a_new_zone_and_its_change(
    powerdns_primary: RunningPowerDNS, powerdns_secondary: RunningPowerDNS, fresh_zone_name: str, run
) -> None:
    """Soon after each run the secondary serves what was applied."""

    async def apply(serial: int, count: int) -> None:
        async with target_of(powerdns_primary) as target:
            await bring(target, wanted(fresh_zone_name, serial, hosts(count)), ZoneTemplate(kind="Primary"))

    follow(powerdns_secondary, fresh_zone_name, powerdns_primary)
    for serial in (7, 8):
        run(apply(serial, serial))
        eventually(
            lambda expected=serial: served_serial(powerdns_secondary, fresh_zone_name) == expected,
            timeout=10.0,
            what=f"serial {serial} on the secondary",
        )
    for server in (powerdns_primary, powerdns_secondary):
        api(server, "DELETE", f"/zones/{fresh_zone_name}")
