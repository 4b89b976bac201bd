"""The service's cases, beside the bare calls that its work cannot do without; each is told as soon as it is measured."""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any

from delivery import Post, delivered
from figures import Figure
from floor import Floor, request
from product import timed
from serving import API, Serving, serving
from stage import filled_netbox, fresh_powerdns
from workload import DEFAULT_TTL, W, zone_name

EDITS, IN_ONE_ZONE = 40, 60
PASSES, DRIFT_CHECKS = 5, 3
PAUSE = 0.35
"""Seconds between two edits of a zone: two looks at it are 0.3 s apart, which is not what is measured."""
LARGEST = W.index(max(W))
FLOODED, PER_SECOND = 1_000, 300


async def service(*, sandbox: bool) -> AsyncIterator[Figure]:
    """All cases on W."""
    async with filled_netbox(W, sandbox=sandbox) as netbox, fresh_powerdns(sandbox=sandbox) as powerdns:
        async with serving(netbox, powerdns) as bench:
            floor = await asyncio.to_thread(Floor.of, netbox, powerdns, W)
            yield await _passes(
                bench, "lists", PASSES, floor.two_lists(), "full sync with nothing changed, by the lists"
            )
            yield await _passes(
                bench, "content", DRIFT_CHECKS, floor.nothing_to_do(), "drift check, all content compared"
            )
            stored = await _served(bench, 0)
            yield _beside_the_floor(*stored, 0, "<= 1.5 x / 3 x")
            yield _beside_the_floor(*await _served(bench, LARGEST), LARGEST, "<= 1.5 x")
            async with delivered(bench) as post:
                yield await _delivered(bench, post)
                yield await _in_one_zone(bench, post)
            yield await _idle(bench)
            for figure in await _flood(bench):
                yield figure
        async with serving(netbox, powerdns, stored=False) as bench:
            yield _beside_memory(stored[0], (await _served(bench, 0))[0])


async def _passes(bench: Serving, depth: str, count: int, floor: Callable[[], object], name: str) -> Figure:
    ours, bare = [], []
    for _ in range(count):
        ours.append(await bench.passed(depth))
        bare.append(await timed(floor))
    middle, floors = statistics.median(ours), statistics.median(bare)
    value = f"{middle:.2f} s ({min(ours):.2f}-{max(ours):.2f}) beside {floors:.2f} s: {middle / floors:.2f} x"
    return Figure(f"{name}, W", value, "<= 1.3 x")


async def _served(bench: Serving, number: int) -> tuple[list[float], list[float]]:
    """Return the seconds from a webhook to DNS, and those of the bare calls, in turns."""
    ours, floor = [], []
    (record,) = await bench.first_records(number, 1)
    for edit in range(EDITS):
        before, record = record, await bench.edited(record, f"198.51.{number % 256}.{edit}")
        began = time.perf_counter()
        await bench.hook(before, record)
        ours.append(await bench.shown(record) - began)
        await asyncio.sleep(PAUSE)
        floor.append(await _bare(bench, number, record))
    return ours, floor


def _beside_the_floor(ours: list[float], floor: list[float], number: int, goal: str) -> Figure:
    parts = [
        f"p{each} {_ms(ours, each)} beside {_ms(floor, each)}: {_at(ours, each) / _at(floor, each):.2f} x"
        for each in (50, 99)
    ]
    return Figure(f"webhook in -> served, zone of {W[number]:,} records", "; ".join(parts), goal)


async def _bare(bench: Serving, number: int, record: dict[str, Any]) -> float:
    """Read the record, write what is there already, ask once; the SOA is left alone, whose serial is the service's."""
    zone, name = f"{zone_name(number)}.", record["fqdn"]
    rrset = {"name": name, "type": "A", "ttl": DEFAULT_TTL, "changetype": "REPLACE"}
    body = json.dumps({"rrsets": [{**rrset, "records": [{"content": record["value"], "disabled": False}]}]}).encode()
    path = f"/api/v1/servers/{bench.powerdns.server_id}/zones/{zone}"
    query = f"{API}/records/?fields=id,fqdn,type,value,ttl&fqdn={name}&limit=10&start=0"
    began = time.perf_counter()
    key = {"X-API-Key": bench.powerdns.api_key}
    await asyncio.to_thread(request, bench.netbox.url, "GET", query, {"Authorization": f"Token {bench.netbox.token}"})
    await asyncio.to_thread(request, bench.powerdns.url, "PATCH", path, key, body)
    await bench.answers(name)
    return time.perf_counter() - began


