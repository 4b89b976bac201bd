"""What the package gives to other people's tests."""

import httpx2
import servers

from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS


def test_a_fixture_gives_an_empty_powerdns(sandbox_powerdns: RunningPowerDNS) -> None:
    """It answers its API and DNS, and has no zone."""
    assert servers.api(sandbox_powerdns, "GET", "/zones").json() == []
    assert servers.served_serial(sandbox_powerdns, "example.net.") is None


def test_a_fixture_gives_an_empty_netbox(sandbox_netbox: RunningNetBox) -> None:
    """It answers its API with the token that comes with it, and has no zone."""
    headers = {"Authorization": f"Token {sandbox_netbox.token}"}
    answer = httpx2.get(f"{sandbox_netbox.url}/api/plugins/netbox-dns/zones/", headers=headers)
    assert answer.json()["count"] == 0
