"""The service between two proxies that do harm on command, with zones that are edited and others that are not.

Its NetBox is the sandbox's where PowerDNS or the service itself is harmed, for speed, and the real one where NetBox is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import fault_proxy
from fault_proxy import FaultProxy, Request
from fault_world import Scene, sandboxed_world
from servers import NetBoxServer, eventually
from service_process import PATIENCE, Service, told_by_webhooks
from sync_world import World, world_of

from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.running import RunningPowerDNS

IMPATIENT = {
    "retry_longest": 1.0,
    "breaker_pause": 1.0,
    "feed_interval": 1.0,
    "nb_read_timeout": 5.0,
    "pdns_read_timeout": 5.0,
    "nb_call_timeout": 20.0,
    "pdns_call_timeout": 20.0,
}
"""The service's ways, without its patience."""
GUARD = {"zones_deleted": 10_000, "zones_deleted_percent": 100}
"""No word is needed for zones that NetBox says are deleted."""


@dataclass
class Stage:
    """A scene, the service that keeps it, and the proxies between the service and its servers."""

    scene: Scene
    service: Service
    netbox: FaultProxy
    powerdns: FaultProxy

    @property
    def world(self) -> World:
        """The world of the scene."""
        return self.scene.world

    def is_served(self) -> bool:
        """Tell whether DNS answers what NetBox has after the last edit."""
        self.service.must_run()
        try:
            self.scene.must_be_served()
        except AssertionError:
            return False
        return True

    def comes_round(self) -> None:
        """See that everything converges without help: DNS has the last edit, and nothing is left to do."""
        try:
            eventually(self.is_served, timeout=PATIENCE, what="the last edit is served")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{json.dumps(self.service.status())}\n{self.service.tail()}") from error
        self.service.at_rest()
        left: list[object] = []

        def is_quiet() -> bool:
            plan = self.world.plan(data_dir=str(self.world.directory / "looking"), **GUARD)
            left[:] = [plan.actions, plan.changes, plan.held, plan.failed, plan.left_out]
            return plan.is_quiet

        try:
            eventually(is_quiet, timeout=PATIENCE, what="nothing is left to do")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{left}\n{self.service.tail()}") from error

    def is_written_down(self) -> None:
        """Wait until the store has all that the service knows: the change log's place is noted when a poll ends."""
        with self.netbox.harming():
            eventually(lambda: self.polls_begun() > 1, timeout=PATIENCE, what="a poll began, and ended before the next")
        self.service.until(lambda seen: not seen["store"]["behind"], "all is written down")

    def polls_begun(self) -> int:
        """Return how often the feed asked NetBox's change log for what is new."""
        asked = [urlsplit(each.target) for each in self.netbox.seen]
        return sum(url.path.endswith("/core/object-changes/") and "id__gte" in parse_qs(url.query) for url in asked)

    def has_come_back(self) -> bool:
        """Tell whether a zone has failed, and failed again when it was tried later."""
        answer = self.service.ask("GET", "/api/v1/zones?condition=failing")
        return any(zone["attempts"] > 1 for zone in answer.json()["zones"])

    def restart(self) -> None:
        """Start the service again after it ended, and wait until its first pass is over."""
        self.service.start()
        self.service.ready()


def zones_read(requests: Sequence[Request]) -> set[str]:
    """Return the zones of which PowerDNS was asked for all content."""
    found = (re.search(r"/zones/([^/?]+)(\?.*)?$", each.target) for each in requests if each.method == "GET")
    return {match[1] for match in found if match and "rrsets=false" not in (match[2] or "")}


def records_read(requests: Sequence[Request]) -> set[str]:
    """Return the zones, by id or name, of which NetBox was asked for records, `all` for all of them.

    What was updated lately is no content of a zone.
    """
    found: set[str] = set()
    for each in requests:
        url = urlsplit(each.target)
        query = parse_qs(url.query)
        if url.path.endswith("/netbox-dns/records/") and "last_updated__gte" not in query:
            found |= {*query.get("zone_id", ()), *query.get("zone", ())} or {"all"}
    return found


@contextmanager
def stage_of(world: World, directory: Path, *, webhooks: bool = True, **options: Any) -> Iterator[Stage]:
    """Have the service at work on a new scene of *world*, told by the change log and by *webhooks*."""
    with ExitStack() as stack:
        netbox = stack.enter_context(in_background(fault_proxy.running_proxy(world.netbox.url)))
        powerdns = stack.enter_context(in_background(fault_proxy.running_proxy(world.server.url)))
        scene = Scene.of(world, **GUARD)
        targets = [world.target(url=powerdns.url)]
        given = {"nb_url": netbox.url, "targets": targets, **IMPATIENT, **GUARD, **options}
        service = Service(directory, given, world.settings_file)
        stack.callback(service.end)
        made = Stage(scene, service, netbox, powerdns)
        if webhooks:
            stack.enter_context(told_by_webhooks(world, service))
        made.restart()
        yield made


@contextmanager
def sandboxed_stage(server: RunningPowerDNS, directory: Path, **options: Any) -> Iterator[Stage]:
    """Have a stage with a NetBox of the sandbox's."""
    with sandboxed_world(server, directory) as world, stage_of(world, directory, **options) as stage:
        yield stage


@contextmanager
def real_stage(netbox: NetBoxServer, server: RunningPowerDNS, directory: Path) -> Iterator[Stage]:
    """Have a stage with the real NetBox."""
    with world_of(netbox, server, directory) as world, stage_of(world, directory) as stage:
        yield stage
