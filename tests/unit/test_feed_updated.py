"""The feed of updated objects: what it tells beside the change log, and in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from feed_world import OVERLAP, QUIET, Notebook

from netbox_pdns.netbox.updates import Updated, UpdatedRecord, UpdatedZone
from netbox_pdns.netbox.wire import Named
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.hints import WHOLE, Depth, Scope, Trigger
from netbox_pdns.triggers.clocks import Clocks
from netbox_pdns.triggers.standing import Standing
from netbox_pdns.triggers.told import Told
from netbox_pdns.triggers.updated import MOST, NAME, UpdatedFeed

R = TypeVar("R", UpdatedRecord, UpdatedZone)
WWW = Scope(frozenset({("www.example.com.", "A")}))


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(1_000_000 + seconds, UTC)


@dataclass
class Office:
    """What was updated lately, and the feed that asks for it."""

    alone: bool = False
    now: float = 0.0
    records_there: dict[int, UpdatedRecord] = field(default_factory=dict)
    zones_there: dict[int, UpdatedZone] = field(default_factory=dict)
    notebook: Notebook = field(default_factory=Notebook)
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.feed = UpdatedFeed(
            self,
            self.notebook,
            Standing(NAME, Board(), QUIET),
            overlap=OVERLAP,
            alone=lambda: self.alone,
            told=self.told,
            clocks=Clocks(steady=lambda: self.now),
            beside=60.0,
        )

    async def records(self, seconds: float, most: int) -> Updated[UpdatedRecord]:
        return self._page(list(self.records_there.values()), most)

    async def zones(self, seconds: float, most: int) -> Updated[UpdatedZone]:
        return self._page(list(self.zones_there.values()), most)

    def _page(self, rows: Sequence[R], most: int) -> Updated[R]:
        newest = sorted(rows, key=lambda row: row.last_updated, reverse=True)
        return Updated(len(rows), newest[:1] if len(rows) > most else newest)

    def update(self, number: int, seconds: int, type: str = "A") -> None:
        """Let a record be updated."""
        record = UpdatedRecord(number, Named(1, "example.com"), type, at(seconds), "www.example.com.")
        self.records_there[number] = record

    def update_zone(self, seconds: int, **state: Any) -> None:
        """Let the zone be updated."""
        there = {"name": "example.com", "default_ttl": 60, "soa_serial_auto": True, "soa_serial": seconds, **state}
        self.zones_there[1] = UpdatedZone(1, "example.com", at(seconds), there)

    def poll(self, *, after: float = 60.0) -> list[tuple[str, Scope]]:
        """Look once, some seconds later, and return what is hinted at."""
        self.now += after
        self.notebook.clear()
        asyncio.run(self.feed.poll())
        return [(hint.zone, hint.scope) for hint in self.notebook.hints]


def test_an_update_is_told_once() -> None:
    """However long it stays within the overlap; a later one is told again."""
    office = Office()
    office.update(5, 1)
    assert office.poll() == [("example.com.", WWW)]
    cause = office.notebook.hints[0].cause
    assert (cause.trigger, cause.edited) == (Trigger.UPDATED, 1_000_001.0)
    assert office.poll() == []
    office.update(5, 2)
    assert office.poll() == [("example.com.", WWW)]


def test_beside_the_change_log_it_looks_once_a_minute() -> None:
    """Which cannot be followed, it looks whenever it is asked to."""
    office = Office()
    office.update(5, 1)
    assert len(office.poll()) == 1
    office.update(5, 2)
    assert office.poll(after=59) == []
    office.alone = True
    assert len(office.poll(after=0)) == 1


def test_what_was_updated_before_the_first_pass_is_that_pass_s() -> None:
    """The feed begins without a hint."""
    office = Office()
    office.update(5, 1)
    asyncio.run(office.feed.begin())
    assert office.notebook.hints == []
    assert office.poll() == []


@pytest.mark.parametrize(("logged", "hinted"), [(1, False), (2, False), (0, True)])
def test_what_the_change_log_told_is_not_told_again(logged: int, hinted: bool) -> None:
    """But an update after the last entry: the plugin's expiry writes none."""
    office = Office()
    office.told.note(5, at(logged))
    office.update(5, 1)
    assert bool(office.poll()) == hinted


def test_zones_are_told_where_the_log_cannot_be_followed() -> None:
    """By what differs from before: a serial alone is that of a record, which is told by itself."""
    office = Office(alone=True)
    office.update_zone(1)
    assert office.poll() == [("example.com.", WHOLE)]
    office.update_zone(2)
    office.update(5, 2)
    assert office.poll() == [("example.com.", WWW)]
    office.update_zone(3, default_ttl=90)
    assert office.poll() == [("example.com.", WHOLE)]
    office.alone = False
    office.update_zone(4, default_ttl=60)
    assert office.poll() == []


def test_alone_a_zone_that_moved_by_itself_had_a_record_deleted() -> None:
    """Its SOA, which moves with it, is none of its records."""
    office = Office(alone=True)
    office.update_zone(1)
    office.poll()
    office.update_zone(2)
    office.update(4, 2, "SOA")
    assert office.poll() == [("example.com.", WHOLE)]


@pytest.mark.parametrize(("alone", "depth"), [(False, Depth.LISTS), (True, Depth.CONTENT)])
def test_a_flood_is_one_look_at_everything(alone: bool, depth: Depth) -> None:
    """Again only where more was updated since; and then each update is told by itself again."""
    office = Office(alone=alone)
    for number in range(MOST + 1):
        office.update(number, 1)
    assert office.poll() == []
    assert office.notebook.everywhere == [(depth, None)]
    office.poll()
    assert office.notebook.everywhere == []
    office.update(0, 2)
    office.poll()
    assert office.notebook.everywhere == [(depth, None)]
    office.records_there.clear()
    office.poll()
    office.update(1, 3)
    assert office.poll() == [("example.com.", WWW)]
