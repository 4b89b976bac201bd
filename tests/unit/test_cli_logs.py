"""Log lines: one a zone changed, the retry lines of the specification, for people or as JSON, without secrets."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from cli_reports import CHANGED, DOWN, FAILED, LEFT_OUT, NOTHING

from netbox_pdns.cli.logs import log_breakers, log_locks, log_retries, log_zones, make_logger
from netbox_pdns.errors import TransientError
from netbox_pdns.resilience.breaker import BreakerChanged, BreakerState
from netbox_pdns.resilience.locks import LockAcquired, LockEvent, LockReleased, LockTimedOut, LockWanted
from netbox_pdns.resilience.retry import RetryDetails
from netbox_pdns.sync.events import RunStarted, TargetFailed, ZoneDone
from netbox_pdns.sync.outcome import ZoneOutcome

SECRET = "canary-e3b0c44298fc1c14"
APPLIED = replace(CHANGED, applied=True, serial=8, batches=1, seconds=0.25)


def _json_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_zone_changed_is_one_line_with_counts_and_duration(capsys: pytest.CaptureFixture[str]) -> None:
    """For machines all the numbers stand in it, the zeros, too."""
    log_zones(make_logger("INFO", "json"))(ZoneDone(APPLIED))
    line = _json_line(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert line == {
        "level": "info",
        "event": "zone changed",
        "zone": "example.com.",
        "target": "pdns",
        "action": "update",
        "added": 1,
        "removed": 1,
        "rrsets": 1,
        "left_out": 0,
        "held": 0,
        "serial": 8,
        "batches": 1,
        "seconds": 0.25,
    }


def test_people_get_the_zone_first_and_no_zeros(capsys: pytest.CaptureFixture[str]) -> None:
    """The console's line begins with when and what, then the zone, then the numbers that say something."""
    log_zones(make_logger("INFO", "console"))(ZoneDone(APPLIED))
    line = capsys.readouterr().err
    assert re.sub(r"^\S+", "TIME", line) == (
        "TIME [info] zone changed zone=example.com. target=pdns action=update added=1 removed=1 rrsets=1 serial=8 "
        "batches=1 seconds=0.25\n"
    )


