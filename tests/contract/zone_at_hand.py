"""A zone of a test's own on one PowerDNS, and the requests about it."""

from __future__ import annotations

import httpx2
import servers

from netbox_pdns.sandbox.running import RunningPowerDNS


class ZoneAtHand:
    """A zone of the test's own on one server, and its requests."""

    def __init__(self, server: RunningPowerDNS, name: str) -> None:
        self.server = server
        self.name = name

    def create(self, *rows: tuple[str, str, str], **fields: object) -> httpx2.Response:
        """Make the zone with *rows* of owner (relative, `@` the apex), type and content."""
        rrsets = [self.rrset(owner, type, content) for owner, type, content in rows]
        body = {"name": self.name, "kind": "Native", "soa_edit_api": "", "rrsets": rrsets, **fields}
        return self.api("POST", "/zones", body)

    def patch(self, *rrsets: dict[str, object]) -> httpx2.Response:
        """Change RRsets, in this order."""
        return self.api("PATCH", self.path, {"rrsets": list(rrsets)})

    def replace(self, owner: str, type: str, *contents: str, **fields: object) -> httpx2.Response:
        """Replace one RRset."""
        return self.patch(self.rrset(owner, type, *contents, **fields))

    def rrset(self, owner: str, type: str, *contents: str, **fields: object) -> dict[str, object]:
        """Return one RRset as a request has it; *fields* win."""
        records = [{"content": content, "disabled": False} for content in contents]
        usual = {"name": self.owner(owner), "type": type, "ttl": 300, "changetype": "REPLACE", "records": records}
        return {**usual, **fields}

    def removal(self, owner: str, type: str) -> dict[str, object]:
        """Return the removal of one RRset as a request has it."""
        return {"name": self.owner(owner), "type": type, "changetype": "DELETE"}

    def soa(self, serial: int) -> dict[str, object]:
        """Return the zone's SOA with *serial* as a request has it."""
        return self.rrset("@", "SOA", soa_content(serial))

    def owner(self, name: str) -> str:
        """Return an owner name made absolute."""
        return self.name if name == "@" else f"{name}.{self.name}"

    def read(self, query: str = "") -> dict[str, object]:
        """Return the zone as the API shows it."""
        answer = self.api("GET", self.path + query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def contents(self, owner: str, type: str) -> list[str]:
        """Return the content of one RRset, sorted, as the API shows it."""
        shown = self.api("GET", f"{self.path}?rrset_name={self.owner(owner)}&rrset_type={type}").json()["rrsets"]
        return sorted(record["content"] for rrset in shown for record in rrset["records"])

    def api(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """Send a request; *path* begins after the server's."""
        return servers.api(self.server, method, path, **({} if body is None else {"json": body}))

    def told(self, words: str | tuple[str, str]) -> str:
        """Return the words of this server's release: of a pair the first ones up to 4.7, the second ones from 4.9 on.

        ZONE is the zone's name in them.
        """
        up_to_47, from_49 = (words, words) if isinstance(words, str) else words
        said = from_49 if servers.release(self.server) >= (4, 9) else up_to_47
        return said.replace("ZONE", self.name)

    @property
    def path(self) -> str:
        """The zone's path."""
        return f"/zones/{self.name.replace('/', '=2F')}"


def soa_content(serial: int) -> str:
    """Return SOA content with *serial*."""
    return f"ns1.example.net. hostmaster.example.net. {serial} 3600 600 86400 300"
