"""The service as a process, beside the bare calls that its work cannot do without."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dns.asyncquery
import dns.message
import httpx2
from figures import Figure
from floor import request
from product import environment
from stage import filled_netbox, fresh_powerdns
from workload import DEFAULT_TTL, zone_name

from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS

SECRET, KEY = "secret-of-the-bench", "key-of-the-bench"
EDITS = 20
SMALL, LARGE = 20, 20_000
BURST_ZONES, PER_SECOND = 1_000, 300
PATIENCE = 600.0
API = "/api/plugins/netbox-dns"


@dataclass(frozen=True, slots=True)
class Bench:
    """The servers and the service between them."""

    netbox: RunningNetBox
    powerdns: RunningPowerDNS
    url: str
    process: subprocess.Popen[bytes]
    http: httpx2.AsyncClient

    async def edited(self, number: int, value: str) -> dict[str, Any]:
        """Give the first record of a zone another address, and return it as NetBox shows it."""
        headers = {"Authorization": f"Token {self.netbox.token}"}
        query = {"zone": zone_name(number), "type": "A", "limit": 1, "ordering": "id"}
        found = await self.http.get(f"{self.netbox.url}{API}/records/", params=query, headers=headers)
        (row,) = found.raise_for_status().json()["results"]
        body = {"value": value, "disable_ptr": True}
        changed = await self.http.patch(f"{self.netbox.url}{API}/records/{row['id']}/", json=body, headers=headers)
        return dict(changed.raise_for_status().json())

    async def hook(self, record: dict[str, Any]) -> float:
        """Send NetBox's webhook about a record; return the seconds until it was answered."""
        snapshot = {"zone": record["zone"]["id"], "fqdn": record["fqdn"], "type": record["type"]}
        both = {"prechange": {**snapshot, "value": "before"}, "postchange": {**snapshot, "value": record["value"]}}
        said = {"event": "updated", "object_type": "netbox_dns.record", "data": record, "snapshots": both}
        body = json.dumps(
            {**said, "timestamp": datetime.now(UTC).isoformat(), "request": {"id": "bench", "user": "bench"}}
        ).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha512).hexdigest()
        headers = {"X-Hook-Signature": signature, "Content-Type": "application/json"}
        began = time.perf_counter()
        answer = await self.http.post(f"{self.url}/webhooks/netbox", content=body, headers=headers)
        answer.raise_for_status()
        return time.perf_counter() - began

    async def answers(self, name: str) -> list[str]:
        """Ask DNS for an address."""
        query = dns.message.make_query(name, "A")
        found = await dns.asyncquery.udp(query, self.powerdns.dns_host, port=self.powerdns.dns_port, timeout=5)
        return [rdata.to_text() for rrset in found.answer for rdata in rrset]

    async def shown(self, record: dict[str, Any]) -> None:
        """Ask DNS until it shows a record as NetBox has it."""
        for _ in range(100_000):
            if await self.answers(record["fqdn"]) == [record["value"]]:
                return
            await asyncio.sleep(0.001)

    async def at_rest(self) -> dict[str, Any]:
        """Wait until nothing waits; return the status."""
        async with asyncio.timeout(PATIENCE):
            while True:
                status = await self.http.get(f"{self.url}/status", headers={"X-NetBox-PDNS-API-Key": KEY})
                if status.is_success:
                    seen = dict(status.json())
                    if seen["initial_sync"]["completed"] and not any(each["queue_depth"] for each in seen["targets"]):
                        return seen
                await asyncio.sleep(0.1)

    def processor(self) -> float:
        """Return the seconds of the processor that the service took until now."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def memory(self) -> float:
        """Return the MiB that it holds."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+)", text)
        return int(found[1]) / 1024 if found else 0.0


async def service(*, sandbox: bool) -> Sequence[Figure]:
    """Webhook to served in a small and a large zone; idle and a flood over many zones."""
    found = []
    async with _bench([SMALL, LARGE], sandbox=sandbox) as bench:
        for number, size in enumerate((SMALL, LARGE)):
            found.append(await _served(bench, number, size))
    async with _bench([SMALL] * BURST_ZONES, sandbox=sandbox) as bench:
        found += [await _idle(bench), *await _flood(bench)]
    return found


