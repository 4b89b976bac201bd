"""Whatever fails, and whenever: edits go on, afterwards everything converges without help, and what nobody edits stays.

The matrix is each fault of NetBox and of PowerDNS, at any moment of what the service does. A sample of it runs always.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import fault_proxy
import pytest
from fault_proxy import PASSING, PASSING_READS, Exchange, Fault, FaultProxy, Rule, status
from servers import NetBoxServer, eventually
from service_process import PATIENCE
from service_scene import Stage, real_stage, records_read, sandboxed_stage, zones_read

from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = [pytest.mark.real, pytest.mark.timeout(7200)]

LASTING: dict[str, Fault] = {
    **PASSING,
    **PASSING_READS,
    "401": status("401 Unauthorized", body=b"Unauthorized"),
    "403": status("403 Forbidden"),
    "login-page": fault_proxy.login_page,
    "other-shape": fault_proxy.other_shape,
}
"""What each call meets with until the harm ends."""
SLOW: dict[str, Fault] = {"hanging": fault_proxy.hanging, "dripping": fault_proxy.dripping}
"""The same, where each call takes its time."""
REFUSED = "refused"
MOMENTS = ("idle", "scoped", "full")
"""When it begins: while nothing is to be done, within a look at what was edited, within a pass over everything."""


@pytest.fixture(scope="module")
def on_sandbox(powerdns_gsqlite3: RunningPowerDNS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage whose PowerDNS, or whose service, is harmed."""
    with sandboxed_stage(powerdns_gsqlite3, tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="module")
