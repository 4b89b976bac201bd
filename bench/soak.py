"""The service under edits and faults for as long as is asked for, and whether anything of it grows.

`python bench/soak.py --minutes 30`: the sandbox's servers, the service as a process of its own on one core within 512 MiB of
memory. Somebody edits all the time; a server hangs or refuses every now and then. Memory, open files, tasks and the queue
are sampled; when the edits are over and nothing waits any more, each is held against its least in the middle third. Exit
status 1 where one grew by more than noise does, or where the service dies, or ends unequal, or goes on waiting.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from figures import Figure, show
from product import environment
from stage import filled_netbox
from starlette.types import ASGIApp, Receive, Scope, Send

from netbox_pdns.sandbox.powerdns import running_powerdns
from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS
from netbox_pdns.sandbox.serving import serving

ZONES, RECORDS = 50, 20
MEMORY = 512
"""MiB that the process may hold; it is looked at every second, and more is a failure."""
KEY = "key-of-the-soak"
PATIENCE = 120.0
"""Seconds until all is served at the end."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A figure that must stay flat: growth by more than `noise`, or a tenth, is too much."""

    name: str
    noise: float


Sample = tuple[float, float, float, float]
"""A number for each of `WATCHED`, in their order."""
WATCHED = (Watched("memory, MiB", 8), Watched("open files", 8), Watched("tasks", 12), Watched("queue", 5))


@dataclass
class Proxy:
    """Passes requests on to *url*, or hangs, or refuses."""

    url: str
    fault: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        fault = self.fault
        if fault == "hangs":
            await asyncio.sleep(3.0)
        if fault:
            await _answer(send, 503, b"by the soak", [])
            return
        query = scope["query_string"].decode()
        path = scope["raw_path"].decode() + (f"?{query}" if query else "")
        async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:
            headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
            answer = await client.request(scope["method"], self.url + path, content=body, headers=headers)
        kind = [(b"content-type", answer.headers.get("Content-Type", "text/plain").encode())]
        await _answer(send, answer.status_code, answer.content, kind)


async def _answer(send: Send, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Soak:
    """What runs, and what was sampled."""

    netbox: RunningNetBox
    powerdns: RunningPowerDNS
    proxies: Sequence[Proxy]
    url: str
    process: subprocess.Popen[bytes]
    chance: random.Random
    samples: list[Sample] = field(default_factory=list)
    edits: int = 0
    faults: int = 0
    last: dict[str, str] = field(default_factory=dict)

    async def run(self, seconds: float) -> Sequence[str]:
        """Let all happen for so long; return what is wrong at the end."""
        end = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for work in (self._edit, self._break, self._sample):
                group.create_task(work(end))
        return [*await self._served(), *await self._rested(), *self._grown(), *self._piled_up()]

    async def _edit(self, end: float) -> None:
        api = f"{self.netbox.url}/api/plugins/netbox-dns"
        headers = {"Authorization": f"Token {self.netbox.token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
            answer = await http.get(f"{api}/records/", params={"type": "A", "limit": 1000, "fields": "id,fqdn"})
            rows = answer.raise_for_status().json()["results"]
            for number in count():
                if time.monotonic() > end:
                    return
                row = self.chance.choice(rows)
                value = f"198.51.{number >> 8 & 255}.{number & 255}"
                body = {"value": value, "disable_ptr": True}
                (await http.patch(f"{api}/records/{row['id']}/", json=body)).raise_for_status()
                self.last[row["fqdn"]] = value
                self.edits += 1
                await asyncio.sleep(self.chance.uniform(0.02, 0.3))

    async def _break(self, end: float) -> None:
        while time.monotonic() < end:
            await asyncio.sleep(self.chance.uniform(3.0, 10.0))
            proxy = self.chance.choice(self.proxies)
            proxy.fault = self.chance.choice(["hangs", "refuses"])
            self.faults += 1
            await asyncio.sleep(self.chance.uniform(0.5, 5.0))
            proxy.fault = ""

    async def _sample(self, end: float) -> None:
        async with httpx2.AsyncClient(timeout=10, trust_env=False) as http:
            while time.monotonic() < end:
                self.samples.append(await self._figures_of(http))
                await asyncio.sleep(1.0)

    async def _figures_of(self, http: httpx2.AsyncClient) -> Sample:
        if self.process.poll() is not None:
            raise RuntimeError(f"the service ended with {self.process.returncode}")
        text = (await http.get(f"{self.url}/metrics", headers={"X-NetBox-PDNS-API-Key": KEY})).text
        memory = _metric(text, "process_resident_memory_bytes") / 2**20
        if memory > MEMORY:
            raise RuntimeError(f"the service holds {memory:.0f} MiB, of {MEMORY}")
        files, tasks = _metric(text, "process_open_fds"), _metric(text, "netbox_pdns_tasks")
        return memory, files, tasks, _metric(text, "netbox_pdns_queue_depth")

    async def _rested(self) -> Sequence[str]:
        """Wait until nothing waits any more, which is the last sample; return what is wrong if it goes on waiting."""
        end = time.monotonic() + PATIENCE
        async with httpx2.AsyncClient(timeout=10, trust_env=False) as http:
            while True:
                self.samples.append(await self._figures_of(http))
                if not self.samples[-1][-1]:
                    return []
                if time.monotonic() > end:
                    return [f"{self.samples[-1][-1]:.0f} zones wait {PATIENCE:.0f} s after all is served"]
                await asyncio.sleep(1.0)

    def _grown(self) -> Sequence[str]:
        return [
            f"{each.name}: {growth:.1f} more at rest than at the least in the middle third, {level:.1f}"
            for each, level, growth in self._growth()
            if growth > max(each.noise, level / 10)
        ]

    def _piled_up(self) -> Sequence[str]:
        """A zone waits once, however often it is edited."""
        peak = max(sample[-1] for sample in self.samples)
        return [f"{peak:.0f} zones waited, of {ZONES}"] if peak > ZONES else []

    def _growth(self) -> Sequence[tuple[Watched, float, float]]:
        """Return the least of the middle third, and by how much it is exceeded when nothing is left to do.

        During a fault queue and tasks rise, and fall after it; what grows does not fall back to where it was.
        """
        third = len(self.samples) // 3
        found = []
        for at, each in enumerate(WATCHED):
            middle = min(sample[at] for sample in self.samples[third:-third])
            found.append((each, middle, self.samples[-1][at] - middle))
        return found

    def figures(self) -> Sequence[Figure]:
        """Return the table."""
        rows = [Figure("edits, faults", f"{self.edits}, {self.faults}")]
        for at, (each, level, growth) in enumerate(self._growth()):
            peak = max(sample[at] for sample in self.samples)
            value = (
                f"{level:.1f} at the least in the middle third, {growth:+.1f} at the end, at rest; at most {peak:.0f}"
            )
            rows.append(Figure(each.name, value, f"grows by no more than {each.noise:.0f}, or a tenth"))
        return rows

    async def _served(self) -> Sequence[str]:
        """Return which edits are not in PowerDNS after a while."""
        end = time.monotonic() + PATIENCE
        while True:
            missing = [name for name, value in (await self._there()).items() if self.last.get(name, value) != value]
            if not missing:
                return []
            if time.monotonic() > end:
                return [f"{len(missing)} of {len(self.last)} names are not as edited, {missing[0]} among them"]
            await asyncio.sleep(0.5)

    async def _there(self) -> dict[str, str]:
        headers = {"X-API-Key": self.powerdns.api_key}
        base = f"{self.powerdns.url}/api/v1/servers/localhost/zones"
        found = dict.fromkeys(self.last, "")
        async with httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
            for zone in {name.partition(".")[2] for name in self.last}:
                answer = await http.get(f"{base}/{zone}")
                rrsets: list[dict[str, Any]] = answer.json().get("rrsets", []) if answer.is_success else []
                found |= {each["name"]: each["records"][0]["content"] for each in rrsets if each["type"] == "A"}
        return found


def _metric(text: str, name: str) -> float:
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))


