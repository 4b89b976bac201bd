"""The service among real servers: NetBox's own webhooks before it, two primaries behind it, and a secondary.

What an edit comes to is told by DNS alone: `System.shows` asks until every server answers what is expected.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dns.exception
import fault_proxy
import servers
from fault_proxy import Exchange, Fault, FaultProxy, Request, Rule
from servers import NetBoxServer, eventually
from service_process import PATIENCE, Service
from sync_world import World, world_of

from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.running import RunningPowerDNS


@dataclass
class System:
    """A NetBox and its view, the service, two primaries behind proxies, and the secondary of the first of them."""

    world: World
    service: Service
    primaries: Mapping[str, RunningPowerDNS]
    proxies: Mapping[str, FaultProxy]
    source: FaultProxy
    secondary: RunningPowerDNS
    zones: dict[str, int] = field(default_factory=dict)
    following: set[str] = field(default_factory=set)
    """Labels of zones that the secondary follows."""

    def make(self, *labels: str, rows: Sequence[str] = (), **more: Any) -> list[int]:
        """Make zones with *rows* of `NAME TYPE VALUE` each, have the secondary follow, and wait until all serve them."""
        made = self.world.make_zones(*labels, **more)
        self.zones.update(zip(labels, made, strict=True))
        for number in made if rows else ():
            self.world.add(number, *rows)
        for label in labels:
            self.followed(label)
        for label in labels:
            for row in rows:
                name, type, value = row.split(" ", 2)
                self.shows(f"{name}.{label}", type, value)
        return made

    def followed(self, label: str) -> None:
        """Wait until both primaries serve a zone, and have the secondary serve it, too."""
        for name, server in self.primaries.items():
            self._until(lambda server=server: self.world.is_served(label, server), f"{label} is served by {name}")
        servers.follow(self.secondary, self.world.name(label), self.primaries["one"])
        self.following.add(label)
        # The NOTIFY of the new zone came before the secondary knew of it; those of edits are what is tried here.
        self.world.api("PUT", f"/zones/{self.world.name(label)}/axfr-retrieve", self.secondary)
        self._until(lambda: self.world.is_served(label, self.secondary), f"{label} is served by the secondary")

    def shows(self, name: str, type: str, *rdatas: str) -> None:
        """Wait until every server answers just *rdatas* for *name* and *type*."""
        wanted = sorted(rdatas)
        for who, server in self.everyone.items():
            self._until(
                lambda server=server: self.answered(name, type, server) == wanted,
                f"{who} answers {name} {type} {wanted}",
                lambda server=server: f"it answers {self.answered(name, type, server)}",
            )

    def shows_ttl(self, name: str, type: str, ttl: int) -> None:
        """Wait until every server answers *name* and *type* with *ttl*."""
        for who, server in self.everyone.items():
            self._until(
                lambda server=server: self.world.ttl(name, type, server) == ttl, f"{who} answers {name} with TTL {ttl}"
            )

    def serves_not(self, label: str) -> None:
        """Wait until no primary serves a zone any more."""
        for name, server in self.primaries.items():
            self._until(lambda server=server: not self.world.is_served(label, server), f"{label} is gone from {name}")

    def answered(self, name: str, type: str, server: RunningPowerDNS) -> list[str] | None:
        """Return the rdatas that *server* answers, None for no answer."""
        try:
            return self.world.served(name, type, server)
        except dns.exception.Timeout:
            return None

    @property
    def everyone(self) -> dict[str, RunningPowerDNS]:
        """All servers, by name."""
        return {**self.primaries, "secondary": self.secondary}

    @contextmanager
    def writing(self) -> Iterator[Written]:
        """See within the block what the service writes to the primaries, and what was there before."""
        written = Written()
        with ExitStack() as stack:
            for name, proxy in self.proxies.items():
                rule = Rule(written.noting(name, self.primaries[name]), method="PATCH", times=None)
                stack.enter_context(proxy.harming(rule))
            yield written

    def _until(self, holds: Callable[[], bool], what: str, found: Callable[[], str] = str) -> None:
        try:
            eventually(holds, timeout=PATIENCE, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error} {found()}\n{self.service.tail()}") from error


@dataclass
class Written:
    """What was written within a block: PATCHes, and the RRsets in them that were there already, by primary."""

    patches: Counter[str] = field(default_factory=Counter)
    again: dict[str, list[str]] = field(default_factory=dict)

    def noting(self, name: str, server: RunningPowerDNS) -> Fault:
        """Return what passes a PATCH on to *server* after a look at what is there."""
        self.again[name] = []

        async def note(exchange: Exchange) -> None:
            self.patches[name] += 1
            self.again[name] += await asyncio.to_thread(_there_already, server, exchange.request)
            await fault_proxy.passed_on(exchange)

        return note


def _there_already(server: RunningPowerDNS, patch: Request) -> list[str]:
    """Return those RRsets of a PATCH, the SOA aside, that the server has just so."""
    zone = patch.target.partition("/zones/")[2]
    there = {
        (rrset["name"], rrset["type"]): (rrset["ttl"], sorted(each["content"] for each in rrset["records"]))
        for rrset in servers.api(server, "GET", f"/zones/{zone}").json()["rrsets"]
    }
    return [
        f"{rrset['name']} {rrset['type']}"
        for rrset in json.loads(patch.body)["rrsets"]
        if rrset["type"] != "SOA" and there.get((rrset["name"], rrset["type"])) == _made_by(rrset)
    ]


def _made_by(change: Mapping[str, Any]) -> tuple[int, list[str]] | None:
    """Return what a change of a PATCH makes of its RRset, None where it is to go."""
    if change["changetype"] == "DELETE":
        return None
    return change["ttl"], sorted(each["content"] for each in change["records"])


@contextmanager
def system_of(
    netbox: NetBoxServer,
    primaries: Mapping[str, RunningPowerDNS],
    secondary: RunningPowerDNS,
    directory: Path,
    **options: Any,
) -> Iterator[System]:
    """Have a world, a service that is not started yet and proxies around it; all of it goes with the block."""
    with ExitStack() as stack:
        world = stack.enter_context(world_of(netbox, next(iter(primaries.values())), directory))
        source = stack.enter_context(in_background(fault_proxy.running_proxy(netbox.url)))
        proxies = {
            name: stack.enter_context(in_background(fault_proxy.running_proxy(server.url)))
            for name, server in primaries.items()
        }
        targets = [
            world.target(server, name=name, url=proxies[name].url, template={"kind": "Primary"})
            for name, server in primaries.items()
        ]
        guard = {"zones_deleted": 1000, "zones_deleted_percent": 100}
        given = {"nb_url": source.url, "targets": targets, **guard, **options}
        system = System(world, Service(directory, given, world.settings_file), primaries, proxies, source, secondary)
        stack.callback(system.service.end)
        try:
            yield system
        finally:
            for label in system.following:
                servers.api(secondary, "DELETE", f"/zones/{world.name(label)}")
