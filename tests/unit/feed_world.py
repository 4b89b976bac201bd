"""A change log whose transactions commit when the test says so, and what a feed is to be handed beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from netbox_pdns.cli.logs import make_logger
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.netbox.changes import IDS_AT_ONCE
from netbox_pdns.netbox.wire import ChangeRow, Choice, LogEntry
from netbox_pdns.sync.board import Board, TriggerState
from netbox_pdns.sync.hints import Cause, Depth, Hint
from netbox_pdns.triggers.clocks import Clocks
from netbox_pdns.triggers.feed import NAME, ChangeFeed
from netbox_pdns.triggers.meaning import RECORD
from netbox_pdns.triggers.progress import Cursors, Progress
from netbox_pdns.triggers.standing import Standing
from netbox_pdns.triggers.told import Told
from netbox_pdns.triggers.zone_names import ZoneNames

OVERLAP = 900.0
QUIET = make_logger("CRITICAL", "console")


@dataclass
class Notebook:
    """Takes hints and keeps them."""

    hints: list[Hint] = field(default_factory=list)
    everywhere: list[tuple[Depth, str | None]] = field(default_factory=list)

    def look(self, hint: Hint) -> None:
        self.hints.append(hint)

    def look_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        self.everywhere.append((depth, target))

    def changes(self, target: str | None = None) -> list[int]:
        """Return the entries that the hints for *target* come of, in order."""
        return [hint.cause.change or 0 for hint in self.hints if hint.target in {None, target}]

    def clear(self) -> None:
        self.hints.clear()
        self.everywhere.clear()


@dataclass
class Shelf:
    """Keeps positions, as the store does."""

    kept: dict[tuple[str, str], object] = field(default_factory=dict)

    def load(self, feed: str, target: str) -> object | None:
        return self.kept.get((feed, target))

    def save(self, feed: str, target: str, position: object) -> None:
        self.kept[feed, target] = position


@dataclass
class MemoryLog:
    """A change log: ids are given out first, entries appear when they are committed."""

    now: float = 1_000_000.0
    next_id: int = 1
    entries: dict[int, ChangeRow] = field(default_factory=dict)
    zones: dict[int, str] = field(default_factory=dict)
    page: int = 3
    requests: int = 0
    broken: NetboxPdnsError | None = None
    breaks_after: int = 0

    def given(self, number: int = 1) -> range:
        """Give out the next ids."""
        first, self.next_id = self.next_id, self.next_id + number
        return range(first, self.next_id)

    def commit(
        self,
        ids: Sequence[int],
        type: str = RECORD,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        object_id: int = 1,
        time: float | None = None,
    ) -> None:
        """Let entries appear; they are about the creation of a record of zone 1 where nothing else is said."""
        record = {"zone": 1, "fqdn": "www.example.com.", "type": "A"}
        moment = datetime.fromtimestamp(self.now if time is None else time, UTC)
        for number in ids:
            self.entries[number] = ChangeRow(
                number,
                moment,
                Choice("update"),
                type,
                object_id,
                "amy",
                f"request-{number}",
                dict(before or {}),
                dict(record if before is None and after is None else after or {}),
            )

    def edit(self, *args: Any, **more: Any) -> int:
        """Give out an id and commit it at once."""
        ids = self.given()
        self.commit(ids, *args, **more)
        return ids[0]

    async def newest(self, *, older_than: float = 0.0, below: int | None = None) -> LogEntry | None:
        self._asked()
        limit = datetime.fromtimestamp(self.now - older_than, UTC)
        rows = [row for row in self.entries.values() if row.time <= limit and (below is None or row.id < below)]
        return _light(max(rows, key=lambda row: row.id)) if rows else None

    async def between(self, first: int, last: int | None = None) -> AsyncIterator[Sequence[LogEntry]]:
        while True:
            self._asked()
            ids = [number for number in sorted(self.entries) if first <= number and (last is None or number <= last)]
            yield [_light(self.entries[number]) for number in ids[: self.page]]
            if len(ids) <= self.page:
                return
            first = ids[self.page - 1] + 1

    async def there(self, ids: Sequence[int]) -> Sequence[LogEntry]:
        for _ in range(0, len(ids), IDS_AT_ONCE):
            self._asked()
        return [_light(self.entries[number]) for number in ids if number in self.entries]

    async def rows(self, ids: Sequence[int]) -> Sequence[ChangeRow]:
        self._asked()
        return [self.entries[number] for number in sorted(ids) if number in self.entries]

    async def zone_names(self, ids: Sequence[int]) -> Mapping[int, str]:
        self._asked()
        return {number: self.zones[number] for number in ids if number in self.zones}

    def _asked(self) -> None:
        self.requests += 1
        if self.broken is not None:
            if self.breaks_after <= 0:
                raise self.broken
            self.breaks_after -= 1


@dataclass
class FeedWorld:
    """A log, a feed that follows it, and where its hints and positions go."""

    targets: tuple[str, ...] = ("one",)
    log: MemoryLog = field(default_factory=lambda: MemoryLog(zones={1: "example.com", 2: "example.net"}))
    notebook: Notebook = field(default_factory=Notebook)
    shelf: Shelf = field(default_factory=Shelf)
    told: Told = field(default_factory=Told)
    back: list[str] = field(default_factory=list)
    names: ZoneNames | None = None

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin as after a crash: what is not on the shelf is forgotten."""
        clocks = Clocks(steady=lambda: self.log.now, wall=lambda: self.log.now)
        self.board = Board(clock=clocks.wall)
        self.progress = Progress(self.targets)
        cursors = Cursors(self.shelf, NAME, self.progress, clocks.steady)
        self.feed = ChangeFeed(
            self.log,
            self.notebook,
            self.progress,
            cursors,
            Standing(NAME, self.board, QUIET),
            overlap=OVERLAP,
            gone_back=self.back.append,
            told=self.told,
            clocks=clocks,
            names=self.names,
        )

    @property
    def state(self) -> TriggerState:
        """What the board says of it."""
        return self.board.triggers[NAME]

    def poll(self) -> None:
        """Look once."""
        asyncio.run(self.feed.poll())

    def begun(self) -> FeedWorld:
        """Look once, let all be looked at that is hinted at then, and forget it."""
        self.poll()
        for name in self.targets:
            self.progress.passed(name, self.progress.pending(name))
        self.poll()
        self.notebook.clear()
        return self

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.log.now += seconds


def _light(row: ChangeRow) -> LogEntry:
    return LogEntry(row.id, row.time, row.request_id, row.changed_object_type)
