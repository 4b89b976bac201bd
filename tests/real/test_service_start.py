"""The service begins at once whatever is down, and ends in time whatever hangs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import fault_proxy
import httpx2
import pytest
from fault_proxy import Exchange, FaultProxy, Rule
from fault_world import sandboxed_world
from servers import eventually
from service_process import PATIENCE, Service
from sync_world import World

from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

SOON = 1.5
"""Seconds of the processor until HTTP answers: what a quiet machine takes by the clock."""
STOPPED = 20.0
"""Seconds by the clock within which the service ends."""
IMPATIENT = {
    "retry_longest": 1.0,
    "breaker_pause": 1.0,
    "feed_interval": 1.0,
    "nb_read_timeout": 5.0,
    "pdns_read_timeout": 5.0,
}


@pytest.fixture
def world(powerdns_gsqlite3: RunningPowerDNS, tmp_path: Path) -> Iterator[World]:
    """A view in a sandbox's NetBox, to be brought to the primary on SQLite."""
    with sandboxed_world(powerdns_gsqlite3, tmp_path) as made:
        yield made


@pytest.fixture
def source(world: World) -> Iterator[FaultProxy]:
    """A proxy before NetBox."""
    with in_background(fault_proxy.running_proxy(world.netbox.url)) as running:
        yield running


@pytest.fixture
def service(world: World, source: FaultProxy, powerdns_proxy: FaultProxy) -> Iterator[Service]:
    """The service, not started, between the two proxies."""
    targets = [world.target(url=powerdns_proxy.url)]
    made = Service(world.directory, {"nb_url": source.url, "targets": targets, **IMPATIENT}, world.settings_file)
    yield made
    made.end()


def answers(service: Service, path: str) -> bool:
    """Tell whether *path* is answered with 200."""
    service.must_run()
    try:
        return service.ask("GET", path).status_code == 200
    except httpx2.TransportError:
        return False


def processor_seconds(pid: int) -> float:
    """Return the time that a process has had of the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("fault", ["refuse", pytest.param("hanging", marks=pytest.mark.long)])
def test_it_answers_while_all_is_down_and_converges_when_all_comes(
    world: World, service: Service, source: FaultProxy, powerdns_proxy: FaultProxy, fault: str
) -> None:
    """Probes and status are there within 1.5 s; what is down is named; then DNS has what NetBox holds, without help."""
    world.make_zone("a", ["www A 192.0.2.1"])
    down = {"refuse": lambda proxy: proxy.refuse, "hanging": lambda _: fault_proxy.hanging}[fault]
    rules = [Rule(down(proxy), times=None) for proxy in (source, powerdns_proxy)]
    with source.harming(rules[0]), powerdns_proxy.harming(rules[1]):
        service.start()
        assert service.process is not None
        eventually(lambda: answers(service, "/livez"), timeout=PATIENCE, what="it answers")
        assert processor_seconds(service.process.pid) < SOON
        seen = service.until(lambda status: bool(status["initial_sync"]["started"]), "it has begun")
        assert not seen["initial_sync"]["completed"]
        assert answers(service, "/readyz")
        assert not world.is_served("a")
        eventually(lambda: bool(source.harmed), timeout=PATIENCE, what="NetBox is asked")
    service.ready()
    eventually(lambda: world.served("www.a") == ["192.0.2.1"], timeout=PATIENCE, what="the zone is served")


@pytest.mark.parametrize(
    "hangs", [False, pytest.param(True, marks=pytest.mark.long)], ids=["at-work", "powerdns-hangs"]
)
def test_sigterm_in_the_midst_of_a_pass(
    world: World, service: Service, powerdns_proxy: FaultProxy, *, hangs: bool
) -> None:
    """It ends with status 0 within 20 s, no zone is left half; started again it brings the rest."""
    labels = [f"z{number}" for number in range(30)]
    for number in world.make_zones(*labels):
        world.add(number, "www A 192.0.2.1")
    ended: list[tuple[int, float]] = []

    async def harm(exchange: Exchange) -> None:
        assert service.process is not None
        service.process.terminate()
        await (fault_proxy.hanging if hangs else fault_proxy.passed_on)(exchange)

    with powerdns_proxy.harming(Rule(harm, method="POST", path="/zones$", first=10)):
        service.start()
        eventually(lambda: bool(powerdns_proxy.harmed), timeout=PATIENCE, what="the pass is in its midst")
        assert service.process is not None
        began = time.monotonic()
        ended.append((service.process.wait(PATIENCE), time.monotonic() - began))
    (status, seconds) = ended[0]
    assert status == 0, service.tail()
    assert seconds <= STOPPED
    served = [label for label in labels if world.is_served(label)]
    assert [world.served(f"www.{label}") for label in served] == [["192.0.2.1"]] * len(served)
    assert len(served) < len(labels)
    service.start()
    service.ready()
    for label in labels:
        assert world.served(f"www.{label}") == ["192.0.2.1"]