async def _delivered(bench: Serving, post: Post) -> Figure:
    """Edits that NetBox itself tells of: from when its webhook comes to when DNS shows them."""
    after, whole = [], []
    (record,) = await bench.first_records(1, 1)
    for edit in range(EDITS):
        record = await bench.edited(record, f"203.0.113.{edit}")
        edited = time.perf_counter()
        shown = await bench.shown(record)
        after.append(shown - await post.arrival(record["fqdn"], record["value"]))
        whole.append(shown - edited)
        await asyncio.sleep(PAUSE)
    value = (
        f"p50 {_ms(after, 50)}, p99 {_ms(after, 99)} after it came; from the edit on {_ms(whole, 50)}, {_ms(whole, 99)}"
    )
    return Figure("edit in NetBox -> served, over NetBox's own webhooks", value, "<= 100 ms after it came")


async def _in_one_zone(bench: Serving, post: Post) -> Figure:
    """Edits of one zone, one after the other as fast as NetBox takes them."""
    number = W.index(1000)
    served, delivery = [], []

    async def follow(record: dict[str, Any], edited: float) -> None:
        arrival = asyncio.create_task(post.arrival(record["fqdn"], record["value"]))
        served.append(await bench.shown(record) - edited)
        delivery.append(await arrival - edited)

    began = datetime.now().astimezone()
    async with asyncio.TaskGroup() as group:
        for edit, before in enumerate(await bench.first_records(number, IN_ONE_ZONE)):
            record = await bench.edited(before, f"192.0.2.{edit}")
            group.create_task(follow(record, time.perf_counter()))
    await bench.at_rest()
    found = await bench.asked("GET", f"/api/v1/changes?zone={zone_name(number)}&limit=1000")
    times = [datetime.fromisoformat(each["applied"]) for each in found["changes"]]
    writes = sorted(each for each in times if each >= began)
    apart = min((b - a).total_seconds() for a, b in itertools.pairwise(writes)) if len(writes) > 1 else 0.0
    value = (
        f"p99 {_ms(served, 99)} with p99 {_ms(delivery, 99)} of delivery; {len(writes)} writes for {IN_ONE_ZONE} edits, "
        f"{apart * 1000:.0f} ms apart at least"
    )
    return Figure("edits in one zone as fast as NetBox takes them", value, "p99 <= delivery + 1 s; 300 ms apart")


async def _idle(bench: Serving, seconds: float = 60.0) -> Figure:
    await bench.at_rest()
    before = bench.processor()
    await asyncio.sleep(seconds)
    share = (bench.processor() - before) / seconds
    return Figure(f"idle, {len(W):,} zones", f"{share:.2%} of a core, {bench.memory():.0f} MiB", "< 1 %, < 130 MiB")


async def _flood(bench: Serving, seconds: float = 60.0) -> Sequence[Figure]:
    records = [record for number in range(FLOODED) for record in await bench.first_records(number, 1)]
    before, took = bench.memory(), []
    began = time.perf_counter()

    async def one(at: int) -> None:
        record = records[at % len(records)]
        took.append(await bench.hook(record, record))

    async with asyncio.TaskGroup() as group:
        for at in range(int(PER_SECOND * seconds)):
            await asyncio.sleep(max(0.0, began + at / PER_SECOND - time.perf_counter()))
            group.create_task(one(at))
    rate = len(took) / (time.perf_counter() - began)
    held = bench.memory()
    await bench.at_rest()
    lost = [each["fqdn"] for each in records if await bench.answers(each["fqdn"]) != [each["value"]]]
    value = f"{rate:.0f}/s; {len(lost)} edits lost; answered p50 {_ms(took, 50)}, p99 {_ms(took, 99)}"
    name = f"{PER_SECOND} webhooks a second for {seconds:.0f} s over {FLOODED:,} zones"
    memory = f"{before:.0f} MiB before, {held:.0f} at the end of it, {bench.memory():.0f} when all is done"
    return [Figure(name, value, "none lost, 10 ms, 50 ms"), Figure("memory beside that", memory, "flat")]


def _beside_memory(stored: list[float], memory: list[float]) -> Figure:
    value = f"p50 {_ms(stored, 50)} beside {_ms(memory, 50)} in memory: {_at(stored, 50) / _at(memory, 50):.2f} x"
    return Figure("webhook in -> served with the store on, beside one in memory", value, "<= 1.1 x")


def _at(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _ms(values: Sequence[float], percent: int) -> str:
    return f"{_at(values, percent) * 1000:.0f} ms"
