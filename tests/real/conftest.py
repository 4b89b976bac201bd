"""Fixtures for the tests on the real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import NetBoxServer
from sync_world import World, world_of

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
