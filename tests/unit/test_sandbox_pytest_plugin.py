"""What the package gives to other people's tests."""

import servers

from netbox_pdns.sandbox.running import RunningPowerDNS


def test_a_fixture_gives_an_empty_powerdns(sandbox_powerdns: RunningPowerDNS) -> None:
    """It answers its API and DNS, and has no zone."""
    assert servers.api(sandbox_powerdns, "GET", "/zones").json() == []
    assert servers.served_serial(sandbox_powerdns, "example.net.") is None