@asynccontextmanager
async def soaking(seed: int) -> AsyncIterator[Soak]:
    """Yield what runs, when the first pass is over."""
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(TemporaryDirectory(prefix="soak-"))
        netbox = await stack.enter_async_context(filled_netbox([RECORDS] * ZONES, sandbox=True))
        powerdns = await stack.enter_async_context(running_powerdns())
        proxies = [Proxy(netbox.url), Proxy(powerdns.url)]
        urls = [await stack.enter_async_context(serving(_app(proxy))) for proxy in proxies]
        settings = environment(
            RunningNetBox(urls[0], netbox.token, netbox.token_v2),
            RunningPowerDNS(urls[1], powerdns.api_key, "localhost", powerdns.dns_host, powerdns.dns_port),
            directory,
        )
        settings |= {f"NETBOX_PDNS_{name}": value for name, value in _SETTINGS.items()}
        log = Path(directory) / "log"
        process = stack.enter_context(_service(settings, log))
        stack.callback(process.kill)
        url = await _begun(process, log)
        yield Soak(netbox, powerdns, proxies, url, process, random.Random(seed))
        process.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(process.wait, 60)
        if status or b"Traceback" in log.read_bytes():
            raise RuntimeError(f"exit status {status}\n{log.read_text()[-3000:]}")


_SETTINGS = {
    "API_KEY": KEY,
    "FEED_INTERVAL": "1",
    "LISTEN_PORT": "0",
    "LOG_FORMAT": "console",
    "NB_READ_TIMEOUT": "2",
    "PDNS_READ_TIMEOUT": "2",
    "BREAKER_PAUSE": "2",
    "RETRY_LONGEST": "10",
}


def _app(proxy: Proxy) -> ASGIApp:
    return proxy


def _service(settings: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    cores = sorted(os.sched_getaffinity(0))
    with log.open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "netbox_pdns", "serve"],
            env={**os.environ, **settings},
            stdout=printed,
            stderr=printed,
        )
    os.sched_setaffinity(process.pid, cores[-1:])
    return process


async def _begun(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the service serves and its first pass is over; return where."""
    async with asyncio.timeout(PATIENCE), httpx2.AsyncClient(timeout=10, trust_env=False) as http:
        while process.poll() is None:
            if found := re.search(r"serving\s+.*?url=(\S+)", _read(log)):
                status = await http.get(f"{found[1]}/status", headers={"X-NetBox-PDNS-API-Key": KEY})
                if status.is_success and status.json()["initial_sync"]["completed"]:
                    return found[1]
            await asyncio.sleep(0.1)
    raise RuntimeError(f"the service does not start: {_read(log)[-3000:]}")


def _read(log: Path) -> str:
    return log.read_text()


async def soak(minutes: float, seed: int) -> Sequence[str]:
    """Soak, print the table, and return what is wrong."""
    async with soaking(seed) as it:
        wrong = await it.run(minutes * 60)
        show(it.figures(), f"{minutes:g} minutes, {ZONES} zones of {RECORDS} records, on the sandbox; seed {seed}")
    return wrong


def main() -> int:
    """Soak and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    given = parser.parse_args()
    wrong = asyncio.run(soak(given.minutes, given.seed))
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
