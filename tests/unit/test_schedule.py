"""Schedules: hints for all zones at the set times, in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netbox_pdns.settings.crontab import Crontab
from netbox_pdns.settings.service import TriggerOptions
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.hints import Cause, Depth, Hint, Trigger
from netbox_pdns.triggers.schedule import Schedule, Scheduler, Timetable, schedules_of

QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck))
START = datetime(2026, 3, 28, 12, tzinfo=UTC)


@dataclass
class VirtualClock:
    """A clock that sleeping moves on, and the end of all time."""

    now: float
    end: float

    async def wait(self, woken: asyncio.Event, seconds: float | None) -> None:
        """Move on; past the end whoever waits is cancelled."""
        if woken.is_set():
            return
        assert seconds is None or seconds >= 0
        self.now += self.end if seconds is None else seconds
        if self.now > self.end:
            raise asyncio.CancelledError


@dataclass
class Noted:
    """Hints, and what was told to be kept, as they came."""

    passes: list[tuple[Depth, Cause]] = field(default_factory=list)
    told: list[tuple[str, datetime]] = field(default_factory=list)

    def look(self, hint: Hint) -> None:
        raise AssertionError(hint)

    def look_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        assert target is None
        self.passes.append((depth, cause))

    def tell(self, name: str, at: datetime) -> None:
        self.told.append((name, at))


def schedules(options: Mapping[str, str]) -> tuple[Schedule, ...]:
    """Return the schedules of these settings, and of no others."""
    return schedules_of(TriggerOptions.model_validate({"sync_crontab": "", "drift_crontab": "", **options}))


def ran(
    options: Mapping[str, str],
    hours: float,
    last: Mapping[str, datetime] | None = None,
    start: datetime = START,
    exchanged: tuple[float, Mapping[str, str]] | None = None,
) -> tuple[Noted, Board]:
    """Return what a scheduler of these settings left within *hours* from *start*; after so many they are *exchanged*."""
    clock = VirtualClock(start.timestamp(), start.timestamp() + hours * 3600)
    noted, board = Noted(), Board()

    async def wait(woken: asyncio.Event, seconds: float | None) -> None:
        if exchanged is not None and clock.now < (at := start.timestamp() + exchanged[0] * 3600):
            if seconds is not None and clock.now + seconds < at:
                await clock.wait(woken, seconds)
                return
            clock.now = at
            scheduler.exchange(schedules(exchanged[1]))
        await clock.wait(woken, seconds)

    scheduler = Scheduler(
        schedules(options),
        noted,
        board,
        last=last or {},
        told=noted.tell,
        clock=lambda: clock.now,
        wait=wait,
    )
    try:
        asyncio.run(scheduler.run())
    except asyncio.CancelledError:
        assert clock.now > clock.end
    return noted, board


def _hours(noted: Noted) -> list[tuple[Depth, float]]:
    return [(depth, (cause.came - START.timestamp()) / 3600) for depth, cause in noted.passes]


def test_both_schedules_make_hints_of_their_depth() -> None:
    """`SYNC_CRONTAB` has the lists compared, `DRIFT_CRONTAB` all content; each time is told, to be kept."""
    noted, board = ran({"sync_crontab": "0 */6 * * *", "drift_crontab": "30 2 * * *", "timezone": "UTC"}, 19)
    assert _hours(noted) == [(Depth.LISTS, 6), (Depth.LISTS, 12), (Depth.CONTENT, 14.5), (Depth.LISTS, 18)]
    assert {cause.trigger for _, cause in noted.passes} == {Trigger.SCHEDULE}
    hours = (("sync", 6.0), ("sync", 12.0), ("drift", 14.5), ("sync", 18.0))
    assert noted.told == [(name, START + timedelta(hours=hour)) for name, hour in hours]
    state = board.triggers["schedule"]
    assert (state.working, state.hints, state.last) == (True, 4, noted.passes[-1][1].came)
    assert state.detail == "next: sync at 2026-03-29T12:00+00:00, drift at 2026-03-30T02:30+00:00"


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        pytest.param("2026-03-28T03:00+01:00", [23.0, 46.5], id="the-hour-is-left-out"),
        pytest.param("2026-10-24T03:00+02:00", [23.5, 48.5], id="the-hour-comes-twice"),
    ],
)
def test_daylight_saving(start: str, hours: list[float]) -> None:
    """At half past two, in the nights in which the clock is put forward and back: once."""
    begin = datetime.fromisoformat(start)
    noted, _ = ran({"drift_crontab": "30 2 * * *", "timezone": "Europe/Berlin"}, 49, start=begin)
    assert [(cause.came - begin.timestamp()) / 3600 for _, cause in noted.passes] == hours


@pytest.mark.parametrize(
    ("ago", "hours"),
    [
        pytest.param(timedelta(hours=5.5), [0.5, 6.5, 12.5], id="nothing-was-missed"),
        pytest.param(timedelta(hours=5.5, seconds=1), [0, 0.5, 6.5, 12.5], id="one-run-was-missed"),
        pytest.param(timedelta(days=400), [0, 0.5, 6.5, 12.5], id="many-runs-were-missed"),
        pytest.param(None, [0.5, 6.5, 12.5], id="it-never-ran"),
        pytest.param(-timedelta(hours=1), [6.5, 12.5], id="the-clock-was-put-back-by-an-hour"),
        pytest.param(-timedelta(days=400), [0.5, 6.5, 12.5], id="the-clock-was-wrong-before"),
    ],
)
def test_what_was_missed_is_made_up_for_once(ago: timedelta | None, hours: list[float]) -> None:
    """At once at the start; then it goes on as set."""
    last = {} if ago is None else {"sync": START - ago}
    noted, _ = ran({"sync_crontab": "30 */6 * * *", "timezone": "UTC"}, 13, last)
    assert _hours(noted) == [(Depth.LISTS, hour) for hour in hours]


@pytest.mark.parametrize(
    ("before", "after", "hours"),
    [
        pytest.param("0 */6 * * *", "0 */8 * * *", [6, 12, 20], id="other-times"),
        pytest.param("0 */6 * * *", "0 23 * * *", [6, 11], id="sooner-than-the-one-before-would-have-been"),
        pytest.param("0 */6 * * *", "30 20 * * *", [6], id="what-it-would-have-missed-is-not-made-up-for"),
        pytest.param("0 */6 * * *", "never", [6], id="none-any-more"),
        pytest.param("never", "0 */6 * * *", [12, 18], id="one-where-there-was-none"),
        pytest.param("0 */6 * * *", "0 */6 * * *", [6, 12, 18], id="the-same"),
    ],
)
def test_schedules_are_exchanged_at_work(before: str, after: str, hours: list[float]) -> None:
    """Ten hours after noon: from then on the new ones count, and no other."""
    zone = {"timezone": "UTC"}
    noted, _ = ran({"sync_crontab": before, **zone}, 20, exchanged=(10, {"sync_crontab": after, **zone}))
    assert [hour for _, hour in _hours(noted)] == hours


def test_another_time_zone_counts_at_once() -> None:
    """The same expression is another time then, and is shown so."""
    tokyo = {"sync_crontab": "0 9 * * *", "timezone": "Asia/Tokyo"}
    noted, board = ran({"sync_crontab": "0 9 * * *", "timezone": "UTC"}, 20, exchanged=(10, tokyo))
    assert _hours(noted) == [(Depth.LISTS, 12)]
    assert board.triggers["schedule"].detail == "next: sync at 2026-03-30T09:00+09:00"


def test_nothing_scheduled_is_said() -> None:
    """Both expressions may be `never`."""
    noted, board = ran({"sync_crontab": "never", "drift_crontab": "never"}, 1)
    assert (noted.passes, board.triggers["schedule"].detail) == ([], "nothing is scheduled")


def test_a_machine_that_slept_makes_one_hint() -> None:
    """However many times it slept through."""
    schedule = Schedule("sync", Crontab("* * * * *", ZoneInfo("UTC")), Depth.LISTS)
    table = Timetable((schedule,), {}, START.timestamp())
    later = START.timestamp() + 100_000
    assert [table.due(later), table.due(later), table.due(later + 60)] == [(schedule,), (), (schedule,)]


@QUIET
@given(
    expression=st.sampled_from(["* * * * *", "*/20 * * * *", "0 * * * *", "30 2 * * *", "0,30 2,3 * * *"]),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001 - made aware below
    steps=st.lists(st.floats(-7000, 90_000), min_size=1, max_size=30),
)
def test_no_time_is_due_twice_however_the_clock_is_set(expression: str, start: datetime, steps: list[float]) -> None:
    """Between two moments that are due lies a time of the expression; small steps back bring none again."""
    crontab = Crontab(expression, ZoneInfo("Europe/Berlin"))
    table = Timetable((Schedule("sync", crontab, Depth.LISTS),), {}, start.replace(tzinfo=UTC).timestamp())
    now = newest = start.replace(tzinfo=UTC).timestamp()
    due = [now]
    for step in steps:
        now = max(now + step, newest - 7000)
        newest = max(newest, now)
        if table.due(now):
            due.append(now)
    for one, other in itertools.pairwise(due):
        between = crontab.after(one)
        assert between is not None
        assert one < between <= other
