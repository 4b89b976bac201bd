"""What a run prints for people: plan, attention, summary, notes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cli_reports import CHANGED, DOWN, FAILED, FOREIGN, GOING, GOING_HELD, HELD, LEFT_OUT, NOTHING, WRONG, report

from netbox_pdns.cli.plan import Output, print_report
from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.cli.text import print_attention, print_summary, warn_of_unmatched
from netbox_pdns.planning.values import Action, TargetZone
from netbox_pdns.sync.outcome import SyncRequest, ZoneOutcome


@pytest.mark.parametrize(
    ("zone", "heading"),
    [
        pytest.param(CHANGED, "example.com. on pdns: changes: 1 changed", id="changed"),
        pytest.param(GOING, "example.com. on pdns: goes", id="goes"),
        pytest.param(
            replace(CHANGED, observe_only=True),
            "example.com. on pdns: changes: 1 changed (observed only, not applied)",
            id="observed",
        ),
        pytest.param(FOREIGN, "example.com. on pdns: foreign, is not touched; it differs: 1 changed", id="foreign"),
        pytest.param(
            replace(CHANGED, plan=replace(CHANGED.plan, changes=())),  # type: ignore[type-var]  # it has a plan
            "example.com. on pdns: the SOA alone changes",
            id="soa-alone",
        ),
        pytest.param(
            replace(CHANGED, plan=replace(CHANGED.plan, action=Action.CREATE)),  # type: ignore[type-var]  # it has a plan
            "example.com. on pdns: new zone: 1 changed",
            id="new",
        ),
    ],
)
def test_a_zone_begins_with_what_happens_to_it(
    zone: ZoneOutcome, heading: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The heading says what becomes of the zone and how much of it changes, so that a long plan can be skimmed."""
    print_report(Terminal(), report(zone), Output.TEXT)
    assert capsys.readouterr().out.splitlines()[0] == heading


def test_nothing_to_do_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Where all is well there is nothing to read."""
    print_report(Terminal(), report(NOTHING), Output.TEXT)
    assert capsys.readouterr().out == "1 zone: nothing to apply, 0 left out, 0 held, 0 failed, 1.5 s\n"


@pytest.mark.parametrize(
    ("zones", "fields", "words"),
    [
        pytest.param(
            [LEFT_OUT],
            {},
            ["Left out (1)", "n.example.com. NULL", "zone example.com. on pdns: ", "NetBox record 2: "],
            id="left-out",
        ),
        pytest.param(
            [HELD],
            {},
            ["Held (1)", "example.com. on pdns, unexplained: ", "- h1.example.com. 60 A 192.0.2.1"],
            id="held-with-its-changes",
        ),
        pytest.param(
            [GOING],
            {"held": (GOING_HELD,)},
            ["to let it through: netbox-pdns sync --force zones --zone example.com"],
            id="held-with-its-command",
        ),
        pytest.param(
            [FAILED], {}, ["example.com. on pdns: it does not answer", "hint: is it running?"], id="zone-failed"
        ),
        pytest.param([], {"error": WRONG}, ["Failed (1)", "  pdns: the key is wrong", "hint: correct it"], id="target"),
    ],
)
def test_what_needs_attention_comes_with_its_mend(
    zones: list[ZoneOutcome], fields: dict[str, Any], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Left out, held and failed are listed apart, each with the reason and what can be done."""
    print_attention(Terminal(), report(*zones, **fields))
    printed = capsys.readouterr().out
    assert [word for word in words if word not in printed] == []


@pytest.mark.parametrize("verbose", [True, False])
def test_causes_are_shown_with_v(verbose: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """`-v` shows what lies beneath a failure, all the way down."""
    error = type(DOWN)("it does not answer")
    error.__cause__ = OSError("no route")
    error.__cause__.__cause__ = ValueError("a cable is loose")
    print_attention(Terminal(verbose=verbose), report(replace(FAILED, error=error)))
    printed = capsys.readouterr().out
    assert ("caused by: OSError: no route" in printed) == verbose
    assert ("caused by: ValueError: a cable is loose" in printed) == verbose


@pytest.mark.parametrize(
    ("zone", "dry_run", "line"),
    [
        pytest.param(CHANGED, True, "1 zone: 1 to change (1 RRset), 0 left out, 0 held, 0 failed, 1.5 s", id="dry-run"),
        pytest.param(
            replace(CHANGED, applied=True),
            False,
            "1 zone: 1 changed (1 RRset), 0 left out, 0 held, 0 failed, 1.5 s",
            id="applied",
        ),
        pytest.param(NOTHING, False, "1 zone: nothing was changed, 0 left out, 0 held, 0 failed, 1.5 s", id="nothing"),
        pytest.param(FAILED, False, "1 zone: nothing was changed, 0 left out, 0 held, 1 failed, 1.5 s", id="failed"),
    ],
)
def test_the_summary_is_one_line(
    zone: ZoneOutcome, dry_run: bool, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Zones, RRsets, left out, held, failed and the duration, in this order."""
    print_summary(Terminal(), report(zone, dry_run=dry_run))
    assert capsys.readouterr().out == f"{line}\n"


@pytest.mark.parametrize(
    ("request_", "error", "notes"),
    [
        pytest.param(SyncRequest(zones=("exam*",)), None, [], id="fits"),
        pytest.param(SyncRequest(zones=("other.*",)), None, [], id="fits-a-foreign-zone"),
        pytest.param(SyncRequest(zones=("exmaple.com",)), None, ["no zone fits 'exmaple.com'"], id="misspelt"),
        pytest.param(SyncRequest(zones=("exmaple.com",)), DOWN, [], id="not-where-a-target-was-not-listed"),
        pytest.param(SyncRequest(adopt=("example.com",)), None, ["no foreign zone fits"], id="nothing-to-adopt"),
    ],
)
def test_a_pattern_that_fits_nothing_is_told(
    request_: SyncRequest, error: Any, notes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt zone does not pass for one where nothing is to do."""
    there = report(NOTHING, error=error, foreign=(TargetZone("other.example.", "Native", "", 1),))
    warn_of_unmatched(Terminal(), there, request_)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(notes)
    assert all(note in line for note, line in zip(notes, lines, strict=True))
