"""A world to break things in: zones with records that are edited and others that are not, a poller, and runs under harm.

Its NetBox is the sandbox's where PowerDNS is harmed, for speed, and the real one where NetBox is.
"""

from __future__ import annotations

import asyncio
import secrets
import subprocess
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import servers
from poller import polling
from servers import NetBoxApi, NetBoxServer
from sync_world import DNS, Run, World

from netbox_pdns.cli.wiring import open_engine
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.resilience.retry import RetryDetails, RetryPolicy
from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.netbox import running_netbox
from netbox_pdns.sandbox.pdns_server import PdnsServer
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.sync.outcome import SyncReport, SyncRequest

QUICK = RetryPolicy(base=0.01, longest=0.05)
"""The product's attempts, without its patience."""
LONG_TEXT = "x" * 200
KEPT = (
    "www A 192.0.2.1",
    "www A 192.0.2.2",
    "v6 AAAA 2001:db8::1",
    "@ MX 10 mail.example.net.",
    f"text TXT {LONG_TEXT}",
    "alias CNAME www.example.net.",
    "*.wild A 192.0.2.9",
    "deep.below.here A 192.0.2.8",
)
"""What no edit touches, in every zone."""


def untouched_of(world: World, labels: Iterable[str]) -> dict[tuple[str, str], frozenset[str]]:
    """Return what DNS answers of `KEPT` and of the nameservers in the zones called so."""
    found: dict[tuple[str, str], set[str]] = {}
    for label in labels:
        zone = world.name(label)
        for row in (*KEPT, *(f"@ NS {world.name(server)}" for server in ("ns1", "ns2"))):
            name, type, value = row.split(" ", 2)
            owner = zone if name == "@" else f"{name.replace('*', 'any')}.{zone}"
            found.setdefault((owner, type), set()).add(f'"{value}"' if type == "TXT" else value)
    return {key: frozenset(values) for key, values in found.items()}


@contextmanager
def sandboxed_world(server: RunningPowerDNS, directory: Path) -> Iterator[World]:
    """Make a world in a sandbox's NetBox of its own, to be brought to a real *server*; there is no way behind it."""
    with in_background(running_netbox()) as reached:
        netbox = cast("NetBoxServer", NetBoxApi(reached))
        word = f"f{secrets.token_hex(4)}"
        view = netbox.request("POST", f"{DNS}/views/", json={"name": word})["id"]
        world = World(netbox, server, directory, word, view)
        world.nameservers = [world.make_nameserver("ns1"), world.make_nameserver("ns2")]
        try:
            yield world
        finally:
            for zone in servers.api(server, "GET", "/zones").json():
                if word in zone["name"]:
                    servers.api(server, "DELETE", f"/zones/{zone['id']}")


@dataclass
class Came:
    """What a run under harm came to: a report, or the error that kept it from running; and what was told of retries."""

    world: World
    report: SyncReport | None = None
    error: NetboxPdnsError | None = None
    told: list[RetryDetails] = field(default_factory=list)

    @property
    def errors(self) -> list[NetboxPdnsError]:
        """Every error, the run's and the zones'."""
        report = self.report
        found = (
            []
            if report is None
            else [*(each.error for each in report.targets), *(each.error for each in report.outcomes)]
        )
        return [error for error in [self.error, *found] if error is not None]

    @property
    def done(self) -> frozenset[str]:
        """The names of the zones of which the report says that they are applied."""
        outcomes = () if self.report is None else self.report.outcomes
        return frozenset(each.zone for each in outcomes if each.applied)

    @property
    def is_well(self) -> bool:
        """Tell whether everything was done."""
        return self.report is not None and not self.report.needs_attention

    def must_read_well(self, *secrets: str) -> None:
        """See that every error says what to do, is no trace, and holds no secret."""
        for error in self.errors:
            said = f"{error} {error.hint}"
            assert error.hint, said
            assert "Traceback" not in said
            assert not [secret for secret in secrets if secret in said], said
        for details in self.told:
            assert not [secret for secret in secrets if secret in str(details.error)]


