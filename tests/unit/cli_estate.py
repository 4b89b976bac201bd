"""Two zones in the sandbox's NetBox, an empty PowerDNS, and the program's commands run between them in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import servers
from click.testing import Result
from typer.testing import CliRunner

from netbox_pdns.cli.app import app
from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS

ZONES = ("a.example", "b.example")


@dataclass(frozen=True)
class Estate:
    """The two servers, and the settings with which the program brings the one to the other."""

    netbox: RunningNetBox
    powerdns: RunningPowerDNS
    home: Path
    ids: Mapping[str, int]

    @classmethod
    def built(cls, netbox: RunningNetBox, powerdns: RunningPowerDNS, home: Path) -> Estate:
        """Make the zones, each with a nameserver and the address of `www`."""
        made = cls(netbox, powerdns, home, {})
        (server,) = made.post("nameservers", {"name": "ns1.example.net"})
        soa = {"soa_mname": server["id"], "soa_rname": "hostmaster.example.net", "default_ttl": 300}
        rows = made.post("zones", *({"name": zone, "nameservers": [server["id"]], **soa} for zone in ZONES))
        full = cls(netbox, powerdns, home, {row["name"]: row["id"] for row in rows})
        for zone in ZONES:
            full.add(zone, "www A 192.0.2.1")
        return full

    def run(self, *arguments: str, **variables: str) -> Result:
        """Run a command with *variables* beside the settings."""
        settings = {
            "NETBOX_PDNS_NB_URL": self.netbox.url,
            "NETBOX_PDNS_NB_TOKEN": self.netbox.token,
            "NETBOX_PDNS_PDNS_URL": self.powerdns.url,
            "NETBOX_PDNS_PDNS_TOKEN": self.powerdns.api_key,
            "NETBOX_PDNS_PDNS_DNS_ADDRESS": self.powerdns.dns_address,
            "NETBOX_PDNS_DATA_DIR": str(self.home / "data"),
        }
        return CliRunner().invoke(app, list(arguments), env={**settings, **variables})

    def add(self, zone: str, *rows: str) -> list[int]:
        """Make records of `NAME TYPE VALUE` in NetBox and return their ids."""
        parts = [row.split(" ", 2) for row in rows]
        bodies = [{"zone": self.ids[zone], "name": n, "type": t, "value": v, "disable_ptr": True} for n, t, v in parts]
        return [row["id"] for row in self.post("records", *bodies)]

    def post(self, kind: str, *bodies: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Make objects in NetBox."""
        return list(self.netbox_does("POST", kind, list(bodies)))

    def edit(self, kind: str, number: int, **fields: Any) -> None:
        """Change an object in NetBox."""
        self.netbox_does("PATCH", kind, [{"id": number, **fields}])

    def netbox_does(self, method: str, kind: str, body: Sequence[Mapping[str, Any]]) -> Any:
        """Send a request for objects of a *kind* to NetBox, which must be done."""
        url = f"{self.netbox.url}/api/plugins/netbox-dns/{kind}/"
        answer = servers.plain_http(method, url, {"Authorization": f"Token {self.netbox.token}"}, json=body)
        assert answer.is_success, f"{method} {kind}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def by_hand(self, zone: str, *rows: str, changetype: str = "REPLACE") -> None:
        """Write RRsets (`NAME TYPE VALUE`) into PowerDNS past the program."""
        parts = [row.split(" ", 2) for row in rows]
        rrsets = [
            {"name": f"{n}.{zone}.", "type": t, "ttl": 300, "changetype": changetype, "records": [{"content": v}]}
            for n, t, v in parts
        ]
        self.pdns("PATCH", f"/zones/{zone}.", json={"rrsets": rrsets})

    def pdns(self, method: str, path: str, **body: Any) -> Any:
        """Send a request to PowerDNS's API, which must be done."""
        answer = servers.api(self.powerdns, method, path, **body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def served(self, name: str, type: str = "A") -> list[str]:
        """Return the rdatas that DNS answers, sorted."""
        return sorted(rdata.to_text() for rrset in servers.ask(self.powerdns, name, type).answer for rdata in rrset)