async def _served(bench: Bench, number: int, size: int) -> Figure:
    ours, floor = [], []
    for edit in range(EDITS):
        record = await bench.edited(number, f"198.51.100.{edit}")
        began = time.perf_counter()
        await bench.hook(record)
        await bench.shown(record)
        ours.append(time.perf_counter() - began)
        await asyncio.sleep(0.35)  # two looks at a zone are 0.3 s apart, which is not what is measured
        floor.append(await _floor(bench, number, record))
    value = (
        f"p50 {_ms(ours, 50)} beside {_ms(floor, 50)}: {_at(ours, 50) / _at(floor, 50):.1f} x; "
        f"p99 {_ms(ours, 99)} beside {_ms(floor, 99)}: {_at(ours, 99) / _at(floor, 99):.1f} x"
    )
    goal = "<= 1.5 x / 3 x" if size == SMALL else "<= 1.5 x"
    return Figure(f"webhook in -> served, zone of {size:,} records", value, goal)


async def _floor(bench: Bench, number: int, record: dict[str, Any]) -> float:
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


async def _idle(bench: Bench, seconds: float = 30.0) -> Figure:
    await bench.at_rest()
    before = bench.processor()
    await asyncio.sleep(seconds)
    share = (bench.processor() - before) / seconds
    return Figure(
        f"idle, {BURST_ZONES:,} zones", f"{share:.1%} of a core, {bench.memory():.0f} MiB", "< 1 %, < 130 MiB"
    )


async def _flood(bench: Bench, seconds: float = 60.0) -> Sequence[Figure]:
    records = [await bench.edited(number, "203.0.113.7") for number in range(BURST_ZONES)]
    before, took = bench.memory(), []
    began = time.perf_counter()

    async def one(at: int) -> None:
        took.append(await bench.hook(records[at % BURST_ZONES]))

    async with asyncio.TaskGroup() as group:
        for at in range(int(PER_SECOND * seconds)):
            await asyncio.sleep(max(0.0, began + at / PER_SECOND - time.perf_counter()))
            group.create_task(one(at))
    rate = len(took) / (time.perf_counter() - began)
    await bench.at_rest()
    lost = [each["fqdn"] for each in records if await bench.answers(each["fqdn"]) != [each["value"]]]
    value = f"{rate:.0f}/s; {len(lost)} edits lost; answered p50 {_ms(took, 50)}, p99 {_ms(took, 99)}"
    held = f"{before:.0f} MiB before, {bench.memory():.0f} after"
    name = f"{PER_SECOND} webhooks a second for {seconds:.0f} s over {BURST_ZONES:,} zones"
    return [Figure(name, value, "none lost, 10 ms, 50 ms"), Figure("memory beside that", held, "flat")]


def _at(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _ms(values: Sequence[float], percent: int) -> str:
    return f"{_at(values, percent) * 1000:.0f} ms"


@asynccontextmanager
async def _bench(sizes: list[int], *, sandbox: bool) -> AsyncIterator[Bench]:
    async with (
        filled_netbox(sizes, sandbox=sandbox) as netbox,
        fresh_powerdns(sandbox=sandbox) as powerdns,
        httpx2.AsyncClient(timeout=60, trust_env=False) as http,
    ):
        with TemporaryDirectory(prefix="bench-data-") as directory:
            given = {"API_KEY": KEY, "WEBHOOK_SECRET": SECRET, "LISTEN_PORT": "0", "LOG_LEVEL": "INFO"}
            settings = environment(netbox, powerdns, directory)
            settings |= {f"NETBOX_PDNS_{name}": value for name, value in given.items()}
            log = Path(directory) / "log"
            process = _started(settings, log)
            try:
                bench = Bench(netbox, powerdns, await _url(process, log), process, http)
                await bench.at_rest()
                yield bench
            finally:
                process.kill()
                await asyncio.to_thread(process.wait)


def _started(settings: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "netbox_pdns", "serve"]
    with log.open("wb") as printed:
        return subprocess.Popen(command, env={**os.environ, **settings}, stdout=printed, stderr=printed)


async def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    text = ""
    async with asyncio.timeout(PATIENCE):
        while process.poll() is None:
            text = await asyncio.to_thread(log.read_text)
            if found := re.search(r"serving\s+.*?url=(\S+)", text):
                return found[1]
            await asyncio.sleep(0.1)
    raise RuntimeError(f"the service does not start: {text[-3000:]}")
