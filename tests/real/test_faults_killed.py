"""Our own process killed at any point of a sync, and two of them at once: nothing is lost, nobody else is hurt.

The moments are requests that PowerDNS sees, counted by the proxy, so that a seed repeats them.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import fault_proxy as proxies
import pytest
from fault_proxy import FaultProxy, Rule
from fault_world import KEPT, sandboxed_world
from poller import polling
from sync_world import World

from netbox_pdns.dns.serial import serial_gt
from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = pytest.mark.real

HOSTS = 16
"""So many records of a zone change in one edit: several requests of `BATCH` bytes."""
BATCH = 1_200
UPDATED, MADE = ("u0", "u1"), 2


@dataclass
class Company:
    """Zones that are changed in several batches, and some that come while those of the last edit go."""

    world: World
    zones: dict[str, int] = field(default_factory=dict)
    rounds: int = 0

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
            self.world.edit("records", *hosts, value=f"192.0.2.{self.rounds % 250 + 1}")
        names = [f"n{self.rounds}-{number}" for number in range(MADE)]
        for label, number in zip(names, self.world.make_zones(*names), strict=True):
            self.world.add(number, *(f"h{host} A 192.0.2.1" for host in range(HOSTS if label.endswith("0") else 3)))
            self.zones[label] = number
        old = [self.zones.pop(label) for label in list(self.zones) if label not in {*UPDATED, *names}]
        if old:
            self.world.delete("zones", *old)

    def options(self, **more: object) -> dict[str, object]:
        """Return the settings of a run: small requests, and no word needed for zones that NetBox says are deleted."""
        target = self.world.target(batch_bytes=BATCH, **more)
        return {"targets": [target], "zones_deleted": 100, "zones_deleted_percent": 100}

    def untouched(self) -> dict[tuple[str, str], frozenset[str]]:
        """What no edit touches."""
        found: dict[tuple[str, str], set[str]] = {}
        for label in UPDATED:
            for row in KEPT:
                name, type, value = row.split(" ", 2)
                owner = (
                    self.world.name(label) if name == "@" else f"{name.replace('*', 'any')}.{self.world.name(label)}"
                )
                found.setdefault((owner, type), set()).add(f'"{value}"' if type == "TXT" else value)
        return {key: frozenset(values) for key, values in found.items()}

    def served(self) -> dict[str, tuple[int, str]]:
        """Return the serial and the content without the SOA of every zone that is served."""
        found = {}
        for listed in self.world.api("GET", "/zones"):
            if self.world.word in listed["name"] and listed["serial"]:
                zone = self.world.api("GET", f"/zones/{listed['id']}")
                rrsets = [
                    (each["name"], each["type"], each["records"]) for each in zone["rrsets"] if each["type"] != "SOA"
                ]
                found[zone["name"]] = zone["edited_serial"], json.dumps(sorted(rrsets), sort_keys=True)
        return found

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

    def must_come_round(self) -> None:
        """See that one run makes both sides equal, and that the next finds nothing to do."""
        run = self.world.sync(**self.options())
        assert not run.report.needs_attention, (run.held, run.failed, run.left_out)
        self.world.must_be_quiet(**self.options())


@pytest.fixture(scope="module")
def company(powerdns_gsqlite3: RunningPowerDNS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Zones of the sandbox's NetBox, brought to the real PowerDNS."""
    with sandboxed_world(powerdns_gsqlite3, tmp_path_factory.mktemp("killed")) as world:
        made = Company(world)
        made.begin()
        yield made


def grown(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> None:
    """See that every zone whose content changed has a greater serial (RFC 1982): its secondaries come for it."""
    for zone in before.keys() & after.keys():
        (old, was), (new, is_) = before[zone], after[zone]
        assert was == is_ or serial_gt(new, old), f"{zone}: other content under serial {new}, it was {old}"


def killed_at(company: Company, proxy: FaultProxy, directory: Path, method: str, nth: int, *, answered: bool) -> None:
    """Kill a sync at the *nth* request of *method*, before or after PowerDNS has carried it out, and mend it."""
    company.edit()
    before = company.served()
    with polling(company.world.server, company.untouched()):
        process = company.start(directory, url=proxy.url)

        async def kill(exchange: proxies.Exchange) -> None:
            if answered:
                await exchange.answered()
            process.kill()
            process.wait()
            exchange.reset()

        with proxy.harming(Rule(kill, method=method, first=nth)):
            printed, _ = process.communicate(timeout=120.0)
        assert "Traceback" not in printed
        assert process.returncode == (-9 if proxy.harmed else 0), printed
        left = company.served()
        grown(before, left)
        company.must_come_round()
        grown(left, company.served())


def requests_of_a_sync(company: Company, proxy: FaultProxy, directory: Path) -> list[str]:
    """Return the methods of the requests that PowerDNS sees in a sync of one edit."""
    company.edit()
    with proxy.harming():
        process = company.start(directory, url=proxy.url)
        printed, _ = process.communicate(timeout=120.0)
    assert process.returncode == 0, printed
    return [request.method for request in proxy.seen]


@pytest.mark.parametrize("points", [pytest.param(5, id="5"), pytest.param(100, id="100", marks=pytest.mark.full)])
@pytest.mark.timeout(1800)
def test_killed_at_any_point_the_next_sync_makes_all_whole(
    company: Company, powerdns_proxy: FaultProxy, tmp_path: Path, sampled: random.Random, points: int
) -> None:
    """Creates, updates and deletes of many zones, broken off anywhere: what changed has a greater serial.

    Every second moment is one at a PATCH, for a change takes several of them.
    """
    methods = requests_of_a_sync(company, powerdns_proxy, tmp_path)
    for number in range(points):
        method = "PATCH" if number % 2 else ".*"
        most = methods.count("PATCH") if number % 2 else len(methods)
        killed_at(company, powerdns_proxy, tmp_path, method, sampled.randint(1, most), answered=sampled.random() < 0.5)


@pytest.mark.long
@pytest.mark.parametrize("shared", [False, True], ids=["two-data-directories", "one-data-directory"])
def test_two_syncs_at_once_do_no_harm(
    company: Company, powerdns_proxy: FaultProxy, tmp_path: Path, shared: bool
) -> None:
    """From two processes that begin together: no trace, no change lost; the next sync leaves all equal."""
    for _ in range(2):
        company.edit()
        before = company.served()
        with polling(company.world.server, company.untouched()):
            first = company.start(tmp_path / "one", url=powerdns_proxy.url)
            second = company.start(tmp_path / ("one" if shared else "two"), url=powerdns_proxy.url)
            ended = [process.communicate(timeout=120.0)[0] for process in (first, second)]
            assert [process.returncode in {0, 3} for process in (first, second)] == [True, True], ended
            assert "Traceback" not in "".join(ended)
            if shared:
                assert [first.returncode, second.returncode] == [0, 0], ended
            grown(before, company.served())
            company.must_come_round()
