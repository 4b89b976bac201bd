"""A run for people: the plan like a diff, what was left out, held and failed each apart, and the sum of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netbox_pdns.cli import report as reports
from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.planning import render
from netbox_pdns.planning.values import Action, ZonePlan
from netbox_pdns.sync.outcome import SyncReport, ZoneOutcome
from netbox_pdns.sync.patterns import matches

_STYLES = {"+": "green", "-": "red", "~": "yellow"}
_WORDS = {
    Action.CREATE: "new zone",
    Action.UPDATE: "changes",
    Action.ADOPT: "becomes ours",
    Action.DELETE: "goes",
    Action.NOTHING: "",
}


def print_plans(terminal: Terminal, report: SyncReport) -> None:
    """Print what is to apply, zone by zone, and how foreign zones differ."""
    waiting = {(target.name, held.zone) for target in report.targets for held in target.held}
    for outcome in report.outcomes:
        if outcome.plan is not None:
            _print_plan(terminal, outcome, outcome.plan, held=(outcome.target, outcome.zone) in waiting)


def print_attention(terminal: Terminal, report: SyncReport) -> None:
    """Print what was left out, what is held, and what failed, each with the mend."""
    if records := reports.left_out(report):
        _heading(terminal, f"Left out ({len(records)}): cannot be served; the rest is", "yellow")
        for target, record in records:
            terminal.line(f"  {record.name} {record.type} {_cut(record.value)}")
            terminal.line(f"    zone {record.zone} on {target}: {record.reason}")
            if record.record_id is not None:
                terminal.line(f"    NetBox record {record.record_id}: {record.url}", "dim")
    if waiting := reports.held(report):
        _heading(terminal, f"Held ({len(waiting)}): waits for a word", "magenta")
        for target, held in waiting:
            terminal.line(f"  {held.zone} on {target}, {held.reason}: {held.detail}")
            for change in held.changes:
                _print_lines(terminal, render.change_lines(change), "    ")
            terminal.line(f"    to let it through: {held.command}", "bold")
    if failed := reports.failures(report):
        _heading(terminal, f"Failed ({len(failed)})", "bold red")
        for failure in failed:
            where = failure.target if failure.zone is None else f"{failure.zone} on {failure.target}"
            terminal.line(f"  {where}: {failure.error}")
            if failure.error.hint:
                terminal.line(f"    hint: {failure.error.hint}")


def print_summary(terminal: Terminal, report: SyncReport) -> None:
    """Print the run in numbers, in one line."""
    numbers = reports.summary(report)
    if numbers.changed == 0:
        done = "nothing to apply" if report.dry_run else "nothing was changed"
    else:
        done = f"{_many(numbers.changed, 'zone')} {'to change' if report.dry_run else 'changed'}"
        done += f" ({_many(numbers.rrsets, 'RRset')})"
    rest = f"{numbers.left_out} left out, {numbers.held} held, {numbers.failed} failed"
    style = "bold yellow" if report.needs_attention else "bold green"
    terminal.line(f"{_many(numbers.zones, 'zone')}: {done}, {rest}, {numbers.seconds:.1f} s", style)


def warn_of_unmatched(terminal: Terminal, report: SyncReport, patterns: Sequence[str]) -> None:
    """Say which of *patterns* fit no zone at all, on any target."""
    zones = [outcome.zone for outcome in report.outcomes]
    zones += [zone.name for target in report.targets for zone in target.foreign]
    if any(target.error is not None for target in report.targets):
        return
    for pattern in patterns:
        if not any(matches(zone, (pattern,)) for zone in zones):
            terminal.notice(f"note: no zone fits {pattern!r}; `netbox-pdns zones` lists them", "yellow")


def _print_plan(terminal: Terminal, outcome: ZoneOutcome, plan: ZonePlan, *, held: bool) -> None:
    if plan.is_empty and not plan.foreign and not plan.notes:
        return
    terminal.line(f"{plan.zone} on {plan.target}: {_what(outcome, plan, held=held)}", "bold")
    _print_lines(terminal, render.lines(plan), "  ")
    for note in plan.notes:
        terminal.line(f"  {note}", "yellow")
    if plan.foreign and plan.is_empty:
        terminal.line(f"  to make it ours: netbox-pdns sync --adopt {plan.zone.rstrip('.')}", "dim")
    terminal.line()


def _what(outcome: ZoneOutcome, plan: ZonePlan, *, held: bool) -> str:
    if held:
        return "held, see below"
    if plan.foreign and plan.is_empty:
        count = len(plan.differences)
        return "foreign, " + (f"differs in {_many(count, 'RRset')}, is not touched" if count else "is not touched")
    if plan.action is Action.UPDATE and not plan.changes:
        what = "its serial grows"
    elif plan.action is Action.NOTHING:
        what = "nothing to apply"
    else:
        what = _WORDS[plan.action]
    return f"{what} (observed only, not applied)" if outcome.observe_only else what


def _print_lines(terminal: Terminal, lines: Iterable[str], indent: str) -> None:
    for line in lines:
        terminal.line(indent + line, _STYLES.get(line[:1], ""))


def _heading(terminal: Terminal, text: str, style: str) -> None:
    terminal.line(text, f"bold {style}".replace("bold bold", "bold"))


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def _cut(text: str) -> str:
    return text if len(text) <= render.LONGEST else f"{text[: render.LONGEST]}…"
