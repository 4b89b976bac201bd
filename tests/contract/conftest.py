"""Each PowerDNS that the contract holds for: the sandbox's, and the real ones on each backend, of both releases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import servers
from zone_at_hand import ZoneAtHand, soa_content

from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.powerdns import running_powerdns
from netbox_pdns.sandbox.running import RunningPowerDNS

SANDBOX = "sandbox"


@pytest.fixture(scope="session", params=[SANDBOX, *servers.primaries()])
def powerdns(request: pytest.FixtureRequest) -> Iterator[RunningPowerDNS]:
    """A PowerDNS that the tests share: the sandbox's and the real ones in turn."""
    if request.param != SANDBOX:
        yield servers.powerdns(f"powerdns_{request.param}")
        return
    with in_background(running_powerdns()) as server:
        yield server


@pytest.fixture
def zone(powerdns: RunningPowerDNS, fresh_zone_name: str) -> Iterator[ZoneAtHand]:
    """A zone of the test's own that is not made yet; it is deleted after the test."""
    at_hand = ZoneAtHand(powerdns, fresh_zone_name)
    yield at_hand
    at_hand.api("DELETE", at_hand.path)


@pytest.fixture
def filled(zone: ZoneAtHand) -> ZoneAtHand:
    """A zone of the test's own with an SOA of serial 7 and one NS; it keeps serials as they are sent."""
    made = zone.create(("@", "SOA", soa_content(7)), ("@", "NS", "ns1.example.net."))
    assert made.status_code == 201, made.text
    return zone
