"""What goes wrong between us and PowerDNS: success by retry or a clear end, nobody else hurt, and the next sync mends it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import fault_proxy as proxies
import pytest
from fault_proxy import PASSING, PASSING_READS, Fault, FaultProxy, Rule
from fault_world import OwnServer, Scene, come, must_come_round, sandboxed_world

from netbox_pdns.errors import ConfigurationError, ConflictError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.pdns_server import prepare_pdns_server

pytestmark = [pytest.mark.real, pytest.mark.long]


@pytest.mark.parametrize("name", [*PASSING, *PASSING_READS])
def test_a_fault_that_passes_is_made_good_by_the_retry(scene: Scene, powerdns_proxy: FaultProxy, name: str) -> None:
    """The first call of every kind meets with it, and the sync is done all the same, each failure told with its wait."""
    scene.edit()
    rule = Rule(PASSING[name], each=True) if name in PASSING else Rule(PASSING_READS[name], method="GET", each=True)
    with scene.polling():
        with powerdns_proxy.harming(rule):
            came = come(scene.world, targets=[scene.world.target(url=powerdns_proxy.url)])
        came.must_read_well(scene.world.server.api_key, scene.world.netbox.token)
        assert came.is_well, came.errors
        assert {each.split()[0] for each in powerdns_proxy.harmed} >= (
            {"GET", "POST", "PATCH", "DELETE"} if name in PASSING else {"GET"}
        )
        assert came.told
        scene.must_be_served()
        must_come_round(scene)


PLACES = {
    "list": ("GET", r"/zones$"),
    "read": ("GET", r"/zones/[^/]+$"),
    "make": ("POST", r"/zones$"),
    "change": ("PATCH", r"/zones/"),
    "delete": ("DELETE", r"/zones/"),
    "config": ("GET", r"/config$"),
}
LASTING: dict[str, tuple[Fault, type[NetboxPdnsError]]] = {
    "reset-before": (proxies.reset, TransientError),
    "answer-lost": (proxies.lost, TransientError),
    "500": (proxies.status("500 Internal Server Error"), TransientError),
    "503": (proxies.status("503 Service Unavailable", "Retry-After: 0"), TransientError),
    "401": (proxies.status("401 Unauthorized", body=b"Unauthorized"), ConfigurationError),
    "403": (proxies.status("403 Forbidden", body=b"Forbidden"), ConfigurationError),
    "login-page": (proxies.login_page, ConfigurationError),
    "redirect": (proxies.status("302 Found", "Location: https://sso.example.com/login"), ConfigurationError),
    "404": (proxies.status("404 Not Found", body=b"Not Found"), NetboxPdnsError),
    "409": (proxies.status("409 Conflict", body=b"Conflict"), ConflictError),
    "422": (proxies.status("422 Unprocessable Entity"), DataError),
    "413": (proxies.status("413 Payload Too Large", body=b"<html>too large"), DataError),
}
"""What stays: every call to a place meets with it."""


@pytest.mark.parametrize(("name", "place"), list(product(LASTING, PLACES)))
def test_a_fault_that_stays_ends_in_its_class_of_error(
    scene: Scene, powerdns_proxy: FaultProxy, name: str, place: str
) -> None:
    """It is named in words; what it does not concern is served as before; without it the next sync is whole."""
    scene.edit()
    fault, kind = LASTING[name]
    method, path = PLACES[place]
    with scene.polling():
        with powerdns_proxy.harming(Rule(fault, method=method, path=path, times=None)):
            came = come(scene.world, targets=[scene.world.target(url=powerdns_proxy.url)])
        assert powerdns_proxy.harmed
        came.must_read_well(scene.world.server.api_key, scene.world.netbox.token)
        if (name, place) != ("404", "delete"):  # a zone that PowerDNS says is gone is as good as deleted
            scene.must_be_served(came.done)
        for error in came.errors:
            assert isinstance(error, kind | NetboxPdnsError if place in {"config", "make", "delete"} else kind), repr(
                error
            )
        must_come_round(scene)


@pytest.mark.parametrize("place", ["list", "change"])
@pytest.mark.parametrize("fault", [proxies.hanging, proxies.dripping], ids=["silent", "dripping"])
def test_a_server_that_never_ends_is_given_up(
    scene: Scene, powerdns_proxy: FaultProxy, fault: Fault, place: str
) -> None:
    """Silent or dripping, it holds a sync no longer than its time-outs; what it was asked for may have been done."""
    scene.edit()
    method, path = PLACES[place]
    target = scene.world.target(url=powerdns_proxy.url, read_timeout=0.5, call_timeout=1.0)
    with scene.polling():
        with powerdns_proxy.harming(Rule(fault, method=method, path=path, times=None)):
            came = come(scene.world, targets=[target])
        came.must_read_well(scene.world.server.api_key)
        assert came.errors
        assert all(isinstance(error, TransientError) for error in came.errors)
        must_come_round(scene)


def test_a_server_that_goes_away_in_mid_sync_is_given_up(scene: Scene, powerdns_proxy: FaultProxy) -> None:
    """From the first change on connections are refused."""
    scene.edit()
    with scene.polling():
        with powerdns_proxy.harming(Rule(powerdns_proxy.refuse, method="PATCH", times=None)):
            came = come(scene.world, targets=[scene.world.target(url=powerdns_proxy.url)])
        came.must_read_well(scene.world.server.api_key)
        assert came.errors
        assert all(isinstance(error, TransientError) for error in came.errors)
        must_come_round(scene)


def test_tls_that_is_none_is_a_matter_of_settings(scene: Scene) -> None:
    """Plain HTTP where https is expected: nothing is tried again, and the URL's setting is named."""
    scene.edit()
    with scene.polling():
        came = come(scene.world, targets=[scene.world.target(url=scene.world.server.url.replace("http:", "https:"))])
    came.must_read_well(scene.world.server.api_key)
    assert [type(error) for error in came.errors] == [ConfigurationError]
    assert came.told == []
    must_come_round(scene)