def on_netbox(
    netbox_server: NetBoxServer, powerdns_gsqlite3: RunningPowerDNS, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A stage whose NetBox is harmed."""
    with real_stage(netbox_server, powerdns_gsqlite3, tmp_path_factory.mktemp("stage")) as made:
        yield made


def fault_of(name: str, proxy: FaultProxy) -> Fault:
    """Return the fault called *name*."""
    return proxy.refuse if name == REFUSED else {**LASTING, **SLOW}[name]


def weather(stage: Stage, proxy: FaultProxy, name: str, moment: str, chance: random.Random) -> None:
    """Have the fault called *name* at *proxy* begin at some call of *moment*; edit on, and see that all converges.

    The harm ends when what failed has failed again: nothing but the service itself came back to it.
    """
    first = 1 if moment == "idle" else chance.randint(1, 6)
    with stage.scene.polling():
        with proxy.harming(Rule(fault_of(name, proxy), first=first, times=None)):
            if moment == "full":
                stage.service.sync()
            stage.scene.edit()
            eventually(lambda: bool(proxy.harmed), timeout=PATIENCE, what="calls are harmed")
            stage.scene.edit()
            eventually(stage.has_come_back, timeout=PATIENCE, what="a look has failed, and again")
        stage.comes_round()


def moments() -> pytest.MarkDecorator:
    """Return the parameters of the matrix."""
    return pytest.mark.parametrize("moment", MOMENTS)


@pytest.mark.full
@moments()
@pytest.mark.parametrize("name", [*LASTING, *SLOW, REFUSED])
def test_powerdns_fails(on_sandbox: Stage, sampled: random.Random, name: str, moment: str) -> None:
    """As long as it does, nothing is lost; then it is made good."""
    weather(on_sandbox, on_sandbox.powerdns, name, moment, sampled)


@pytest.mark.full
@moments()
@pytest.mark.parametrize("name", [*LASTING, *SLOW, REFUSED])
def test_netbox_fails(on_netbox: Stage, sampled: random.Random, name: str, moment: str) -> None:
    """As long as it does, nothing goes from DNS; then what was edited meanwhile is found."""
    weather(on_netbox, on_netbox.netbox, name, moment, sampled)


def test_a_sample_of_the_matrix(on_sandbox: Stage, sampled: random.Random) -> None:
    """One fault of each side, at different moments, one after the other."""
    names = sampled.sample([*LASTING, REFUSED], 2)
    chosen = sampled.sample(MOMENTS, 2)
    for proxy, name, moment in zip((on_sandbox.netbox, on_sandbox.powerdns), names, chosen, strict=True):
        weather(on_sandbox, proxy, name, moment, sampled)


@pytest.mark.parametrize("points", [pytest.param(5, id="5"), pytest.param(100, id="100", marks=pytest.mark.full)])
def test_killed_at_any_point(on_sandbox: Stage, sampled: random.Random, points: int) -> None:
    """Edits before and after, and the process ended by SIGKILL at some call of either side: the next one finds all."""
    for _ in range(points):
        moment = sampled.choice(MOMENTS)
        proxy = sampled.choice([on_sandbox.netbox, on_sandbox.powerdns])
        killed_once(on_sandbox, proxy, moment, sampled)


def killed_once(stage: Stage, proxy: FaultProxy, moment: str, chance: random.Random) -> None:
    """End the service by SIGKILL at *moment*, start it again, and see that all converges."""
    answered = chance.random() < 0.5
    killed: list[str] = []

    async def kill(exchange: Exchange) -> None:
        if answered:
            with suppress(OSError):
                await exchange.answered()
        if not killed:
            killed.append(exchange.request.kind)
            stage.service.kill()
        exchange.reset()

    with stage.scene.polling():
        if moment == "idle":
            stage.service.kill()
        else:
            with proxy.harming(Rule(kill, first=chance.randint(1, 12), times=None)):
                if moment == "full":
                    stage.service.sync()
                stage.scene.edit()
                eventually(lambda: bool(killed), timeout=PATIENCE, what="the service is killed")
        stage.scene.edit()
        stage.service.start()
        stage.comes_round()


def test_after_a_kill_what_was_edited_is_read_and_nothing_else(on_sandbox: Stage) -> None:
    """Records of zones whose serial moves and of one whose does not; the content of no other zone is asked for."""
    stage, world = on_sandbox, on_sandbox.world
    (still,) = world.make_zones("still", soa_serial_auto=False, soa_serial=7)
    others = world.make_zones(*(f"other{number}" for number in range(20)))
    (record,) = world.add(still, "www A 192.0.2.1")
    eventually(lambda: world.served("www.still") == ["192.0.2.1"], timeout=PATIENCE, what="the zones are served")
    eventually(lambda: world.is_served("other19"), timeout=PATIENCE, what="the zones are served")
    stage.service.at_rest()
    stage.is_written_down()
    stage.service.kill()
    world.edit("records", record, value="192.0.2.2")
    stage.scene.edit()
    with stage.netbox.harming(), stage.powerdns.harming():
        stage.restart()
        eventually(lambda: world.served("www.still") == ["192.0.2.2"], timeout=PATIENCE, what="the edit is served")
        stage.comes_round()
        untouched = {world.name(f"other{number}") for number in range(20)} | {world.name("c")}
        read = zones_read(stage.powerdns.seen)
        assert not read & untouched
        assert world.name("a") in read
        asked = records_read(stage.netbox.seen)
        numbers = {str(number) for number in (*others, stage.scene.zones["c"])}
        assert not asked & {"all", *numbers, *(name.rstrip(".") for name in untouched)}
        assert asked


def test_killed_while_it_waits_for_powerdns(on_sandbox: Stage) -> None:
    """What had failed and waited for its next try is tried by the next process."""
    stage = on_sandbox
    with stage.powerdns.harming(Rule(stage.powerdns.refuse, times=None)):
        stage.scene.edit()
        stage.service.until(lambda seen: bool(seen["zones"].get("failing")), "zones fail")
        stage.service.kill()
        stage.service.start()
        stage.service.until(lambda seen: bool(seen["initial_sync"]["started"]), "it has begun")
    stage.comes_round()
