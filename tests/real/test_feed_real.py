"""Both feeds on the real NetBox: commits out of order, what writes no log, what may not be viewed, a database put back."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from servers import NetBoxServer

from netbox_pdns.cli.logs import make_logger
from netbox_pdns.netbox.changes import ChangeLog
from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.netbox.updates import Updates
from netbox_pdns.settings import NetBoxSettings
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.hints import Cause, Depth, Hint
from netbox_pdns.triggers import feed, updated
from netbox_pdns.triggers.feed import ChangeFeed
from netbox_pdns.triggers.progress import Cursors, Progress
from netbox_pdns.triggers.standing import Standing
from netbox_pdns.triggers.told import Told
from netbox_pdns.triggers.updated import UpdatedFeed

pytestmark = pytest.mark.real

_DNS = "plugins/netbox-dns"
_IN_BULK, _ALONE = 150, 24
_PATIENCE = 280.0
"""Seconds that a bulk of so many may take on a machine that is busy."""
_EXPIRE = """
from core.models import Job
from netbox_dns.jobs.record_expiration import RecordExpirationJob
RecordExpirationJob(Job(name="by hand")).run()
"""


@dataclass
class Shop:
    """A zone of the test's own, and what the feeds say of it."""

    netbox: NetBoxServer
    word: str
    zone: int
    hints: list[Hint] = field(default_factory=list)
    kept: dict[tuple[str, str], object] = field(default_factory=dict)
    back: list[str] = field(default_factory=list)

    def look(self, hint: Hint) -> None:
        if hint.zone.endswith(self.name):
            self.hints.append(hint)

    def look_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        pass

    def load(self, feed: str, target: str) -> object | None:
        return self.kept.get((feed, target))

    def save(self, feed: str, target: str, position: object) -> None:
        self.kept[feed, target] = position

    @property
    def name(self) -> str:
        return f"{self.word}.example."

    def told(self) -> list[str]:
        """Return the owner names that were hinted at, in order."""
        names = (name for hint in self.hints for name, _ in hint.scope.rrsets or ())
        return [name.removesuffix(f".{self.name}") for name in names]

    def made(self, *names: str, **more: Any) -> list[int]:
        """Make records in one request."""
        rows = [{"zone": self.zone, "name": name, "type": "TXT", "value": "x", **more} for name in names]
        made = httpx2.post(
            f"{self.netbox.url}/api/{_DNS}/records/",
            json=rows,
            headers={"Authorization": f"Token {self.netbox.token}"},
            timeout=_PATIENCE,
            trust_env=False,
        )
        assert made.is_success, made.text[:800]
        return [row["id"] for row in made.json()]

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[tuple[ChangeFeed, UpdatedFeed]]:
        """Yield both feeds, begun."""
        settings = NetBoxSettings(url=self.netbox.url, token=SecretStr(self.netbox.token))
        board, told, progress, log = Board(), Told(), Progress(["one"]), make_logger("CRITICAL", "console")
        async with NetBoxClient(settings) as client:
            changes = ChangeFeed(
                ChangeLog(client),
                self,
                progress,
                Cursors(self, feed.NAME, progress, board.clock),
                Standing(feed.NAME, board, log),
                overlap=settings.overlap,
                gone_back=self.back.append,
                told=told,
            )
            updates = UpdatedFeed(
                Updates(client),
                self,
                Standing(updated.NAME, board, log),
                overlap=settings.overlap,
                alone=lambda: False,
                told=told,
                beside=0.0,
            )
            await changes.begin()
            await updates.begin()
            yield changes, updates


@pytest.fixture
def shop(netbox_server: NetBoxServer) -> Iterator[Shop]:
    """The zone, in a view of its own."""
    made = _made(netbox_server)
    yield made
    netbox_server.request("DELETE", f"{_DNS}/zones/{made.zone}/")


