"""Our own process killed at any point of a sync, and two of them at once: nothing is lost, nobody else is hurt.

The moments are requests that PowerDNS sees, counted by the proxy, so that a seed repeats them.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pytest
import servers
from fault_proxy import Exchange, FaultProxy, Request, Rule
from fault_world import KEPT, sandboxed_world, untouched_of
from poller import polling
from sync_world import World

from netbox_pdns.dns.serial import serial_gt
from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = pytest.mark.real

HOSTS = 16
"""So many records of a zone change in one edit: several requests of `BATCH` bytes."""
BATCH = 1_200
State: TypeAlias = tuple[int, str]
"""A zone's serial, and all else that it holds, as text."""
UPDATED, MADE = ("u0", "u1"), 2


@dataclass
class Company:
    """Zones that are changed in several batches, and some that come while those of the last edit go."""

    world: World
    zones: dict[str, int] = field(default_factory=dict)
    rounds: int = 0
    hosts: dict[str, tuple[int, str]] = field(default_factory=dict)
    """How many hosts each zone has, and the address of all of them."""
    gone: list[str] = field(default_factory=list)
    """The zones that the last edit deleted."""

    def begin(self) -> None:
        """Make the zones and bring them."""
        self.zones = dict(zip(UPDATED, self.world.make_zones(*UPDATED), strict=True))
        for number in self.zones.values():
            self.world.add(number, *KEPT, *(f"h{host} A 192.0.2.1" for host in range(HOSTS)))
        self.edit()
        self.world.settle(**self.options())

    def edit(self) -> None:
        """Change, make and delete."""
        self.rounds += 1
        for label in UPDATED:
            hosts = self.world.ids(self.zones[label], *(f"h{host}" for host in range(HOSTS)))
            address = f"192.0.2.{self.rounds % 250 + 1}"
            self.world.edit("records", *hosts, value=address)
            self.hosts[label] = HOSTS, address
        names = [f"n{self.rounds}-{number}" for number in range(MADE)]
        for label, number in zip(names, self.world.make_zones(*names), strict=True):
            self.hosts[label] = HOSTS if label.endswith("0") else 3, "192.0.2.1"
            self.world.add(number, *(f"h{host} A 192.0.2.1" for host in range(self.hosts[label][0])))
            self.zones[label] = number
        self.gone = [label for label in self.zones if label not in {*UPDATED, *names}]
        if self.gone:
            self.world.delete("zones", *map(self.zones.pop, self.gone))

    def options(self, **more: object) -> dict[str, object]:
        """Return the settings of a run: small requests, and no word needed for zones that NetBox says are deleted."""
        target = self.world.target(batch_bytes=BATCH, **more)
        return {"targets": [target], "zones_deleted": 100, "zones_deleted_percent": 100}

    def untouched(self) -> dict[tuple[str, str], frozenset[str]]:
        """What no edit touches."""
        return untouched_of(self.world, UPDATED)

    def served(self) -> dict[str, State]:
        """Return the state of every zone that is served."""
        names = [listed["name"] for listed in self.world.api("GET", "/zones") if self.world.word in listed["name"]]
        found = {name: self.state(name) for name in names}
        return {name: state for name, state in found.items() if state is not None}

    def state(self, zone: str) -> State | None:
        """Return the serial and the content of *zone* as one reading of PowerDNS's table has them; None without an SOA."""
        answer = servers.api(self.world.server, "GET", f"/zones/{zone}")
        if answer.status_code == 404:
            return None
        assert answer.is_success, f"{zone}: {answer.status_code} {answer.text}"
        rrsets = {(each["name"], each["type"]): each for each in answer.json()["rrsets"]}
        if (soa := rrsets.pop((zone, "SOA"), None)) is None:
            return None
        mname, rname, serial, *times = soa["records"][0]["content"].split()
        content = [soa["ttl"], mname, rname, *times, *((*key, rrsets[key]) for key in sorted(rrsets))]
        return int(serial), json.dumps(content, sort_keys=True)

    def start(self, directory: Path, *, url: str) -> subprocess.Popen[str]:
        """Start the program in a data directory of its own, by way of the proxy at *url*."""
        directory.mkdir(exist_ok=True)
        config = self.world.settings_file(
            directory / "own.toml", data_dir=str(directory / "data"), **self.options(url=url)
        )
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "-m", "netbox_pdns", "sync"],
            cwd=directory,
            env={**kept, "HOME": str(directory), "NETBOX_PDNS_CONFIG": str(config)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def must_come_round(self, *, url: str) -> None:
        """See that one run by way of *url* makes both sides equal, and that the next finds nothing to do."""
        run = self.world.sync(**self.options(url=url))
        assert not run.report.needs_attention, (run.held, run.failed, run.left_out)
        self.world.must_be_quiet(**self.options())

    def must_be_served(self) -> None:
        """See that DNS itself answers what the last edit wants, and no zone that it deleted."""
        for label in self.zones:
            count, address = self.hosts[label]
            found = {host: self.world.served(f"h{host}.{label}") for host in range(count)}
            assert found == {host: [address] for host in range(count)}, label
        assert [label for label in self.gone if self.world.is_served(label)] == []


@dataclass
class History:
    """The content under which every serial of every zone was seen. Secondaries tell by the serial alone whether to come.

    `note` looks at a zone after each request that may change it, before anybody can send the next: no state goes unseen.
    """

    company: Company
    contents: dict[tuple[str, int], str] = field(default_factory=dict)
    broken: set[tuple[str, int]] = field(default_factory=set)
    """The zones and serials that were seen with two contents."""
    looked: int = 0

    async def note(self, exchange: Exchange) -> None:
        """Pass a request on, and look at its zone before the answer goes back."""
        answer = await exchange.answered()
        await asyncio.to_thread(self.look, exchange.request)
        await exchange.give(answer.raw)

    def look(self, request: Request) -> None:
        """Look at the zone that *request* is about."""
        named = re.search(r"/zones/([^/?]+)", request.target)
        zone = named[1] if named else json.loads(request.body)["name"]
        if (state := self.company.state(zone)) is not None:
            self.add({zone: state})

    def add(self, states: Mapping[str, State]) -> None:
        """Take note of *states*."""
        for zone, (serial, content) in states.items():
            self.looked += 1
            if self.contents.setdefault((zone, serial), content) != content:
                self.broken.add((zone, serial))

    def must_be_whole(self) -> None:
        """See that no serial of a zone was ever seen with two contents."""
        assert self.looked
        assert self.broken == set()

    def must_end_whole(self) -> None:
        """See that the serials which are served now were seen with one content alone."""
        assert self.looked
        assert self.broken.isdisjoint((zone, serial) for zone, (serial, _) in self.company.served().items())

    def watching(self, proxy: FaultProxy, *rules: Rule) -> AbstractContextManager[None]:
        """Look on within the block, beside harm by *rules*."""
        return proxy.harming(*rules, Rule(self.note, method="POST|PUT|PATCH|DELETE", times=None))


@pytest.fixture(scope="module")
def company(powerdns_gsqlite3: RunningPowerDNS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Zones of the sandbox's NetBox, brought to the real PowerDNS."""
    with sandboxed_world(powerdns_gsqlite3, tmp_path_factory.mktemp("killed")) as world:
        made = Company(world)
        made.begin()
        yield made


def grown(before: dict[str, State], after: dict[str, State]) -> None:
    """See that every zone whose content changed has a greater serial (RFC 1982): its secondaries come for it."""
    for zone in before.keys() & after.keys():
        (old, was), (new, is_) = before[zone], after[zone]
        assert was == is_ or serial_gt(new, old), f"{zone}: other content under serial {new}, it was {old}"


def killed_at(history: History, proxy: FaultProxy, directory: Path, method: str, nth: int, *, answered: bool) -> bool:
    """Kill a sync at the *nth* request of *method*, before or after PowerDNS has carried it out, and mend it.

    Return whether there was such a request.
    """
    company = history.company
    company.edit()
    before = company.served()
    with polling(company.world.server, company.untouched()):
        process = company.start(directory, url=proxy.url)
        killed: list[str] = []

        async def kill(exchange: Exchange) -> None:
            if answered:
                await exchange.answered()
            killed.append(exchange.request.kind)
            process.kill()
            process.wait()
            exchange.reset()

        with history.watching(proxy, Rule(kill, method=method, first=nth)):
            printed, _ = process.communicate(timeout=120.0)
        assert "Traceback" not in printed
        assert process.returncode == (-9 if killed else 0), printed
        left = company.served()
        history.add(left)
        grown(before, left)
        with history.watching(proxy):
            company.must_come_round(url=proxy.url)
        history.add(company.served())
        grown(left, company.served())
        history.must_be_whole()
        company.must_be_served()
    return bool(killed)


def requests_of_a_sync(company: Company, proxy: FaultProxy, directory: Path) -> list[str]:
    """Return the methods of the requests that PowerDNS sees in a sync of one edit."""
    company.edit()
    with proxy.harming():
        process = company.start(directory, url=proxy.url)
        printed, _ = process.communicate(timeout=120.0)
    assert process.returncode == 0, printed
    return [request.method for request in proxy.seen]


@pytest.mark.parametrize("points", [pytest.param(5, id="5"), pytest.param(100, id="100", marks=pytest.mark.full)])
@pytest.mark.timeout(7200)
def test_killed_at_any_point_the_next_sync_makes_all_whole(
    company: Company, powerdns_proxy: FaultProxy, tmp_path: Path, sampled: random.Random, points: int
) -> None:
    """Creates, updates and deletes of many zones, broken off anywhere: no serial is ever seen with two contents.

    Every second moment is one at a PATCH, for a change takes several of them.
    """
    history = History(company)
    methods = requests_of_a_sync(company, powerdns_proxy, tmp_path)
    killed = 0
    for number in range(points):
        method = "PATCH" if number % 2 else ".*"
        most = methods.count("PATCH") if number % 2 else len(methods)
        nth, answered = sampled.randint(1, most), sampled.random() < 0.5
        killed += killed_at(history, powerdns_proxy, tmp_path, method, nth, answered=answered)
    assert killed >= points * 4 // 5


@pytest.mark.long
@pytest.mark.parametrize("shared", [False, True], ids=["two-data-directories", "one-data-directory"])
def test_two_syncs_at_once_do_no_harm(
    company: Company, powerdns_proxy: FaultProxy, tmp_path: Path, shared: bool
) -> None:
    """From two processes that begin together: no trace, no change lost; the next sync leaves all equal.

    With one data directory they take turns. Without, their batches go in between each other, and serials on the way may be
    seen twice; the last one is served with what NetBox holds alone.
    """
    history = History(company)
    for _ in range(2):
        company.edit()
        before = company.served()
        with polling(company.world.server, company.untouched()):
            with history.watching(powerdns_proxy):
                first = company.start(tmp_path / "one", url=powerdns_proxy.url)
                second = company.start(tmp_path / ("one" if shared else "two"), url=powerdns_proxy.url)
                ended = [process.communicate(timeout=120.0)[0] for process in (first, second)]
            assert [process.returncode in {0, 3} for process in (first, second)] == [True, True], ended
            assert "Traceback" not in "".join(ended)
            if shared:
                assert [first.returncode, second.returncode] == [0, 0], ended
            grown(before, company.served())
            if [first.returncode, second.returncode] == [0, 0]:
                company.must_be_served()
            with history.watching(powerdns_proxy):
                company.must_come_round(url=powerdns_proxy.url)
            company.must_be_served()
            history.must_end_whole()
        if shared:
            history.must_be_whole()
