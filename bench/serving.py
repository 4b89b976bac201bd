"""The service as a process between a NetBox and a PowerDNS, and what its work is seen by."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dns.asyncquery
import dns.message
import httpx2
from product import environment
from workload import zone_name

from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS

SECRET, KEY = "secret-of-the-bench", "key-of-the-bench"
PATIENCE = 600.0
API = "/api/plugins/netbox-dns"
_NOWHERE = "/nonexistent/netbox-pdns.db"


@dataclass(frozen=True, slots=True)
class Serving:
    """The service at `url`, its process and its log, between the two servers."""

    netbox: RunningNetBox
    powerdns: RunningPowerDNS
    url: str
    process: subprocess.Popen[bytes]
    log: Path
    http: httpx2.AsyncClient

    async def first_records(self, number: int, count: int) -> list[dict[str, Any]]:
        """Return the first addresses of a zone, as NetBox shows them."""
        query = {"zone": zone_name(number), "type": "A", "limit": count, "ordering": "id"}
        found = await self.http.get(f"{self.netbox.url}{API}/records/", params=query, headers=self._token)
        return list(found.raise_for_status().json()["results"])

    async def edited(self, record: dict[str, Any], value: str) -> dict[str, Any]:
        """Give a record another address, and return it as NetBox shows it."""
        body = {"value": value, "disable_ptr": True}
        url = f"{self.netbox.url}{API}/records/{record['id']}/"
        return dict((await self.http.patch(url, json=body, headers=self._token)).raise_for_status().json())

    @property
    def _token(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.netbox.token}"}

    async def hook(self, before: dict[str, Any], record: dict[str, Any]) -> float:
        """Send NetBox's webhook about an edit of a record; return the seconds until it was answered."""
        snapshot = {"zone": record["zone"]["id"], "fqdn": record["fqdn"], "type": record["type"]}
        both = {
            "prechange": {**snapshot, "value": before["value"]},
            "postchange": {**snapshot, "value": record["value"]},
        }
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

    async def shown(self, record: dict[str, Any]) -> float:
        """Ask DNS until it shows a record as NetBox has it; return the moment (`perf_counter`)."""
        async with asyncio.timeout(PATIENCE):
            while await self.answers(record["fqdn"]) != [record["value"]]:  # noqa: ASYNC110 - DNS tells by being asked
                await asyncio.sleep(0.001)
        return time.perf_counter()

    async def asked(self, method: str, path: str, **more: Any) -> Any:
        """Ask the service's API."""
        answer = await self.http.request(method, self.url + path, headers={"X-NetBox-PDNS-API-Key": KEY}, **more)
        return answer.raise_for_status().json()

    async def at_rest(self) -> dict[str, Any]:
        """Wait until nothing waits; return the status."""
        async with asyncio.timeout(PATIENCE):
            while True:
                seen = dict(await self.asked("GET", "/status"))
                if seen["initial_sync"]["completed"] and not any(each["queue_depth"] for each in seen["targets"]):
                    return seen
                await asyncio.sleep(0.1)

    async def passed(self, depth: str) -> float:
        """Have all zones looked at by *depth*; return the seconds that it took, as its log has them."""
        before = len(self._passes(depth))
        await self.asked("POST", "/api/v1/sync", json={"depth": depth})
        async with asyncio.timeout(PATIENCE):
            while len(found := self._passes(depth)) == before:  # noqa: ASYNC110 - it is another process's log
                await asyncio.sleep(0.05)
        await self.at_rest()
        return found[-1]

    def _passes(self, depth: str) -> list[float]:
        said = [line for line in self._logged() if line.get("event") == "all zones looked at"]
        return [float(line["seconds"]) for line in said if line["depth"] == depth]

    def _logged(self) -> Iterator[dict[str, Any]]:
        return map(json.loads, self.log.read_text(encoding="utf-8").splitlines())

    def processor(self) -> float:
        """Return the seconds of the processor that the service took until now."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def memory(self) -> float:
        """Return the MiB that it holds."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+)", text)
        return int(found[1]) / 1024 if found else 0.0


@asynccontextmanager
async def serving(netbox: RunningNetBox, powerdns: RunningPowerDNS, *, stored: bool = True) -> AsyncIterator[Serving]:
    """Have the service at work within the block, its first pass over; without a file to remember in where not *stored*."""
    with TemporaryDirectory(prefix="bench-data-") as directory:
        if not stored:
            (Path(directory) / "netbox-pdns.db").symlink_to(_NOWHERE)
        given = {"API_KEY": KEY, "WEBHOOK_SECRET": SECRET, "LISTEN_PORT": "0", "LOG_FORMAT": "json"}
        settings = environment(netbox, powerdns, directory)
        settings |= {f"NETBOX_PDNS_{name}": value for name, value in given.items()}
        log = Path(directory) / "log"
        process = _started(settings, log)
        try:
            async with httpx2.AsyncClient(timeout=60, trust_env=False) as http:
                made = Serving(netbox, powerdns, await _url(process, log), process, log, http)
                status = await made.at_rest()
                if status["store"]["persistent"] is not stored:
                    raise RuntimeError(f"the store is not as it is to be: {status['store']}")
                yield made
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
            if found := re.search(r'"url": "([^"]+)"[^\n]*"event": "serving"', text):
                return found[1]
            await asyncio.sleep(0.1)
    raise RuntimeError(f"the service does not start: {text[-3000:]}")
