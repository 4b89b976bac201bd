"""Fixtures for the tests that need no real server."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_estate import Estate

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
