"""A real secondary follows the sandbox's PowerDNS as it follows a real one."""

from __future__ import annotations

from functools import partial

import pytest
import servers
from servers import eventually, follow, served_serial
from zone_at_hand import ZoneAtHand, soa_content

from netbox_pdns.sandbox.running import RunningPowerDNS


@pytest.mark.real
def test_a_secondary_has_a_new_zone_and_its_change_soon_after_notify(
    sandbox_powerdns: RunningPowerDNS, powerdns_secondary: RunningPowerDNS, fresh_zone_name: str
) -> None:
    """NOTIFY goes to the addresses of ALSO-NOTIFY, and the transfer brings the zone."""
    zone = ZoneAtHand(sandbox_powerdns, fresh_zone_name)
    assert zone.create(("@", "SOA", soa_content(7)), ("@", "NS", "ns1.example.net."), kind="Master").status_code == 201
    told = {"metadata": [powerdns_secondary.dns_address]}
    assert zone.api("PUT", f"{zone.path}/metadata/ALSO-NOTIFY", told).status_code == 200
    follow(powerdns_secondary, zone.name, sandbox_powerdns)
    try:
        for serial in (7, 8):
            assert zone.patch(zone.soa(serial)).status_code == 204
            assert zone.api("PUT", f"{zone.path}/notify").status_code == 200
            eventually(
                partial(_has, powerdns_secondary, zone.name, serial),
                timeout=10.0,
                what=f"serial {serial} on the secondary",
            )
    finally:
        servers.api(powerdns_secondary, "DELETE", zone.path)


def _has(secondary: RunningPowerDNS, zone: str, serial: int) -> bool:
    return served_serial(secondary, zone) == serial
