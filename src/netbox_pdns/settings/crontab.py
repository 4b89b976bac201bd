"""Cron expressions: when the next time is, with time zones and daylight saving as cron has them.

As Debian's cron(8) says: a time that the clock jumps over is made up for right after the jump, one that comes twice counts
once; an expression with a `*` for the minute or the hour goes by the time that really passes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

NEVER = "never"
_FIELDS = 5
_LOCALTIME = Path("/etc/localtime")
_ZONES = "zoneinfo/"


@dataclass(frozen=True, slots=True)
class Crontab:
    """A cron expression of five fields in a time zone. Both are as `parsed` and `time_zone` checked them."""

    expression: str
    zone: tzinfo

    def after(self, instant: float) -> float | None:
        """Return the first of its times past *instant* (seconds since 1970); None where none comes within 50 years."""
        for time in CronSim(self.expression, datetime.fromtimestamp(instant, self.zone)):
            # Where the clock is put back or forward, one wall time after the other need not be one instant after the other.
            if time.timestamp() > instant:
                return time.timestamp()
        return None


def parsed(text: str) -> str:
    """Return the cron expression of *text*, or nothing for `never`; raises ValueError with what is wrong."""
    text = " ".join(text.split())
    if text.lower() in {"", NEVER}:
        return ""
    fields = text.count(" ") + 1
    if fields != _FIELDS:
        raise ValueError(f"{text!r} has {fields} fields: minute, hour, day of month, month, day of week are needed")
    try:
        times = CronSim(text, datetime.now(UTC))
    except (CronSimError, AssertionError) as error:
        raise ValueError(f"{text!r} is no cron expression: {_reason(error)}") from error
    if next(times, None) is None:
        raise ValueError(f"{text!r} is a time that never comes")
    return text


def _reason(error: Exception) -> str:
    what = str(error).removeprefix("Bad ").replace("-", " ")
    return f"the {what} is wrong" if what else "it cannot be read"


def time_zone(name: str) -> tzinfo:
    """Return the time zone *name*, like `Europe/Berlin`; without one the machine's. Raises ValueError for an unknown one."""
    if not name:
        return _machine_zone(os.environ, _LOCALTIME)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"{name!r} is no time zone that this machine knows (Debian has them in the package tzdata)"
        ) from error


def _machine_zone(environ: Mapping[str, str], localtime: Path) -> tzinfo:
    """Return the zone that the variable TZ names, else the one that *localtime* is; else UTC."""
    if named := environ.get("TZ", "").removeprefix(":"):
        try:
            return ZoneInfo(named)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return UTC  # as the C library does
    try:
        _, _, linked = str(localtime.resolve()).partition(_ZONES)
        if linked:
            return ZoneInfo(linked)
        with localtime.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