def test_a_certificate_that_nobody_vouches_for_is_a_matter_of_settings(scene: Scene, own_certificate: Path) -> None:
    """Its CA file is what is missing; with it, the sync is done."""
    scene.edit()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate)
    with in_background(proxies.running_proxy(scene.world.server.url, tls=context)) as proxy, scene.polling():
        came = come(scene.world, targets=[scene.world.target(url=proxy.url)])
        came.must_read_well(scene.world.server.api_key)
        assert [type(error) for error in came.errors] == [ConfigurationError]
        assert "ca_file" in str(came.errors[0].hint)
        assert proxy.seen == []
        assert come(scene.world, targets=[scene.world.target(url=proxy.url, ca_file=str(own_certificate))]).is_well
    must_come_round(scene)


@pytest.mark.parametrize(
    ("account", "extra", "action", "foreign"),
    [
        pytest.param("", [], "adopt", True, id="like-ours-and-nobodys"),
        pytest.param("", ["www A 192.0.2.77"], None, True, id="another-and-nobodys"),
        pytest.param("someone", [], "adopt", True, id="like-ours-and-someones"),
        pytest.param("netbox-pdns:WORD:default", ["www A 192.0.2.77"], "update", False, id="another-and-ours"),
    ],
)
def test_a_zone_that_another_process_makes_in_between_is_looked_at_again(
    scene: Scene, powerdns_proxy: FaultProxy, account: str, extra: list[str], action: str | None, foreign: bool
) -> None:
    """What PowerDNS answers with 409 is then judged by whose it is and what is in it; with a note, not an error."""
    world = scene.world
    world.make_zones("late")

    def make() -> None:
        body = {"name": world.name("late"), "kind": "Native", "account": account.replace("WORD", world.word)}
        world.api("POST", "/zones", json={**body, "nameservers": [world.name("ns1"), world.name("ns2")]})
        if extra:
            world.by_hand("late", *extra)

    with scene.polling(), powerdns_proxy.harming(Rule(proxies.after(make), method="POST", path="/zones$")):
        came = come(world, targets=[world.target(url=powerdns_proxy.url)])
    assert came.report is not None
    (outcome,) = [each for each in came.report.outcomes if each.zone == world.name("late")]
    assert outcome.error is None
    assert (str(outcome.plan.action) if outcome.applied and outcome.plan else None, outcome.foreign) == (
        action,
        foreign,
    )
    assert "looked again" in outcome.notes[0]


def test_a_409_without_a_zone_is_looked_at_once(scene: Scene, powerdns_proxy: FaultProxy) -> None:
    """It is reported as the conflict that the server says it is, and the next sync makes the zone."""
    scene.edit()
    rule = Rule(proxies.status("409 Conflict", body=b"Conflict"), method="POST", path="/zones$", times=None)
    with scene.polling():
        with powerdns_proxy.harming(rule):
            came = come(scene.world, targets=[scene.world.target(url=powerdns_proxy.url)])
        assert [type(error) for error in came.errors] == [ConflictError]
        assert len(powerdns_proxy.harmed) == 2
        must_come_round(scene)


@pytest.fixture
def own_server(pdns_server: Path, tmp_path: Path) -> Iterator[OwnServer]:
    """A real PowerDNS of the test's own, which can be killed."""
    server = OwnServer(prepare_pdns_server(tmp_path / "pdns"))
    server.start()
    yield server
    server.kill()


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("at_work", [False, True], ids=["before-the-request", "at-work-on-it"])
def test_a_server_that_is_killed_and_started_in_mid_sync(
    own_server: OwnServer, tmp_path: Path, method: str, at_work: bool
) -> None:
    """What it dies of is made good by the retry or by the next sync; what is said to be applied is served afterwards."""

    async def crash(exchange: proxies.Exchange) -> None:
        work = asyncio.create_task(exchange.answered())
        if at_work:
            await asyncio.sleep(0)
        await asyncio.to_thread(own_server.restart)
        with contextlib.suppress(OSError, EOFError):
            await work
        exchange.reset()

    reached = own_server.prepared.reached
    with (
        sandboxed_world(reached, tmp_path) as world,
        in_background(proxies.running_proxy(reached.url)) as proxy,
    ):
        scene = Scene.of(world)
        scene.edit()
        with scene.polling():
            with proxy.harming(Rule(crash, method=method, path="/zones", first=2 if method in {"GET", "PATCH"} else 1)):
                came = come(world, targets=[world.target(url=proxy.url)])
            assert proxy.harmed
            came.must_read_well(reached.api_key)
            scene.must_be_served(came.done)
            must_come_round(scene)
