"""NetBox's change log as a source of hints: nothing needs to be set up in NetBox, and nothing that commits is lost.

One cheap request where nothing happened: the entries from the last one that was seen on, itself among them, so that the same
answer tells whether this is still the log that we know. Ids that are missing below are asked for until they can no longer
come (`netbox_pdns.netbox.sight`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from netbox_pdns.netbox.changes import IDS_AT_ONCE, Entries, missing
from netbox_pdns.netbox.client import NotPermittedError
from netbox_pdns.netbox.sight import Sight
from netbox_pdns.netbox.wire import ChangeRow, LogEntry
from netbox_pdns.sync.hints import Cause, Depth, Hint, Hints, Trigger
from netbox_pdns.triggers.clocks import Clocks
from netbox_pdns.triggers.meaning import OBJECT_TYPES, RECORD, ZONE, Meaning, meant
from netbox_pdns.triggers.progress import EVERYWHERE, Cursors, Mark, Progress
from netbox_pdns.triggers.standing import Standing
from netbox_pdns.triggers.taken_away import taken_away
from netbox_pdns.triggers.told import Told
from netbox_pdns.triggers.zone_names import NamesOfZones, ZoneNames

NAME = "feed"
"""What the feed is called on the board and in the store."""
MOST_UNREAD = 2_000
"""Entries of one look that are read one by one; of more, everything is looked at."""


class Log(NamesOfZones, Entries, Protocol):
    """The change log; see `netbox_pdns.netbox.changes.ChangeLog`."""

    async def newest(self, *, older_than: float = 0.0, below: int | None = None) -> LogEntry | None:
        """Return the entry with the greatest id: of those *older_than* so many seconds, or with ids *below*."""

    async def rows(self, ids: Sequence[int]) -> Sequence[ChangeRow]:
        """Return those of up to `IDS_AT_ONCE` entries that are there with what they say, in the order of ids."""


class ChangeFeed:
    """Follows the change log. `begin` finds the place, each `poll` looks once; both raise what the log raises.

    *overlap* is how many seconds a transaction in NetBox takes at most. *gone_back* is told, once, what shows that this is
    not the log that was followed before; then there are no hints until `accept`.
    """

    def __init__(
        self,
        log: Log,
        hints: Hints,
        progress: Progress,
        cursors: Cursors,
        standing: Standing,
        *,
        overlap: float,
        gone_back: Callable[[str], None],
        told: Told | None = None,
        clocks: Clocks | None = None,
        names: ZoneNames | None = None,
    ) -> None:
        self._log = log
        self._hints = hints
        self._progress = progress
        self._cursors = cursors
        self._standing = standing
        self._overlap = overlap
        self._gone_back = gone_back
        self._told = told or Told()
        self._clocks = clocks or Clocks()
        self._names = ZoneNames(log) if names is None else names
        self._begun = False
        self._flooded = False
        self._owing: list[str] = []
        self._suspect: str | None = None

    @property
    def suspect(self) -> str | None:
        """What shows that NetBox went back; None where nothing does."""
        return self._suspect

    async def begin(self, *, anew: bool = False) -> None:
        """Find the place in the log from which on each target is to be told; *anew* forgets the places that are known.

        A target without one begins now, and is to be looked at as a whole: it is hinted at so. What is read of NetBox
        before the end of this call may be older than that place.
        """
        starts = {} if anew else self._cursors.load()
        without = [name for name in self._progress.names if name not in starts]
        fresh, newest = await self._fresh() if without else (None, None)
        marks = [saved.mark for saved in starts.values() if saved.mark is not None]
        self._progress.mark = max(marks, key=lambda mark: mark.id, default=newest)
        self._progress.begin(starts, fresh, self._clocks.steady())
        for name in without:
            self._progress.owe(name)
            self._hint_everywhere(Depth.CONTENT, self._cause(Trigger.START), name)
        self._owing = [name for name in starts if starts[name].owes]
        self._begun, self._suspect = True, None
        self._cursors.save()

    async def accept(self) -> None:
        """Take NetBox as it is now, after it went back."""
        await self.begin(anew=True)

    def save(self) -> None:
        """Leave the positions to the store as they are; each poll does, too."""
        if self._begun:
            self._cursors.save()

    async def poll(self) -> None:
        """Look once, and leave hints for what is new."""
        try:
            await self._poll()
        except NotPermittedError as error:
            deletions = "until then what is deleted in NetBox may be found by the full sync alone"
            raise NotPermittedError(f"{error}; {deletions}", hint=error.hint, setting=error.setting) from error

    async def _poll(self) -> None:
        if self._suspect is not None:
            return
        if not self._begun:
            await self.begin()
        asked = self._clocks.steady()
        if not await self._see_new():
            return
        async for page in missing(self._log, self._progress.sight):
            self._note(page)
        await self._tell()
        self._progress.sight.give_up(asked - self._overlap)
        self._cursors.save()
        self._standing.well()

    async def _fresh(self) -> tuple[Sight, Mark | None]:
        """Return a sight of all that is there now, with gaps for what may still come, and the newest entry."""
        last = await self._log.newest(older_than=self._overlap)
        sight = Sight(0 if last is None else last.id)
        async for page in self._log.between(sight.top + 1):
            sight.see((entry.id for entry in page), self._clocks.steady())
            last = page[-1] if page else last
        return sight, None if last is None else _mark(last)

    async def _see_new(self) -> bool:
        """Take note of the entries after those that were seen; False where the last of those is not there any more."""
        mark = self._progress.mark
        met = mark is None
        async for page in self._log.between(self._progress.sight.top):
            if mark is not None and not met and page and page[-1].id >= mark.id:
                met = _mark(page[-1]) == mark or any(_mark(entry) == mark for entry in page)
                if not met:
                    break
            self._note(page)
        if met or mark is None:
            return True
        await self._lose(mark)
        return False

    async def _lose(self, mark: Mark) -> None:
        """See what it means that the newest entry that was seen is not there."""
        there = await self._log.there([mark.id])
        before = await self._log.newest(below=mark.id)
        if not there and before is None:
            # NetBox drops what is older than it keeps, the oldest first: what came since then is unknown.
            await self.begin(anew=True)
            return
        what = "is another one" if there else "is gone, and older ones are there"
        detail = f"NetBox went back: change {mark.id} of {_moment(mark.time)}, which was seen, {what}"
        self._suspect = detail
        self._standing.ill(
            detail, "was NetBox restored from a backup? if it is right as it is: netbox-pdns accept-source"
        )
        self._gone_back(detail)

    def _note(self, page: Sequence[LogEntry]) -> None:
        """Take note of entries that are there; those that are new and mean something are to be read."""
        new = set(self._progress.sight.see((entry.id for entry in page), self._clocks.steady()))
        self._progress.unread |= {
            entry.id for entry in page if entry.id in new and entry.changed_object_type in OBJECT_TYPES
        }
        mark = self._progress.mark
        if page and (mark is None or page[-1].id > mark.id):
            self._progress.mark = _mark(page[-1])
        if len(self._progress.unread) > MOST_UNREAD:
            self._flooded = True
            self._progress.unread.clear()
            for name in self._progress.names:
                self._progress.owe(name)

    async def _tell(self) -> None:
        """Leave hints for what is unread."""
        while self._owing:
            self._hint_everywhere(Depth.CONTENT, self._cause(Trigger.START), self._owing.pop())
        if self._flooded:
            # The lists would not do: a zone whose serial is set by hand is listed as it was.
            self._hint_everywhere(Depth.CONTENT, self._cause(Trigger.FEED))
            self._flooded = False
        while batch := sorted(self._progress.unread)[:IDS_AT_ONCE]:
            rows = await self._log.rows(batch)
            await self._learn(rows)
            for row in rows:
                self._hint(row)
            self._progress.unread.difference_update(batch)

    async def _learn(self, rows: Sequence[ChangeRow]) -> None:
        """Learn the names of the zones that *rows* are about."""
        for row in rows:
            if row.changed_object_type == ZONE:
                self._names.learn(row.changed_object_id, (row.postchange_data or row.prechange_data or {}).get("name"))
        await self._names.find(number for row in rows for number in _meaning(row, self._names).unknown)

    def _hint(self, row: ChangeRow) -> None:
        if row.changed_object_type == RECORD:
            self._told.note(row.changed_object_id, row.time)
        meaning = _meaning(row, self._names)
        # A zone whose name cannot be found is gone, or not ours to see; the entry of its end has its name.
        everywhere = meaning.everywhere and not meaning.unknown
        targets = self._progress.wanting(row.id)
        if not targets or not (meaning.zones or everywhere):
            return
        zones = [*meaning.zones, EVERYWHERE] if everywhere else list(meaning.zones)
        self._progress.took(row.id, zones, targets)
        cause = self._cause(Trigger.FEED, row)
        gone = taken_away(row.changed_object_type, row.prechange_data, row.postchange_data, self._names, cause)
        for target in targets if len(targets) < len(self._progress.names) else (None,):
            for zone, scope in meaning.zones.items():
                self._hints.look(Hint(zone, cause, scope, target, gone.get(zone, ())))
                self._standing.hinted()
            if everywhere:
                self._hint_everywhere(Depth.LISTS, cause, target)

    def _hint_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        self._hints.look_everywhere(depth, cause, target)
        self._standing.hinted()

    def _cause(self, trigger: Trigger, row: ChangeRow | None = None) -> Cause:
        now = self._clocks.wall()
        if row is None:
            return Cause(trigger, now)
        return Cause(trigger, now, row.time.timestamp(), row.user_name, row.request_id, row.id)


def _meaning(row: ChangeRow, names: Mapping[int, str]) -> Meaning:
    return meant(row.changed_object_type, row.prechange_data, row.postchange_data, names)


def _mark(entry: LogEntry) -> Mark:
    return Mark(entry.id, entry.time.timestamp(), entry.request_id)


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
