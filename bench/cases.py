"""The cases: what is done, on what, and beside which floor."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from cpu import microseconds_a_record
from figures import Figure, Ratio
from floor import Floor
from product import environment, program, synced, timed, verified
from stage import edit_one_record, filled_netbox, fresh_powerdns
from workload import NAMESERVERS, SERIAL, W, records, zone_name

from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.planning.values import Desired, PlanContext, ZonePlan, ZoneRef
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS
from netbox_pdns.settings import TargetSettings

LARGE = 200_000
"""Records of the large zone."""
GROWING = (5_000, 10_000, 20_000)
"""Zones of fifty records each, for the case of growing sizes."""
_EACH = 50


async def syncs(sizes: list[int], runs: int, *, sandbox: bool) -> Sequence[Ratio]:
    """A first sync, one with nothing to do, and one of a zone with one changed record; floor and product in turn."""
    first, nothing = Ratio("first sync", 1.3), Ratio("nothing to do, all content compared", 1.3)
    one = Ratio("one zone changed by one record, sync --zone", 1.5)
    async with filled_netbox(sizes, sandbox=sandbox) as netbox:
        for run in range(runs):
            async with fresh_powerdns(sandbox=sandbox) as powerdns:
                floor = await asyncio.to_thread(Floor.of, netbox, powerdns, sizes)
                first.floor.append(await timed(floor.first_sync()))
                nothing.floor.append(await timed(floor.nothing_to_do()))
                one.floor.append(await timed(floor.one_change(await edit_one_record(netbox, 2 * run))))
            async with fresh_powerdns(sandbox=sandbox) as powerdns:
                first.ours.append(await synced(netbox, powerdns, changed=len(sizes)))
                nothing.ours.append(await synced(netbox, powerdns, changed=0))
                await edit_one_record(netbox, 2 * run + 1)
                one.ours.append(await synced(netbox, powerdns, zone_name(0), changed=1))
    return first, nothing, one


async def large_zone(runs: int, *, sandbox: bool) -> Sequence[Ratio]:
    """A plan of many records applied as a new zone, beside the same RRsets in bare requests with one rectification."""
    case = Ratio(f"{LARGE:,} records into a new zone", 1.3)
    plan = plan_zone(_large(), None, PlanContext("default", "netbox-pdns:bench:default", 0))
    for _ in range(runs):
        async with fresh_powerdns(sandbox=sandbox) as powerdns:
            floor = Floor(RunningNetBox("", "", ""), powerdns, [LARGE], ())
            requests = floor.making(0, LARGE)
            case.floor.append(await timed(lambda requests=requests: [request() for request in requests]))
        async with fresh_powerdns(sandbox=sandbox) as powerdns:
            case.ours.append(await _applied(plan, powerdns))
    return (case,)


async def _applied(plan: ZonePlan, powerdns: RunningPowerDNS) -> float:
    started = asyncio.get_running_loop().time()
    settings = TargetSettings(name="default", url=powerdns.url, token=powerdns.api_key)
    async with PowerDNSTarget(settings, "netbox-pdns:bench:default") as target:
        await target.apply(plan, settings.template)
    return asyncio.get_running_loop().time() - started


def _large() -> Desired:
    zone = f"{zone_name(0)}."
    soa = f"{NAMESERVERS[0]}. hostmaster.bench.example. {SERIAL} 43200 7200 2419200 3600"
    rrsets = [RRset.of(zone, "SOA", 3600, [soa]), RRset.of(zone, "NS", 3600, [f"{name}." for name in NAMESERVERS])]
    for name, type, value in records(LARGE):
        rdata = {"TXT": f'"{value}"', "MX": f"{value}.{zone}"}.get(type, value)
        rrsets.append(RRset.of(f"{name}.{zone}", type, 3600, [rdata]))
    return Desired(ZoneRef(1, zone, "_default_", ""), Zone.of(zone, rrsets))


def processor() -> Sequence[Figure]:
    """Our own part of a sync with nothing to do."""
    found = [microseconds_a_record(W) for _ in range(5)]
    value = f"{statistics.median(found):.1f} us a record ({min(found):.1f}-{max(found):.1f})"
    return (Figure("own CPU of W with nothing to do, decoding to empty plan", value, "<= 15 us"),)


async def verification(sizes: list[int], runs: int, *, sandbox: bool) -> Sequence[Figure]:
    """How many RRsets DNS is asked for a second: while it is asked, and of the whole run with what is read for it."""
    asking: list[float] = []
    run: list[float] = []
    async with filled_netbox(sizes, sandbox=sandbox) as netbox, fresh_powerdns(sandbox=sandbox) as powerdns:
        await synced(netbox, powerdns, changed=len(sizes))
        for _ in range(runs):
            found = await verified(netbox, powerdns)
            (server,) = found.servers
            asking.append(server.asked / server.seconds)
            run.append(server.asked / found.seconds)
    value = (
        f"{statistics.median(asking):,.0f} a second ({min(asking):,.0f}-{max(asking):,.0f}); "
        f"{statistics.median(run):,.0f} ({min(run):,.0f}-{max(run):,.0f}) of the run with NetBox's reading"
    )
    return (Figure("verify: RRsets that DNS is asked for", value, "thousands a second"),)


async def memory() -> Sequence[Figure]:
    """The most memory that the program holds, against the sandbox."""
    found = []
    for name, sizes, goal in (("W", W, "<= 150 MiB"), (f"a zone of {LARGE:,} records", [LARGE], "<= 400 MiB")):
        async with filled_netbox(sizes, sandbox=True) as netbox, fresh_powerdns(sandbox=True) as powerdns:
            with TemporaryDirectory(prefix="bench-data-") as directory:
                settings = environment(netbox, powerdns, directory)
                first, nothing = [await program(["sync"], settings) for _ in range(2)]
        value = f"{first.peak:.0f} MiB first, {nothing.peak:.0f} MiB with nothing to do"
        found.append(Figure(f"peak memory, {name}", value, goal))
    return found


async def growing() -> Sequence[Figure]:
    """First syncs of three sizes against the sandbox: time and memory for each record."""
    found = []
    for zones in GROWING:
        sizes = [_EACH] * zones
        async with filled_netbox(sizes, sandbox=True) as netbox, fresh_powerdns(sandbox=True) as powerdns:
            with TemporaryDirectory(prefix="bench-data-") as directory:
                spent = await program(["sync"], environment(netbox, powerdns, directory))
        count = zones * _EACH
        value = (
            f"{spent.seconds:.0f} s, {spent.processor / count * 1e6:.0f} us CPU a record; "
            f"{spent.peak:.0f} MiB, {spent.peak / count * 1024:.2f} KiB a record"
        )
        found.append(Figure(f"first sync of {zones:,} zones, {count:,} records, sandbox", value, "linear"))
    return found


async def start() -> Sequence[Figure]:
    """Commands that need next to nothing."""
    found = []
    for command in (["version"], ["plan", "--help"]):
        spent = [(await program(command, {})).seconds for _ in range(10)]
        value = f"{statistics.median(spent):.2f} s ({min(spent):.2f}-{max(spent):.2f})"
        found.append(Figure(f"netbox-pdns {' '.join(command)}", value, "<= 0.25 s"))
    return found
