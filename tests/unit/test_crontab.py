"""Cron expressions: when the next time is, as Debian's cron(8) has daylight saving; what is refused."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netbox_pdns.settings.crontab import Crontab, _machine_zone, parsed, time_zone

QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck))


def _times(crontab: Crontab, instant: float) -> Iterator[float]:
    while (at := crontab.after(instant)) is not None:
        yield at
        instant = at


@pytest.mark.parametrize(
    ("expression", "zone", "after", "times"),
    [
        pytest.param("0 */6 * * *", "UTC", "2026-01-01T05:59:59+00:00", ["01-01T06:00+00:00", "01-01T12:00+00:00"]),
        pytest.param("0 */6 * * *", "UTC", "2026-01-01T06:00:00+00:00", ["01-01T12:00+00:00", "01-01T18:00+00:00"]),
        pytest.param(
            "30 2 * * *", "Europe/Berlin", "2026-03-28T12:00+01:00", ["03-29T03:00+02:00", "03-30T02:30+02:00"]
        ),
        pytest.param(
            "*/30 2,3 29 3 *", "Europe/Berlin", "2026-03-29T01:00+01:00", ["03-29T03:00+02:00", "03-29T03:30+02:00"]
        ),
        pytest.param(
            "0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00+01:00", ["03-29T03:00+02:00", "03-30T02:00+02:00"]
        ),
        pytest.param(
            "0 * * * *", "Europe/Berlin", "2026-03-29T00:30+01:00", ["03-29T01:00+01:00", "03-29T03:00+02:00"]
        ),
        pytest.param(
            "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00+02:00", ["10-25T02:30+02:00", "10-26T02:30+01:00"]
        ),
        pytest.param(
            "30 2 * * *", "Europe/Berlin", "2026-10-25T02:10+01:00", ["10-26T02:30+01:00", "10-27T02:30+01:00"]
        ),
        pytest.param(
            "*/30 * * * *", "Europe/Berlin", "2026-10-25T02:10+02:00", ["10-25T02:30+02:00", "10-25T02:00+01:00"]
        ),
        pytest.param(
            "30 2 * * *", "America/New_York", "2026-03-07T12:00-05:00", ["03-08T03:00-04:00", "03-09T02:30-04:00"]
        ),
        pytest.param("0 2 * * 0", "UTC", "2026-01-01T00:00+00:00", ["01-04T02:00+00:00", "01-11T02:00+00:00"]),
        pytest.param(
            "0 0 29 2 *", "UTC", "2026-01-01T00:00+00:00", ["2028-02-29T00:00+00:00", "2032-02-29T00:00+00:00"]
        ),
    ],
    ids=[
        "the-next-of-several",
        "never-the-moment-itself",
        "in-the-hour-that-is-left-out-right-after-it",
        "with-a-star-for-the-minute-what-is-left-out-is-left-out",
        "two-times-in-the-hour-that-is-left-out-are-one",
        "every-hour-goes-on-by-real-hours",
        "in-the-hour-that-comes-twice-once",
        "within-the-second-of-the-two-hours-no-more",
        "every-half-hour-goes-on-in-both-of-the-two-hours",
        "on-the-other-side-of-the-ocean",
        "sunday-is-0",
        "leap-years",
    ],
)
def test_the_next_times(expression: str, zone: str, after: str, times: list[str]) -> None:
    """As cron has them."""
    found = itertools.islice(_times(Crontab(expression, ZoneInfo(zone)), datetime.fromisoformat(after).timestamp()), 2)
    told = [datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat(timespec="minutes") for at in found]
    assert [each.removeprefix("2026-") for each in told] == times


_ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Sao_Paulo")
_MINUTES = st.sampled_from(["*", "*/7", "0", "30", "59", "0,15,45", "5-10"])
_HOURS = st.sampled_from(["*", "*/6", "0", "1,2", "2", "2,3", "0-4"])
_DAYS = st.sampled_from(["* * *", "* * 0", "25-31 * *", "* 3,4,10 *"])


@QUIET
@given(
    minute=_MINUTES,
    hour=_HOURS,
    days=_DAYS,
    zone=st.sampled_from(_ZONES),
    instant=st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware below
    nearer=st.floats(0, 1),
)
def test_times_rise_and_none_is_passed_over(
    minute: str, hour: str, days: str, zone: str, instant: datetime, nearer: float
) -> None:
    """Each time is later than the one before, and is found again from any moment between the two."""
    crontab = Crontab(f"{minute} {hour} {days}", ZoneInfo(zone))
    first, second, third = itertools.islice(_times(crontab, instant.replace(tzinfo=UTC).timestamp()), 3)
    assert first < second < third
    assert crontab.after(first + nearer * (second - first - 1)) == second


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_daily_time_comes_once_a_day(zone: str) -> None:
    """On 366 days on end, also when the clock is put forward or back."""
    crontab = Crontab("30 2 * * *", ZoneInfo(zone))
    start = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))
    found = [
        datetime.fromtimestamp(at, ZoneInfo(zone)) for at in itertools.islice(_times(crontab, start.timestamp()), 366)
    ]
    assert [at.date() for at in found] == [(start + timedelta(days=day)).date() for day in range(366)]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param(" 0  2 * *\tsun ", "0 2 * * sun", id="blanks-are-one"),
        pytest.param("never", "", id="never"),
        pytest.param("", "", id="empty-is-never"),
        pytest.param("*/15 8-18 1,15 jan-mar mon", "*/15 8-18 1,15 jan-mar mon", id="steps-ranges-lists-names"),
    ],
)
def test_what_is_taken(text: str, kept: str) -> None:
    """Five fields, or never."""
    assert parsed(text) == kept


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0 2 * *", "has 4 fields"),
        ("0 0 2 * * *", "has 6 fields"),
        ("61 * * * *", "the minute is wrong"),
        ("* 24 * * *", "the hour is wrong"),
        ("* * 0 * *", "the day of month is wrong"),
        ("* * * * moon", "the day of week is wrong"),
        ("hourly", "has 1 fields"),
        ("0 0 31 2 *", "the day of month is wrong"),
        ("0 0 * * 1#6", "the day of week is wrong"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    """With what is wrong about it."""
    with pytest.raises(ValueError, match=why):
        parsed(text)


def test_an_unknown_time_zone_is_refused() -> None:
    """With its name."""
    with pytest.raises(ValueError, match="'Europe/Nowhere' is no time zone"):
        time_zone("Europe/Nowhere")


def test_the_machines_time_zone(tmp_path: Path) -> None:
    """The variable TZ wins, then what /etc/localtime leads to or holds, then UTC."""
    there = Path(next(path for path in ("/usr/share/zoneinfo/Europe/Berlin",) if Path(path).exists()))
    linked, copied, nothing = tmp_path / "linked", tmp_path / "copied", tmp_path / "nothing"
    linked.symlink_to(there)
    copied.write_bytes(there.read_bytes())
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    assert _machine_zone({"TZ": "Asia/Tokyo"}, linked) == ZoneInfo("Asia/Tokyo")
    assert _machine_zone({}, linked) == ZoneInfo("Europe/Berlin")
    assert summer.astimezone(_machine_zone({}, copied)).utcoffset() == timedelta(hours=2)
    assert _machine_zone({}, nothing) == UTC
