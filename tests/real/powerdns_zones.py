"""Zones that the tests of the PowerDNS room apply, and a server whose answers get lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from pydantic import SecretStr

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.dns.rdata import canonical_rdata
from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.errors import RefusedRecord
from netbox_pdns.planning.values import Applied, Desired, PlanContext, RecordKey, ZonePlan, ZoneRef
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.resilience.retry import RetryPolicy
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.settings import TargetSettings, ZoneTemplate

MARK = "netbox-pdns:writing:test"
AT_ONCE = RetryPolicy(base=0.01)


def wanted(zone: str, serial: int, rows: Iterable[tuple[str, str, str]] = ()) -> Desired:
    """Return a zone as NetBox wants it: SOA, NS and *rows* of owner (relative), type and rdata."""
    own = [("@", "SOA", f"ns1.{zone} hostmaster.{zone} {serial} 3600 600 86400 300"), ("@", "NS", "ns.example.net.")]
    rdatas: dict[tuple[str, str], list[str]] = {}
    for owner, type, rdata in [*own, *rows]:
        name = zone if owner == "@" else f"{owner}.{zone}"
        rdatas.setdefault((canonical_name(name), type), []).append(canonical_rdata(type, rdata, zone))
    rrsets = [RRset.of(name, type, 300, values) for (name, type), values in rdatas.items()]
    return Desired(ZoneRef(1, zone, "v", "", serial), Zone.of(zone, rrsets))


def hosts(count: int, network: str = "10") -> list[tuple[str, str, str]]:
    """Return *count* addresses, each at a name of its own below an empty non-terminal."""
    return [(f"h{n:05d}.rack", "A", f"{network}.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in range(count)]


@asynccontextmanager
async def target_of(server: RunningPowerDNS, **fields: object) -> AsyncIterator[PowerDNSTarget]:
    """Yield *server* as the reconciler sees it; *fields* are settings of the target."""
    reached = {"url": server.url, "token": SecretStr(server.api_key), "server_id": server.server_id}
    settings = TargetSettings.model_validate({**reached, **fields})
    async with PowerDNSTarget(settings, MARK, policy=AT_ONCE) as target:
        yield target


async def planned(
    target: PowerDNSTarget, desired: Desired, refused: Mapping[RecordKey, str] | None = None, **context: object
) -> ZonePlan:
    """Return what a run would do to the zone now."""
    blank = PlanContext(target="test", mark=target.mark, now=0, refused=refused or {})
    return plan_zone(desired, await target.read(desired.zone.name), replace(blank, **context))  # type: ignore[arg-type]  # by name


async def bring(
    target: PowerDNSTarget, desired: Desired, template: ZoneTemplate | None = None, **context: object
) -> tuple[Applied, dict[RecordKey, str]]:
    """Plan and apply as a run does: each refused record is left out, and the zone planned again."""
    refused: dict[RecordKey, str] = {}
    while True:
        plan = await planned(target, desired, refused, **context)
        try:
            return await target.apply(plan, template or ZoneTemplate()), refused
        except RefusedRecord as error:
            key = (error.name, error.type, error.rdata or "")
            if key in refused:
                raise
            refused[key] = error.reason


@asynccontextmanager
async def losing_answers(server: RunningPowerDNS, *, first_line: bytes, times: int) -> AsyncIterator[RunningPowerDNS]:
    """Yield *server* behind a wire on which the first *times* answers to requests that begin with *first_line* get lost."""
    lost = 0
    host, port = server.url.removeprefix("http://").split(":")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal lost
        up_reader, up_writer = await asyncio.open_connection(host, int(port))
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        up_writer.write(head + await reader.readexactly(length))
        answer = await up_reader.read()  # the server closes after every answer
        up_writer.close()
        if lost < times and head.startswith(first_line):
            lost += 1
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with proxy:
        yield replace(server, url=f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    assert lost == times, f"{lost} answers were lost"
