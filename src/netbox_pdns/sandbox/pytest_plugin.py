"""The sandbox's servers as pytest fixtures, for tests of what works with a NetBox DNS or a PowerDNS.

Every pytest run loads this module, so what the fixtures need is imported when one is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS


@pytest.fixture
def sandbox_powerdns() -> Iterator[RunningPowerDNS]:
    """An empty PowerDNS of the test's own: its API, and DNS over UDP and TCP, on free ports of 127.0.0.1."""
    from netbox_pdns.sandbox.background import in_background
    from netbox_pdns.sandbox.powerdns import running_powerdns

    with in_background(running_powerdns()) as server:
        yield server


@pytest.fixture
def sandbox_netbox() -> Iterator[RunningNetBox]:
    """An empty NetBox DNS of the test's own: its REST API on a free port of 127.0.0.1, and tokens of an administrator."""
    from netbox_pdns.sandbox.background import in_background
    from netbox_pdns.sandbox.netbox import running_netbox

    with in_background(running_netbox()) as server:
        yield server
