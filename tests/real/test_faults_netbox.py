"""What goes wrong between us and NetBox: success by retry or a clear end, DNS as it was, and the next sync mends it."""

from __future__ import annotations

import itertools
import os
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import fault_proxy as proxies
import pytest
import servers
from fault_proxy import Fault, FaultProxy, Rule
from fault_world import Scene, come, must_come_round
from servers import NetBoxServer
from sync_world import world_of

from netbox_pdns.errors import ConfigurationError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = [pytest.mark.real, pytest.mark.long]


@pytest.fixture(scope="module")
def real_scene(
    netbox_server: NetBoxServer, powerdns_gsqlite3: RunningPowerDNS, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """Zones that are served, in the real NetBox; each test edits them a little more, for it takes its time."""
    with world_of(netbox_server, powerdns_gsqlite3, tmp_path_factory.mktemp("faults")) as world:
        yield Scene.of(world)


@pytest.fixture(scope="module")
def real_proxy(netbox_server: NetBoxServer) -> Iterator[FaultProxy]:
    """The proxy before the real NetBox."""
    with in_background(proxies.running_proxy(netbox_server.url)) as running:
        yield running


PASSING: dict[str, Fault] = {**proxies.PASSING, **proxies.PASSING_READS}


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_is_made_good_by_the_retry(scene: Scene, netbox_proxy: FaultProxy, name: str) -> None:
    """The first call of every kind meets with it: zones, records, their counts, the change log."""
    scene.edit()
    with scene.polling():
        with netbox_proxy.harming(Rule(PASSING[name], each=True)):
            came = come(scene.world, nb_url=netbox_proxy.url)
        came.must_read_well(scene.world.netbox.token)
        assert came.is_well, came.errors
        assert len(set(netbox_proxy.harmed)) >= 5, netbox_proxy.harmed
        scene.must_be_served()
        must_come_round(scene)


PLACES = {"views": "/views/", "zones": "/zones/", "records": "/records/", "change-log": "/object-changes/"}
LASTING: dict[str, tuple[Fault, tuple[type[NetboxPdnsError], ...]]] = {
    "reset-before": (proxies.reset, (TransientError,)),
    "503": (proxies.status("503 Service Unavailable", "Retry-After: 0"), (TransientError,)),
    "401": (proxies.status("401 Unauthorized"), (ConfigurationError,)),
    "403": (proxies.status("403 Forbidden"), (ConfigurationError,)),
    "404": (proxies.status("404 Not Found"), (ConfigurationError,)),
    "400": (proxies.status("400 Bad Request"), (DataError,)),
    "login-page": (proxies.login_page, (ConfigurationError,)),
    "redirect": (proxies.status("302 Found", "Location: /login/?next=/api/"), (ConfigurationError,)),
    "another-shape": (proxies.other_shape, (DataError,)),
    "empty-list": (proxies.status("200 OK", body=b'{"count":0,"next":null,"results":[]}'), ()),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", LASTING)
def test_a_fault_that_stays_ends_in_its_class_of_error(
    scene: Scene, netbox_proxy: FaultProxy, name: str, place: str
) -> None:
    """Nothing is served otherwise than before for want of NetBox's word, and the next sync is whole."""
    scene.edit()
    fault, kinds = LASTING[name]
    with scene.polling():
        with netbox_proxy.harming(Rule(fault, path=PLACES[place], times=None)):
            came = come(scene.world, nb_url=netbox_proxy.url)
        assert netbox_proxy.harmed
        came.must_read_well(scene.world.netbox.token)
        if kinds:
            assert came.errors
            assert all(isinstance(error, kinds) for error in came.errors), came.errors
        must_come_round(scene)


CALLS = tuple(PLACES.values())
"""What a sync asks NetBox for."""


@pytest.mark.parametrize("hand", range(0, len(PASSING), len(CALLS)))
def test_the_real_netbox_with_a_fault_for_every_kind_of_call(
    real_scene: Scene, real_proxy: FaultProxy, hand: int
) -> None:
    """Each call meets with another fault that passes, and the sync is done all the same."""
    real_scene.edit()
    faults = (list(PASSING.values()) * 2)[hand : hand + len(CALLS)]
    with real_scene.polling():
        with real_proxy.harming(*(Rule(fault, path=path) for fault, path in zip(faults, CALLS, strict=True))):
            came = come(real_scene.world, nb_url=real_proxy.url)
        came.must_read_well(real_scene.world.netbox.token)
        assert came.is_well, came.errors
        assert len(real_proxy.harmed) == len(CALLS), real_proxy.harmed
        real_scene.must_be_served()
        real_scene.world.must_be_quiet()


def test_a_certificate_that_nobody_vouches_for_is_a_matter_of_settings(
    real_scene: Scene, own_certificate: Path
) -> None:
    """Its CA file is what is missing; with it, the real NetBox is read over TLS, and the sync is done."""
    real_scene.edit()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate)
    url = real_scene.world.netbox.url
    with in_background(proxies.running_proxy(url, tls=context)) as proxy, real_scene.polling():
        came = come(real_scene.world, nb_url=proxy.url)
        came.must_read_well(real_scene.world.netbox.token)
        assert [type(error) for error in came.errors] == [ConfigurationError]
        assert "ca_file" in str(came.errors[0].hint).lower()
        assert proxy.seen == []
        assert come(real_scene.world, nb_url=proxy.url, nb_ca_file=str(own_certificate)).is_well
    real_scene.must_be_served()


@pytest.mark.full
def test_the_real_netbox_with_faults_that_stay(real_scene: Scene, real_proxy: FaultProxy) -> None:
    """One after the other, each at another place: each in its class of error, and the next sync is whole."""
    real_scene.edit()
    with real_scene.polling():
        for (name, (fault, kinds)), place in zip(LASTING.items(), itertools.cycle(PLACES.values()), strict=False):
            with real_proxy.harming(Rule(fault, path=place, times=None)):
                came = come(real_scene.world, nb_url=real_proxy.url)
            came.must_read_well(real_scene.world.netbox.token)
            assert not kinds or came.errors, name
            assert all(isinstance(error, kinds) for error in came.errors if kinds), (name, came.errors)
        for fault in (proxies.hanging, proxies.dripping, real_proxy.refuse):
            with real_proxy.harming(Rule(fault, path="/records/", times=None)):
                came = come(real_scene.world, nb_url=real_proxy.url, nb_read_timeout=3.0, nb_call_timeout=5.0)
            came.must_read_well(real_scene.world.netbox.token)
            assert came.errors
            assert all(isinstance(error, TransientError) for error in came.errors)
        must_come_round(real_scene)


@pytest.mark.parametrize("fault", [proxies.hanging, proxies.dripping], ids=["silent", "dripping"])
def test_a_server_that_never_ends_is_given_up(scene: Scene, netbox_proxy: FaultProxy, fault: Fault) -> None:
    """Silent or dripping, it holds a sync no longer than its time-outs."""
    scene.edit()
    with scene.polling():
        with netbox_proxy.harming(Rule(fault, path="/records/", times=None)):
            came = come(scene.world, nb_url=netbox_proxy.url, nb_read_timeout=2.0, nb_call_timeout=3.0)
        came.must_read_well(scene.world.netbox.token)
        assert came.errors
        assert all(isinstance(error, TransientError) for error in came.errors)
        must_come_round(scene)


@pytest.mark.parametrize(("place", "first"), [("/zones/", 2), ("/records/", 1), ("/object-changes/", 2)])
def test_a_server_that_goes_away_in_mid_sync(scene: Scene, netbox_proxy: FaultProxy, place: str, first: int) -> None:
    """From one request on connections are refused: what was read by then is brought, the rest said to be missing."""
    scene.edit()
    with scene.polling():
        with netbox_proxy.harming(Rule(netbox_proxy.refuse, path=place, first=first)):
            came = come(scene.world, nb_url=netbox_proxy.url)
        came.must_read_well(scene.world.netbox.token)
        assert came.errors
        assert all(isinstance(error, TransientError) for error in came.errors)
        must_come_round(scene)


@pytest.mark.full
def test_processes_of_netbox_that_die_in_mid_sync(real_scene: Scene, real_proxy: FaultProxy) -> None:
    """All of its workers are killed over one request; when they are back, the next sync mends what is left."""
    real_scene.edit()
    with real_scene.polling():
        with real_proxy.harming(Rule(proxies.after(_kill_workers), path="/records/")):
            came = come(real_scene.world, nb_url=real_proxy.url)
        came.must_read_well(real_scene.world.netbox.token)
        assert all(isinstance(error, TransientError) for error in came.errors), came.errors
        must_come_round(real_scene)


def _kill_workers() -> None:
    """Kill the children of NetBox's web server, which starts others in their place."""
    master = int((servers.STATE / "netbox" / "netbox.pid").read_text().split()[0])
    for line in Path(f"/proc/{master}/task/{master}/children").read_text().split():
        os.kill(int(line), signal.SIGKILL)