@pytest.mark.parametrize(
    ("event", "level", "words"),
    [
        pytest.param(ZoneDone(APPLIED), "info", "zone changed", id="changed"),
        pytest.param(ZoneDone(FAILED), "error", "zone failed", id="failed"),
        pytest.param(ZoneDone(NOTHING), "debug", "zone unchanged", id="unchanged"),
        pytest.param(ZoneDone(CHANGED), "debug", "zone planned", id="dry-run"),
        pytest.param(ZoneDone(replace(LEFT_OUT, plan=None)), "debug", "zone gone", id="gone"),
        pytest.param(TargetFailed("pdns", DOWN), "error", "target failed", id="target"),
        pytest.param(RunStarted("pdns", 2, 1), "debug", "run started", id="started"),
    ],
)
def test_what_happens_has_its_level(event: Any, level: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Changes are told, failures are errors, and what is as it should be is for those who debug."""
    log_zones(make_logger("DEBUG", "json"))(event)
    line = _json_line(capsys)
    assert (line["level"], line["event"]) == (level, words)


@pytest.mark.parametrize(
    ("level", "shown"),
    [("DEBUG", ["debug", "info", "error"]), ("INFO", ["info", "error"]), ("ERROR", ["error"]), ("CRITICAL", [])],
)
def test_the_log_level_is_the_least_that_is_written(
    level: str, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """NETBOX_PDNS_LOG_LEVEL decides which lines there are."""
    listen = log_zones(make_logger(level, "json"))
    outcomes: list[ZoneOutcome] = [NOTHING, APPLIED, FAILED]
    for outcome in outcomes:
        listen(ZoneDone(outcome))
    assert [json.loads(line)["level"] for line in capsys.readouterr().err.splitlines()] == shown


@pytest.mark.parametrize(
    ("attempt", "delay", "level", "line"),
    [
        pytest.param(
            1, 1.23, "warning", "Function patch_zone failed (attempt 1/3): Connection timeout. Retrying in 1.2s", id="1"
        ),
        pytest.param(
            2, 2.4, "warning", "Function patch_zone failed (attempt 2/3): Connection timeout. Retrying in 2.4s", id="2"
        ),
        pytest.param(3, None, "error", "Function patch_zone failed after 3 attempts: Connection timeout", id="last"),
    ],
)
def test_retries_are_told_in_the_form_of_the_specification(
    attempt: int, delay: float | None, level: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each failed attempt is a warning with the time until the next, the last one an error."""
    details = RetryDetails("patch_zone", attempt, 3, TransientError("Connection timeout"), delay)
    log_retries(make_logger("INFO", "json"))(details)
    told = _json_line(capsys)
    assert (told["level"], told["event"]) == (level, line)


@pytest.mark.parametrize(
    ("event", "level", "line"),
    [
        pytest.param(
            BreakerChanged("PowerDNS (b)", BreakerState.CLOSED, BreakerState.OPEN, "no answer", 30.0),
            "error", "Circuit breaker of PowerDNS (b) is open: no answer. No calls for 30s", id="opens",
        ),
        pytest.param(
            BreakerChanged("NetBox", BreakerState.OPEN, BreakerState.HALF_OPEN, "trial"),
            "info", "Circuit breaker of NetBox is half-open: trial", id="tries",
        ),
        pytest.param(
            BreakerChanged("NetBox", BreakerState.HALF_OPEN, BreakerState.CLOSED, "it answers again"),
            "warning", "Circuit breaker of NetBox is closed: it answers again", id="closes",
        ),
    ],
)  # fmt: skip
def test_how_a_circuit_breaker_stands_is_told(
    event: BreakerChanged, level: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """That a server is left alone is an error; that it is asked again is shown to whoever read of the error."""
    log_breakers(make_logger("INFO", "json"))(event)
    told = _json_line(capsys)
    assert (told["level"], told["event"]) == (level, line)


@pytest.mark.parametrize(
    ("event", "level", "line"),
    [
        pytest.param(LockWanted("X"), "debug", "Attempting to acquire lock for operation: X", id="wanted"),
        pytest.param(LockAcquired("X", 0.0012), "debug", "Lock acquired for X (waited 0.001s)", id="at-once"),
        pytest.param(LockAcquired("X", 1.0), "debug", "Lock acquired for X (waited 1.000s)", id="within-a-second"),
        pytest.param(LockAcquired("X", 2.344), "warning", "Lock acquired for X after 2.34s wait", id="contended"),
        pytest.param(
            LockReleased("X", 0.001, 45.2332), "debug",
            "Lock released for X (total operation time: 45.234s)", id="released",
        ),
        pytest.param(
            LockTimedOut("X", 30.0), "error", "Failed to acquire lock for X within 30 seconds", id="not-had-in-time"
        ),
    ],
)  # fmt: skip
def test_locks_are_told_in_the_form_of_the_specification(
    event: LockEvent, level: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wait of more than a second is a warning, one in vain an error; the rest is for those who debug."""
    log_locks(make_logger("DEBUG", "json"))(event)
    told = _json_line(capsys)
    assert (told["level"], told["event"]) == (level, line)


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_line_has_a_secret(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever value of a line repeats one, inside lists, too."""
    logger = make_logger("DEBUG", form, [SECRET])
    said = f"said {SECRET}"
    logger.error(said, error=SECRET, more=[SECRET, {"a": SECRET}])
    printed = capsys.readouterr().err
    assert SECRET not in printed
    assert printed.count("********") == 4


def test_a_line_stays_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What a server says cannot forge a line of the log, nor steer the terminal."""
    make_logger("INFO", "console").warning("said", error="a\nb\x1b[2J")
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "\x1b" not in printed
