"""Fixtures for the tests on the real servers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import fault_proxy
import pytest
import servers
from fault_proxy import FaultProxy
from fault_world import Scene, sandboxed_world
from netbox_company import Company, company_in
from servers import NetBoxServer
from sync_world import World, world_of

from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.running import RunningPowerDNS


@pytest.fixture
def world(netbox_server: NetBoxServer, powerdns_gsqlite3: RunningPowerDNS, tmp_path: Path) -> Iterator[World]:
    """A view of its own in NetBox, to be brought to the primary on SQLite."""
    with world_of(netbox_server, powerdns_gsqlite3, tmp_path) as made:
        yield made


@pytest.fixture
def world_put_back(
    netbox_put_back: NetBoxServer, powerdns_gsqlite3: RunningPowerDNS, tmp_path: Path
) -> Iterator[World]:
    """A world in a NetBox whose whole database is put back after the test."""
    with world_of(netbox_put_back, powerdns_gsqlite3, tmp_path) as made:
        yield made


@pytest.fixture
def company(netbox_server: NetBoxServer) -> Iterator[Company]:
    """A view of one's own in NetBox; it and its zones are deleted after the test."""
    with company_in(netbox_server) as made:
        yield made


@pytest.fixture
def scene(powerdns_gsqlite3: RunningPowerDNS, tmp_path: Path) -> Iterator[Scene]:
    """Zones of a sandbox's NetBox, served by the primary on SQLite, to be edited and broken."""
    with sandboxed_world(powerdns_gsqlite3, tmp_path) as made:
        yield Scene.of(made)


@pytest.fixture
def netbox_proxy(scene: Scene) -> Iterator[FaultProxy]:
    """A proxy before the NetBox of `scene`."""
    with in_background(fault_proxy.running_proxy(scene.world.netbox.url)) as running:
        yield running


@pytest.fixture(scope="module")
def powerdns_proxy(powerdns_gsqlite3: RunningPowerDNS) -> Iterator[FaultProxy]:
    """A proxy before the primary on SQLite."""
    with in_background(fault_proxy.running_proxy(powerdns_gsqlite3.url)) as running:
        yield running


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that it signed itself, in one file."""
    if shutil.which("openssl") is None:
        servers.missing("openssl is not there: apt-get install openssl")
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(path)]
    made = ["-out", f"{path}.crt", "-days", "2", "-subj", "/CN=own", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", "req", "-x509", *key, *made], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path
