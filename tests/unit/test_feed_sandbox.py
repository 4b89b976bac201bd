"""Both feeds over HTTP, on the sandbox's NetBox: what an edit is as hints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from feed_world import OVERLAP, QUIET, Notebook, Shelf
from pydantic import SecretStr

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.netbox.changes import ChangeLog
from netbox_pdns.netbox.client import NetBoxClient, NotPermittedError
from netbox_pdns.netbox.updates import Updates
from netbox_pdns.resilience.retry import RetryPolicy
from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.netbox import Permission, Token, running_netbox
from netbox_pdns.sandbox.running import RunningNetBox
from netbox_pdns.settings import NetBoxSettings
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.hints import Depth
from netbox_pdns.triggers import feed, updated
from netbox_pdns.triggers.feed import ChangeFeed
from netbox_pdns.triggers.progress import Cursors, Progress
from netbox_pdns.triggers.standing import Standing
from netbox_pdns.triggers.told import Told
from netbox_pdns.triggers.updated import UpdatedFeed

WITHOUT_LOG = Token(
    "without-log", "bob", tuple(Permission(f"netbox_dns.{kind}") for kind in ("zone", "record", "view", "nameserver"))
)


@dataclass
class Company:
    """A NetBox with a view, a nameserver and a zone; and the feeds that follow it."""

    netbox: RunningNetBox
    notebook: Notebook = field(default_factory=Notebook)
    board: Board = field(default_factory=Board)

    def __post_init__(self) -> None:
        self.nameserver = self.made("nameservers", name="ns1.example.com")
        self.zone = self.made_zone("example.com")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that is to succeed; *path* is below the DNS plugin's."""
        answer = httpx2.request(
            method,
            f"{self.netbox.url}/api/plugins/netbox-dns/{path}",
            headers={"Authorization": f"Token {self.netbox.token}"},
            json=body,
            trust_env=False,
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def made(self, kind: str, **attributes: Any) -> int:
        return int(self.ask("POST", f"{kind}/", attributes)["id"])

    def made_zone(self, name: str, **attributes: Any) -> int:
        given = {"nameservers": [self.nameserver], "soa_mname": self.nameserver, "soa_rname": "h.example.com"}
        return self.made("zones", **{"name": name, "default_ttl": 60, **given, **attributes})

    def made_record(self, name: str, value: str = "192.0.2.1", type: str = "A") -> int:
        return self.made("records", zone=self.zone, name=name, type=type, value=value, disable_ptr=True)

    def follow(self, *edits: Callable[[], Any], token: str | None = None) -> list[list[str]]:
        """Let both feeds begin, and return what each of *edits* is as hints: `ZONE` or `ZONE NAME TYPE ...`."""
        return asyncio.run(self._followed(edits, token))

    async def _followed(self, edits: tuple[Callable[[], Any], ...], token: str | None) -> list[list[str]]:
        settings = NetBoxSettings(url=self.netbox.url, token=SecretStr(token or self.netbox.token))
        found = []
        async with NetBoxClient(settings, policy=RetryPolicy(attempts=1)) as client:
            changes, updates = self._feeds(client)
            await self._look(changes, updates)
            for edit in edits:
                self.notebook.clear()
                await asyncio.to_thread(edit)
                await self._look(changes, updates)
                found.append(self.hints())
        return found

    def _feeds(self, client: NetBoxClient) -> tuple[ChangeFeed, UpdatedFeed]:
        told, progress, steady = Told(), Progress(["one"]), Board().clock
        changes = ChangeFeed(
            ChangeLog(client),
            self.notebook,
            progress,
            Cursors(Shelf(), feed.NAME, progress, steady),
            Standing(feed.NAME, self.board, QUIET),
            overlap=OVERLAP,
            gone_back=pytest.fail,
            told=told,
        )
        updates = UpdatedFeed(
            Updates(client),
            self.notebook,
            Standing(updated.NAME, self.board, QUIET),
            overlap=OVERLAP,
            alone=lambda: not self.board.triggers[feed.NAME].working,
            told=told,
            beside=0.0,
        )
        return changes, updates

    async def _look(self, changes: ChangeFeed, updates: UpdatedFeed) -> None:
        with suppress(NotPermittedError):
            await changes.poll()
        await updates.poll()

    def hints(self) -> list[str]:
        """Return the hints as lines, sorted, without repeats."""
        lines = set()
        for hint in self.notebook.hints:
            for name, type in sorted(hint.scope.rrsets or {("", "")}):
                lines.add(f"{hint.zone} {name} {type}".strip())
        return sorted(lines) + [f"everywhere {depth}" for depth, _ in self.notebook.everywhere]


@pytest.fixture
def company() -> Iterator[Company]:
    with in_background(running_netbox(tokens=[WITHOUT_LOG])) as netbox:
        yield Company(netbox)


def test_edits_of_records_are_their_rrsets(company: Company) -> None:
    """The zone's serial and SOA, which each of them raises, say nothing more; a second feed repeats nothing."""
    record = company.made_record("www")
    other = company.made_zone("example.net")
    found = company.follow(
        lambda: company.ask("PATCH", f"records/{record}/", {"value": "192.0.2.2"}),
        lambda: company.ask("PATCH", f"records/{record}/", {"name": "web"}),
        lambda: company.ask("PATCH", f"records/{record}/", {"zone": other}),
        lambda: company.ask("DELETE", f"records/{record}/"),
        lambda: None,
    )
    assert found == [
        ["example.com. www.example.com. A"],
        ["example.com. web.example.com. A", "example.com. www.example.com. A"],
        ["example.com. web.example.com. A", "example.net. web.example.net. A"],
        ["example.net. web.example.net. A"],
        [],
    ]


def test_edits_of_zones_are_the_whole_of_them(company: Company) -> None:
    """Under both names where they are renamed; a zone's records are told with it."""
    found = company.follow(
        lambda: company.ask("PATCH", f"zones/{company.zone}/", {"default_ttl": 120}),
        lambda: company.ask("PATCH", f"zones/{company.zone}/", {"description": "ours"}),
        lambda: company.ask("PATCH", f"zones/{company.zone}/", {"name": "new.example"}),
        lambda: company.ask("DELETE", f"zones/{company.zone}/"),
    )
    assert found[0] == ["example.com."]
    assert found[1] == []
    assert {line.split(" ")[0] for line in found[2]} == {"example.com.", "new.example."}
    assert "new.example." in found[2]
    assert "example.com." in found[2]
    assert "new.example." in found[3]


def test_a_renamed_nameserver_is_every_zone_and_its_ns_records(company: Company) -> None:
    """The nameserver's entry does not tell which zones, the NS records' ones do."""
    (found,) = company.follow(
        lambda: company.ask("PATCH", f"nameservers/{company.nameserver}/", {"name": "ns2.example.com"})
    )
    assert "example.com. example.com. NS" in found
    assert f"everywhere {Depth.LISTS}" in found


def test_without_permission_for_the_log_updates_are_followed_alone(company: Company) -> None:
    """A record that was edited is seen; one that was deleted is seen by its zone, whose serial moved."""
    record = company.made_record("www")
    found = company.follow(
        lambda: company.ask("PATCH", f"records/{record}/", {"value": "192.0.2.2"}),
        lambda: company.ask("PATCH", f"zones/{company.zone}/", {"default_ttl": 120}),
        lambda: company.made_zone("example.net"),
        lambda: None,
        token=WITHOUT_LOG.secret,
    )
    assert found == [
        ["example.com. www.example.com. A"],
        ["example.com."],
        ["example.net.", "example.net. example.net. NS"],
        [],
    ]
    assert not company.board.triggers[feed.NAME].working


def test_a_bulk_is_told_record_by_record(company: Company) -> None:
    """Page by page; the hints of one zone merge where they are taken."""
    rows = [{"zone": company.zone, "name": f"t{n}", "type": "TXT", "value": "x"} for n in range(150)]
    (found,) = company.follow(lambda: company.ask("POST", "records/", rows))
    assert len(found) == 150


def test_a_netbox_that_does_not_answer_is_an_error_of_ours(company: Company) -> None:
    """Which the loop around says and tries again."""
    company.netbox = RunningNetBox(url="http://127.0.0.1:9", token="x", token_v2="x")
    with pytest.raises(NetboxPdnsError):
        company.follow()
