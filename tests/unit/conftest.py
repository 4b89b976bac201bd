"""Fixtures for the tests that need no real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_estate import Estate

from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.netbox import running_netbox
from netbox_pdns.sandbox.powerdns import running_powerdns
from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS


@pytest.fixture
def estate(
    sandbox_netbox: RunningNetBox,
    sandbox_powerdns: RunningPowerDNS,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Estate:
    """Two zones in the sandbox's NetBox, and its PowerDNS without any."""
    monkeypatch.chdir(tmp_path)
    return Estate.built(sandbox_netbox, sandbox_powerdns, tmp_path)


@pytest.fixture(scope="module")
def shared_estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """The same for all tests of a module: they do not mind what the others have done."""
    with in_background(running_netbox()) as netbox, in_background(running_powerdns()) as powerdns:
        yield Estate.built(netbox, powerdns, tmp_path_factory.mktemp("estate"))