def _made(netbox: NetBoxServer) -> Shop:
    word = f"f{secrets.token_hex(4)}"
    nameserver = netbox.request("POST", f"{_DNS}/nameservers/", json={"name": f"ns1.{word}.example"})["id"]
    soa = {"soa_mname": nameserver, "soa_rname": f"hostmaster.{word}.example", "default_ttl": 3600}
    body = {"name": f"{word}.example", "nameservers": [nameserver], **soa}
    return Shop(netbox, word, netbox.request("POST", f"{_DNS}/zones/", json=body)["id"])


async def _until_done(works: Sequence[Awaitable[Any]], look: Callable[[], Awaitable[None]]) -> None:
    gathered = asyncio.gather(*works)
    while not gathered.done():
        await look()
        await asyncio.wait({gathered}, timeout=0.5)
    gathered.result()


@pytest.mark.long
def test_a_bulk_beside_single_edits_loses_nothing(shop: Shop) -> None:
    """The bulk's ids were given out before, and appear after, those of the single edits; each record is told once.

    The edits are another zone's: those of one zone wait for each other in NetBox.
    """
    zone = shop.netbox.request("GET", f"{_DNS}/zones/{shop.zone}/")
    soa = {"soa_mname": zone["soa_mname"]["id"], "soa_rname": zone["soa_rname"], "default_ttl": 60}
    body = {"name": f"other.{shop.word}.example", "nameservers": [soa["soa_mname"]], **soa}
    other = shop.netbox.request("POST", f"{_DNS}/zones/", json=body)["id"]
    bulk = [f"bulk{number}" for number in range(_IN_BULK)]
    alone = [f"alone{number}" for number in range(_ALONE)]

    async def one_by_one() -> None:
        for name in alone:
            await asyncio.to_thread(shop.made, name, zone=other)

    async def story() -> None:
        async with shop.followed() as (changes, _):
            await _until_done([asyncio.to_thread(shop.made, *bulk), one_by_one()], changes.poll)
            await changes.poll()

    asyncio.run(story())
    shop.netbox.request("DELETE", f"{_DNS}/zones/{other}/")
    assert sorted(shop.told()) == sorted([*bulk, *(f"{name}.other" for name in alone)])


@pytest.mark.long
def test_a_record_that_expires_is_told_by_its_update(shop: Shop) -> None:
    """The plugin's job writes no change log; what the log told is not told again."""
    shop.made("stays")
    (goes,) = shop.made("goes", expiration_date="2999-01-01")
    # NetBox would take a record that is made with a day in the past as expired at once.
    shop.netbox.sql(f"UPDATE netbox_dns_record SET expiration_date = '2001-01-01' WHERE id = {goes}")  # noqa: S608

    async def story() -> None:
        async with shop.followed() as (changes, updates):
            await asyncio.to_thread(shop.made, "new")
            await changes.poll()
            await updates.poll()
            assert shop.told() == ["new"]
            await asyncio.to_thread(shop.netbox.python, _EXPIRE)
            await changes.poll()
            assert shop.told() == ["new"]
            await updates.poll()

    asyncio.run(story())
    assert shop.told() == ["new", "goes"]


@pytest.mark.long
def test_a_database_that_was_put_back_is_noticed(netbox_put_back: NetBoxServer) -> None:
    """From a backup that is older than what was followed; then there are no hints."""
    shop = _made(netbox_put_back)

    async def story() -> None:
        async with shop.followed() as (changes, _):
            await asyncio.to_thread(netbox_put_back.save, "backup")
            try:
                await asyncio.to_thread(shop.made, "lost")
                await changes.poll()
                await asyncio.to_thread(netbox_put_back.restore, "backup")
            finally:
                await asyncio.to_thread(netbox_put_back.forget, "backup")
            shop.hints.clear()
            await changes.poll()
            await asyncio.to_thread(shop.made, "other")
            await changes.poll()

    asyncio.run(story())
    assert len(shop.back) == 1
    assert not shop.hints
