"""Schedules: all zones are looked at when a cron expression says so.

What was missed while the service was down is made up for at its start, once, however often it was missed. Schedules can be
exchanged while it works; what is missed by new ones is not made up for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from netbox_pdns.settings.crontab import Crontab, time_zone
from netbox_pdns.settings.service import TriggerOptions
from netbox_pdns.sync.board import Board, TriggerState
from netbox_pdns.sync.hints import Cause, Depth, Hints, Trigger

_LONGEST_SLEEP = 60.0
"""Seconds after which the clock is looked at in any case: it may have been set, or the machine have slept."""
_CORRECTION = 3 * 3600.0
"""A clock that is put back by more than this was wrong before; by less, what was due comes no second time (as cron(8))."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is done when."""

    name: str
    crontab: Crontab
    depth: Depth


def schedules_of(options: TriggerOptions) -> tuple[Schedule, ...]:
    """Return the schedules that are set; their names (`sync`, `drift`) are what their last run is kept under."""
    zone = time_zone(options.timezone)
    wanted = (("sync", options.sync_crontab, Depth.LISTS), ("drift", options.drift_crontab, Depth.CONTENT))
    return tuple(Schedule(name, Crontab(text, zone), depth) for name, text, depth in wanted if text)


class Timetable:
    """Says which schedules are due at a moment, each time of a schedule once. Times are in seconds since 1970."""

    def __init__(self, schedules: tuple[Schedule, ...], last: Mapping[str, float], now: float) -> None:
        self.schedules = schedules
        self._last = {schedule: last.get(schedule.name, now) for schedule in schedules}

    def due(self, now: float) -> tuple[Schedule, ...]:
        """Return the schedules with a time since they were last due."""
        due = tuple(schedule for schedule in self.schedules if self._is_due(schedule, now))
        for schedule in due:
            self._last[schedule] = now
        return due

    def next(self, now: float) -> Mapping[str, float]:
        """Return when each schedule is due next, *now* at the earliest; one that never is has no entry."""
        times = {schedule.name: schedule.crontab.after(self._since(schedule, now)) for schedule in self.schedules}
        return {name: max(at, now) for name, at in times.items() if at is not None}

    def exchanged(self, schedules: tuple[Schedule, ...], now: float) -> Timetable:
        """Return the timetable of *schedules*: those that are here keep their last time, others have missed nothing."""
        kept = {schedule.name: at for schedule, at in self._last.items() if schedule in schedules}
        return Timetable(schedules, kept, now)

    def _is_due(self, schedule: Schedule, now: float) -> bool:
        at = schedule.crontab.after(self._since(schedule, now))
        return at is not None and at <= now

    def _since(self, schedule: Schedule, now: float) -> float:
        if self._last[schedule] - now > _CORRECTION:
            self._last[schedule] = now
        return self._last[schedule]


async def _wait(woken: asyncio.Event, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return


class Scheduler:
    """Leaves hints when schedules are due.

    *last* is when each schedule was last due, by its name, as *told* said it before: one that is not in it has missed
    nothing. *told* is not to block. *wait* returns when its event is set, or after so many seconds where there are some.
    """

    def __init__(
        self,
        schedules: tuple[Schedule, ...],
        hints: Hints,
        board: Board,
        *,
        last: Mapping[str, datetime],
        told: Callable[[str, datetime], None],
        clock: Callable[[], float] = time.time,
        wait: Callable[[asyncio.Event, float | None], Awaitable[None]] = _wait,
    ) -> None:
        self._hints = hints
        self._board = board
        self._told = told
        self._clock = clock
        self._wait = wait
        self._exchanged = asyncio.Event()
        self._made = 0
        self._last_made: float | None = None
        before = {name: at.timestamp() for name, at in last.items()}
        self._timetable = Timetable(schedules, before, clock())

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules by which it works."""
        return self._timetable.schedules

    def exchange(self, schedules: tuple[Schedule, ...]) -> None:
        """Work by *schedules* from now on."""
        if schedules != self.schedules:
            self._timetable = self._timetable.exchanged(schedules, self._clock())
            self._exchanged.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._exchanged.clear()
            now = self._clock()
            self._make_hints(now)
            coming = self._timetable.next(now)
            self._show(coming)
            await self._wait(self._exchanged, min(_LONGEST_SLEEP, min(coming.values()) - now) if coming else None)

    def _make_hints(self, now: float) -> None:
        for schedule in self._timetable.due(now):
            self._hints.look_everywhere(schedule.depth, Cause(Trigger.SCHEDULE, came=now))
            self._told(schedule.name, datetime.fromtimestamp(now, UTC))
            self._made += 1
            self._last_made = now

    def _show(self, coming: Mapping[str, float]) -> None:
        zones = {schedule.name: schedule.crontab.zone for schedule in self._timetable.schedules}
        times = (
            f"{name} at {datetime.fromtimestamp(at, zones[name]).isoformat(timespec='minutes')}"
            for name, at in sorted(coming.items(), key=lambda each: each[1])
        )
        detail = f"next: {', '.join(times)}" if coming else "nothing is scheduled"
        self._board.triggers["schedule"] = TriggerState("schedule", True, detail, self._last_made, self._made)