@dataclass
class Scene:
    """Zones `a` and `b` that are edited in part, `c` that is left alone, and what comes and goes: one round an act."""

    world: World
    zones: dict[str, int]
    rounds: int = 0
    still: frozenset[str] = frozenset()
    """The SOA of `c`."""

    @classmethod
    def of(cls, world: World, **options: Any) -> Scene:
        """Make the zones and bring them, by the settings *options*."""
        zones = dict(zip("abc", world.make_zones("a", "b", "c"), strict=True))
        for number in zones.values():
            world.add(number, *KEPT, "turn A 192.0.2.100")
        scene = cls(world, zones)
        scene.edit()
        world.settle(**options)
        scene.still = frozenset(world.served("c", "SOA"))
        return scene

    def edit(self) -> None:
        """Edit so that a sync has to make, change and delete: records of `a` and `b`, and a zone that comes or goes."""
        self.rounds += 1
        for label in "ab":
            (number,) = self.world.ids(self.zones[label], "turn")
            self.world.edit("records", number, value=f"192.0.2.{100 + self.rounds % 100}")
            self.world.add(self.zones[label], f"new{self.rounds} A 192.0.2.3")
            if self.rounds > 1:
                self.world.delete("records", *self.world.ids(self.zones[label], f"new{self.rounds - 1}"))
        (self.zones[f"z{self.rounds}"],) = self.world.make_zones(f"z{self.rounds}")
        if (old := f"z{self.rounds - 1}") in self.zones:
            self.world.delete("zones", self.zones.pop(old))

    @property
    def untouched(self) -> dict[tuple[str, str], frozenset[str]]:
        """What no edit touches, as DNS answers it."""
        quiet = self.world.name("c")
        mine = {(f"turn.{quiet}", "A"): frozenset({"192.0.2.100"}), (quiet, "SOA"): self.still}
        return {**untouched_of(self.world, "abc"), **mine}

    def polling(self) -> Any:
        """Ask for what is untouched within a block."""
        return polling(self.world.server, self.untouched)

    def must_be_served(self, zones: Container[str] | None = None) -> None:
        """See that DNS answers what NetBox has after the last edit; with *zones* in those alone, by their names."""
        world, round_ = self.world, self.rounds
        labels = [label for label in self.zones if zones is None or world.name(label) in zones]
        for label in {"a", "b"}.intersection(labels):
            assert world.served(f"turn.{label}") == [f"192.0.2.{100 + round_ % 100}"]
            assert world.served(f"new{round_}.{label}") == ["192.0.2.3"]
            assert world.served(f"new{round_ - 1}.{label}") == []
        if f"z{round_}" in labels:
            assert world.is_served(f"z{round_}")
        if zones is None or world.name(f"z{round_ - 1}") in zones:
            assert not world.is_served(f"z{round_ - 1}")


@dataclass
class OwnServer:
    """A `pdns_server` that can be killed and started again, with its data and addresses."""

    prepared: PdnsServer
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.prepared.directory / "pdns.log").open("ab") as log:
            self.process = subprocess.Popen(self.prepared.command, stdout=log, stderr=log)
        servers.eventually(self.prepared.answers, timeout=30.0, what="pdns_server answers")

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()


def come(world: World, *, policy: RetryPolicy = QUICK, request: SyncRequest | None = None, **options: Any) -> Came:
    """Run a sync that may fail, and return what it came to; any error that is not ours goes on."""
    came = Came(world)
    settings = world.settings(**options)

    async def work() -> None:
        async with open_engine(settings, hook=came.told.append, policy=policy) as engine:
            came.report = await engine.run(request or SyncRequest())

    try:
        asyncio.run(work())
    except NetboxPdnsError as error:
        came.error = error
    return came


def must_come_round(scene: Scene) -> None:
    """See that one run without harm makes both sides equal, and that the next finds nothing to do."""
    run: Run = scene.world.sync()
    assert not run.report.needs_attention, (run.held, run.failed, run.left_out)
    scene.must_be_served()
    scene.world.must_be_quiet()
