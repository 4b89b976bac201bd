"""A run for people: the plan like a diff, what was left out, held and failed each apart, and the sum of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from netbox_pdns.cli import report as reports
from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.planning import render
from netbox_pdns.planning.values import Action, ZonePlan
from netbox_pdns.sync.outcome import SyncReport, SyncRequest, ZoneOutcome
from netbox_pdns.sync.patterns import matches

_STYLES = {"+": "green", "-": "red", "~": "yellow"}
_COUNTED = {"+": "added", "~": "changed", "-": "removed"}
_WORDS = {
    Action.CREATE: "new zone",
    Action.UPDATE: "changes",
    Action.ADOPT: "becomes ours",
    Action.DELETE: "goes",
    Action.NOTHING: "nothing to apply",
}


def print_plans(terminal: Terminal, report: SyncReport) -> None:
    """Print what is to apply, zone by zone, and how foreign zones differ."""
    waiting = {(target.name, held.zone) for target in report.targets for held in target.held}
    for outcome in report.outcomes:
        if outcome.plan is not None:
            _print_plan(terminal, outcome, outcome.plan, held=(outcome.target, outcome.zone) in waiting)


def print_attention(terminal: Terminal, report: SyncReport) -> None:
    """Print what was left out, what is held, and what failed, each with the mend."""
    _print_left_out(terminal, report)
    _print_held(terminal, report)
    print_failures(terminal, report)


def print_failures(terminal: Terminal, report: SyncReport) -> None:
    """Print what failed and the mend; with `-v` what caused it, too."""
    failed = reports.failures(report)
    if failed:
        terminal.line(f"Failed ({len(failed)})", "bold red")
    for failure in failed:
        where = failure.target if failure.zone is None else f"{failure.zone} on {failure.target}"
        terminal.prose(f"  {where}: {failure.error}")
        if failure.error.hint:
            terminal.prose(f"    hint: {failure.error.hint}")
        for cause in terminal.causes(failure.error):
            terminal.prose(f"    {cause}", "dim")


def print_summary(terminal: Terminal, report: SyncReport) -> None:
    """Print the run in numbers, in one line."""
    terminal.prose(summary_line(report), "bold yellow" if report.needs_attention else "bold green")


def summary_line(report: SyncReport) -> str:
    """Return the run in numbers, in one line."""
    return numbers_line(reports.summary(report), dry_run=report.dry_run)


def numbers_line(numbers: reports.Summary, *, dry_run: bool) -> str:
    """Return the numbers of a run in one line."""
    if numbers.changed == 0:
        done = "nothing to apply" if dry_run else "nothing was changed"
    else:
        done = f"{numbers.changed:,} {'to change' if dry_run else 'changed'} ({_many(numbers.rrsets, 'RRset')})"
    rest = f"{numbers.left_out:,} left out, {numbers.held:,} held, {numbers.failed:,} failed"
    rest += f", {numbers.foreign:,} foreign" if numbers.foreign else ""
    return f"{_many(numbers.zones, 'zone')}: {done}, {rest}, {numbers.seconds:.1f} s"


def warn_of_unmatched(terminal: Terminal, report: SyncReport, request: SyncRequest) -> None:
    """Say which patterns of *request* fit no zone at all, on any target; not where a target could not be listed."""
    if any(target.error is not None for target in report.targets):
        return
    there = {outcome.zone for outcome in report.outcomes}
    foreign = {zone.name for target in report.targets for zone in target.foreign}
    adoptable = {outcome.zone for outcome in report.outcomes if outcome.foreign}
    for patterns, zones, what in ((request.zones, there | foreign, "zone"), (request.adopt, adoptable, "foreign zone")):
        for pattern in patterns:
            if not any(matches(zone, (pattern,)) for zone in zones):
                terminal.notice(f"note: no {what} fits {pattern!r}; `netbox-pdns zones` lists them", "yellow")


def _print_plan(terminal: Terminal, outcome: ZoneOutcome, plan: ZonePlan, *, held: bool) -> None:
    if plan.is_empty and not plan.foreign and not plan.notes:
        return
    rows = render.rows(plan)
    terminal.prose(f"{plan.zone} on {plan.target}: {what_happens(outcome, plan, rows, held=held)}", "bold")
    _print_lines(terminal, render.aligned(rows), "  ")
    for note in plan.notes:
        terminal.prose(f"  {note}", "yellow")
    terminal.line()


def what_happens(outcome: ZoneOutcome, plan: ZonePlan, rows: Iterable[render.Row], *, held: bool) -> str:
    """Return what the plan does with the zone, in words and numbers; *held* where its end as a whole waits."""
    if held:
        return "held, see below"
    counts = Counter(row.mark for row in rows if row.type != "SOA")
    numbers = ", ".join(f"{counts[mark]:,} {word}" for mark, word in _COUNTED.items() if counts[mark])
    if plan.foreign and plan.is_empty:
        return "foreign, is not touched" + (f"; it differs: {numbers}" if numbers else "")
    what = "the SOA alone changes" if plan.action is Action.UPDATE and not plan.changes else _WORDS[plan.action]
    what += f": {numbers}" if numbers else ""
    return f"{what} (observed only, not applied)" if outcome.observe_only else what


def _print_left_out(terminal: Terminal, report: SyncReport) -> None:
    records = reports.left_out(report)
    if records:
        terminal.line(f"Left out ({len(records)}): cannot be served; the rest is", "bold yellow")
    for target, record in records:
        terminal.prose(f"  {record.name} {record.type} {render.cut(record.value)}")
        terminal.prose(f"    zone {record.zone} on {target}: {record.reason}")
        if record.record_id is not None:
            terminal.line(f"    NetBox record {record.record_id}: {record.url}", "dim")


def _print_held(terminal: Terminal, report: SyncReport) -> None:
    waiting = reports.held(report)
    if waiting:
        terminal.line(f"Held ({len(waiting)}): waits for a word", "bold magenta")
    for target, held in waiting:
        terminal.prose(f"  {held.zone} on {target}, {held.reason}: {held.detail}")
        _print_lines(terminal, render.change_lines(held.changes), "    ")
        terminal.line(f"    to let it through: {held.command}", "bold")


def _print_lines(terminal: Terminal, lines: Iterable[str], indent: str) -> None:
    for line in lines:
        terminal.prose(indent + line, _STYLES.get(line[:1], ""))


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
