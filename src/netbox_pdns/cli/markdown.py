"""A plan as Markdown, made to be a comment on a merge request: the sum first, then each zone, then what needs a person.

GitHub takes comments of 65,536 characters: what does not fit is cut zone by zone, and says how much there was. Pure.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from netbox_pdns.cli import report as reports
from netbox_pdns.cli.text import summary_line, what_happens
from netbox_pdns.planning import render
from netbox_pdns.planning.values import Held, LeftOut
from netbox_pdns.redaction import printable
from netbox_pdns.sync.outcome import SyncReport

LARGEST = 60_000
"""Characters that a comment may have; room is left for what others write around it."""
_FOLDED = 15
"""A zone with more lines than this is folded."""
_LONGEST_TEXT = 400
"""Characters of a message that are shown."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Limits:
    """How much is shown: lines of a zone, and zones or other entries of a list."""

    lines: int
    entries: int


_LIMITS = [_Limits(1000, 1000), _Limits(200, 500), _Limits(50, 200), _Limits(20, 100), _Limits(5, 50), _Limits(3, 5)]


def markdown(report: SyncReport, *, largest: int = LARGEST) -> str:
    """Return the plan of a dry run with at most *largest* characters."""
    zones = tuple(_sections(report))
    page = ""
    for limits in _LIMITS:
        page = _page(report, zones, limits)
        if len(page) <= largest:
            break
    return page[:largest]


@dataclass(frozen=True, slots=True)
class _Section:
    """One zone's part of the page, before it is cut."""

    title: str
    lines: Sequence[str]
    notes: str

    def cut(self, limits: _Limits) -> str:
        """Return it with as many lines as are allowed."""
        if not self.lines:
            return f"### {self.title}{self.notes}"
        text = _diff(self.lines, limits)
        if len(self.lines) <= _FOLDED:
            return f"### {self.title}\n\n{text}{self.notes}"
        return f"### {self.title}{self.notes}\n\n{_folded(f'{len(self.lines):,} lines', text)}"


def _page(report: SyncReport, zones: Sequence[_Section], limits: _Limits) -> str:
    blocks = [
        f"## Plan\n\n**{_prose(summary_line(report))}**",
        *_some(zones, limits, lambda section: section.cut(limits), "zones"),
        *_held(report, limits),
        *_left_out(report, limits),
        *_failed(report, limits),
    ]
    return printable("\n\n".join(blocks)) + "\n"


def _sections(report: SyncReport) -> Iterator[_Section]:
    waiting = {(target.name, held.zone) for target in report.targets for held in target.held}
    for outcome in report.outcomes:
        plan = outcome.plan
        if plan is None or (plan.is_empty and not plan.foreign and not plan.notes):
            continue
        rows = render.rows(plan)
        what = what_happens(outcome, plan, rows, held=(outcome.target, outcome.zone) in waiting)
        yield _Section(
            title=f"{_code(plan.zone)} on {_code(plan.target)}: {_prose(what)}",
            lines=render.aligned(rows),
            notes="".join(f"\n\n> {_prose(note)}" for note in plan.notes),
        )


def _held(report: SyncReport, limits: _Limits) -> Iterator[str]:
    held = reports.held(report)
    if held:
        yield f"### Held ({len(held):,}): waits for a word"
    yield from _some(held, limits, lambda each: _held_entry(*each, limits), "held")


def _held_entry(target: str, held: Held, limits: _Limits) -> str:
    text = f"**{_code(held.zone)} on {_code(target)}, {held.reason}**: {_prose(held.detail)}"
    lines = render.change_lines(held.changes)
    if lines:
        text += f"\n\n{_folded(f'{len(lines):,} lines that wait', _diff(lines, limits))}"
    return f"{text}\n\nTo let it through: {_code(held.command)}"


def _left_out(report: SyncReport, limits: _Limits) -> Iterator[str]:
    records = reports.left_out(report)
    if records:
        yield f"### Left out ({len(records):,}): cannot be served; the rest is"
        rows = ["| record | on | why |", "| --- | --- | --- |"]
        rows += [
            f"| {_linked(record)} | {_cell(_code(target))} | {_prose(record.reason)} |"
            for target, record in records[: limits.entries]
        ]
        yield "\n".join(rows)
        yield from _more(len(records), limits, "records")


def _failed(report: SyncReport, limits: _Limits) -> Iterator[str]:
    failures = reports.failures(report)
    if failures:
        yield f"### Failed ({len(failures):,})"
    lines = []
    for failure in failures[: limits.entries]:
        where = _code(failure.target) if failure.zone is None else f"{_code(failure.zone)} on {_code(failure.target)}"
        hint = f"<br>hint: {_prose(failure.error.hint)}" if failure.error.hint else ""
        lines.append(f"- {where}: {_prose(str(failure.error))}{hint}")
    if lines:
        yield "\n".join(lines)
    yield from _more(len(failures), limits, "failures")


def _some(entries: Sequence[T], limits: _Limits, shown: Callable[[T], str], what: str) -> Iterator[str]:
    yield from (shown(entry) for entry in islice(entries, limits.entries))
    yield from _more(len(entries), limits, what)


def _more(count: int, limits: _Limits, what: str) -> Iterator[str]:
    if count > limits.entries:
        yield f"… and {count - limits.entries:,} more {what}"


def _diff(lines: Sequence[str], limits: _Limits) -> str:
    """Return *lines* as a block that is coloured, behind a fence that none of them ends."""
    shown = list(lines[: limits.lines])
    if len(lines) > limits.lines:
        shown.append(f"… and {len(lines) - limits.lines:,} more")
    fence = _fence("\n".join(shown), 3)
    return "\n".join([f"{fence}diff", *shown, fence])


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{html.escape(summary)}</summary>\n\n{text}\n\n</details>"


def _linked(record: LeftOut) -> str:
    text = _cell(_code(f"{record.name} {record.type}"))
    return f"[{text}]({record.url})" if record.url else text


def _code(text: str) -> str:
    """Return *text* as code within a line, whatever is in it."""
    fence = _fence(text, 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _prose(text: str) -> str:
    """Return *text* so that nothing of it is taken for Markdown or HTML, on one line."""
    one_line = " ".join(text.split())
    cut = one_line if len(one_line) <= _LONGEST_TEXT else f"{one_line[:_LONGEST_TEXT]}…"
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", cut)


def _fence(text: str, least: int) -> str:
    return "`" * max(least, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
