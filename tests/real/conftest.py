"""Fixtures for the tests on the real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fault_proxy
import pytest
from fault_proxy import FaultProxy
from fault_world import Scene, sandboxed_world
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
