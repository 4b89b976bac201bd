"""Progress: zones done, their rate and what remains; on a terminal only."""

from __future__ import annotations

import io

import pytest
from cli_reports import NOTHING
from rich.console import Console

from netbox_pdns.cli.progress import both, shown_progress
from netbox_pdns.sync.events import Event, RunStarted, ZoneDone

EVENTS: list[Event] = [RunStarted("pdns", zones=1500, orphaned=1), *[ZoneDone(NOTHING)] * 1000]


def _shown(*, terminal: bool) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100, legacy_windows=False)
    with shown_progress(console) as listen:
        for event in EVENTS:
            listen(event)
    return stream.getvalue()


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """First that zones are listed, then the target with zones done of all, and their rate."""
    monkeypatch.setenv("TERM", "xterm")
    shown = _shown(terminal=True)
    assert "listing zones" in shown
    assert "1,000/1,501 zones" in shown
    assert "/s" in shown


def test_nobody_else_sees_any_of_it() -> None:
    """A log file holds lines, not bars."""
    assert _shown(terminal=False) == ""


@pytest.mark.parametrize("event", EVENTS[:2], ids=["run", "zone"])
def test_two_can_listen(event: Event) -> None:
    """Log and progress hear the same."""
    heard: list[Event] = []
    both(heard.append, heard.append)(event)
    assert heard == [event, event]
