"""The servers that the other tests stand on do what those tests take for granted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from servers import STATE, NetBoxServer, api, eventually, follow, served_serial

from netbox_pdns.sandbox.installation import Backend
from netbox_pdns.sandbox.pdns_server import running_pdns_server
from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = pytest.mark.real

_PROJECT = Path(__file__).parent.parent.parent


def _zone(name: str, serial: int) -> dict[str, object]:
    soa = f"ns1.{name} hostmaster.{name} {serial} 3600 600 86400 300"
    rrsets = [
        {"name": name, "type": "SOA", "ttl": 300, "records": [{"content": soa, "disabled": False}]},
        {"name": name, "type": "NS", "ttl": 300, "records": [{"content": f"ns1.{name}", "disabled": False}]},
    ]
    return {"name": name, "kind": "Primary", "soa_edit_api": "", "rrsets": rrsets}


def test_the_secondary_has_a_new_zone_and_its_change_soon_after_notify(
    powerdns_primary: RunningPowerDNS, powerdns_secondary: RunningPowerDNS, fresh_zone_name: str
) -> None:
    """A NOTIFY of a primary makes the secondary transfer within seconds, both a zone that is new and a change."""
    zone = _zone(fresh_zone_name, 7)
    assert api(powerdns_primary, "POST", "/zones", json=zone).status_code == 201
    follow(powerdns_secondary, fresh_zone_name, powerdns_primary)
    for serial in (7, 8):
        changed = [{**rrset, "changetype": "REPLACE"} for rrset in _zone(fresh_zone_name, serial)["rrsets"]]  # type: ignore[attr-defined]  # a list
        assert api(powerdns_primary, "PATCH", f"/zones/{fresh_zone_name}", json={"rrsets": changed}).status_code == 204
        assert api(powerdns_primary, "PUT", f"/zones/{fresh_zone_name}/notify").status_code == 200
        eventually(
            lambda expected=serial: served_serial(powerdns_secondary, fresh_zone_name) == expected,
            timeout=10.0,
            what=f"serial {serial} on the secondary",
        )
    for server in (powerdns_primary, powerdns_secondary):
        api(server, "DELETE", f"/zones/{fresh_zone_name}")


@pytest.mark.usefixtures("pdns_server")
@pytest.mark.parametrize("backend", ["gsqlite3", "lmdb"])
def test_a_private_server_answers_within_its_block_and_is_gone_after_it(
    backend: Backend, tmp_path: Path, fresh_zone_name: str, run
) -> None:
    """A `pdns_server` of one's own takes a zone and serves it at once, with the settings it was given; then it ends."""

    async def served() -> tuple[RunningPowerDNS, int | None]:
        settings = {"webserver-max-bodysize": "1"}
        async with running_pdns_server(tmp_path, backend=backend, settings=settings) as server:
            assert api(server, "POST", "/zones", json=_zone(fresh_zone_name, 3)).status_code == 201
            return server, served_serial(server, fresh_zone_name)

    server, serial = run(served())
    assert serial == 3
    assert "webserver-max-bodysize=1\n" in (tmp_path / "pdns.conf").read_text()
    with pytest.raises(httpx2.ConnectError):
        api(server, "GET", "")


def test_netbox_takes_both_kinds_of_token(netbox_server: NetBoxServer) -> None:
    """Tokens of version 1 and of version 2 are an administrator's."""
    for authorization in (f"Token {netbox_server.token}", f"Bearer {netbox_server.token_v2}"):
        url = f"{netbox_server.url}/api/plugins/netbox-dns/views/"
        answer = httpx2.get(url, headers={"Authorization": authorization}, timeout=60.0, trust_env=False)
        assert answer.status_code == 200, answer.text
        assert [view["name"] for view in answer.json()["results"]][:1] == ["_default_"]


def test_netbox_is_put_back(netbox_server: NetBoxServer, fresh_zone_name: str) -> None:
    """What is made, through the API, in SQL or in NetBox's shell, is gone after the database was put back."""
    name = fresh_zone_name.partition(".")[0]

    def views() -> int:
        return int(netbox_server.request("GET", f"plugins/netbox-dns/views/?name={name}")["count"])

    with netbox_server.put_back():
        netbox_server.request("POST", "plugins/netbox-dns/views/", json={"name": name})
        assert views() == 1
        assert name in netbox_server.sql("SELECT name FROM netbox_dns_view")
        code = f"from netbox_dns.models import View; print(View.objects.filter(name='{name}').count())"
        assert netbox_server.python(code).split()[-1] == "1"
    assert views() == 0


def test_starting_again_changes_nothing(powerdns_gsqlite3: RunningPowerDNS, netbox_server: NetBoxServer) -> None:
    """`make servers` beside running servers leaves processes, addresses and keys as they are."""

    def seen() -> tuple[str, object]:
        listed = subprocess.run(
            [sys.executable, "dev/servers.py", "status"], cwd=_PROJECT, capture_output=True, check=False
        )
        known = json.loads((STATE / "servers.json").read_text())
        return listed.stdout.decode(), known

    before = seen()
    subprocess.run([sys.executable, "dev/servers.py", "start"], cwd=_PROJECT, check=True, capture_output=True)
    assert seen() == before
