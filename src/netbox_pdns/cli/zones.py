"""`netbox-pdns zones`: every zone of every target, whose it is, and whether it is as NetBox wants it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Json, Verbose, Zones

if TYPE_CHECKING:
    from netbox_pdns.cli.documents import ZoneRow
    from netbox_pdns.cli.running import Session
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.planning.values import ZonePlan
    from netbox_pdns.sync.outcome import SyncReport, TargetReport, ZoneOutcome


def zones(zone: Zones = None, json: Json = False, verbose: Verbose = False) -> None:
    """List every zone with its serials, records, owner and differences; foreign and orphaned ones too."""
    from netbox_pdns.cli.running import run

    patterns = tuple(zone or ())

    async def action(session: Session) -> ExitStatus:
        return await _zones(session, patterns, json=json)

    run(action, verbose=verbose, json=json)


async def _zones(session: Session, patterns: Sequence[str], *, json: bool) -> ExitStatus:
    from netbox_pdns.cli.documents import ZonesDocument
    from netbox_pdns.cli.plan import dry_run
    from netbox_pdns.cli.report import exit_status
    from netbox_pdns.cli.text import print_failures, warn_of_unmatched
    from netbox_pdns.sync.outcome import SyncRequest

    request = SyncRequest(zones=tuple(patterns), dry_run=True)
    report = await dry_run(session, request)
    rows = sorted(rows_of(report), key=lambda row: (row.zone, row.target))
    if json:
        session.terminal.json(ZonesDocument(zones=tuple(rows)))
    else:
        _print(session.terminal, rows)
        print_failures(session.terminal, report)
        session.terminal.prose(_summary(rows), "bold")
    warn_of_unmatched(session.terminal, report, request)
    return exit_status(report)


def rows_of(report: SyncReport) -> Iterator[ZoneRow]:
    """Yield a row for every zone of *report*."""
    for target in report.targets:
        held = [each.zone for each in target.held]
        for outcome in target.outcomes:
            yield _row(outcome, held.count(outcome.zone))
        yield from _others(target)


def _row(outcome: ZoneOutcome, held: int) -> ZoneRow:
    from netbox_pdns.cli.documents import ZoneRow

    plan, listed = outcome.plan, outcome.observed
    served = None
    if listed is not None:
        served = listed.serial if listed.served_serial is None else listed.served_serial
    return ZoneRow(
        zone=outcome.zone,
        target=outcome.target,
        owner=_owner(outcome),
        view=None if outcome.ref is None else outcome.ref.view,
        netbox_serial=None if outcome.ref is None else outcome.ref.serial,
        served_serial=served or None,
        records=None if outcome.orphaned else outcome.records,
        differences=None if plan is None else _differences(plan),
        left_out=0 if plan is None else len(plan.left_out),
        held=held + (0 if plan is None else len(plan.held)),
        error=None if outcome.error is None else str(outcome.error),
    )


def _differences(plan: ZonePlan) -> int:
    """Count the RRsets that are not as NetBox wants them, the held ones among them."""
    changes = plan.differences if plan.foreign else plan.changes
    return len({change.key for change in (*changes, *(change for held in plan.held for change in held.changes))})


def _owner(outcome: ZoneOutcome) -> Literal["ours", "foreign", "orphaned", "absent"]:
    if outcome.observed is None:
        return "absent"
    if outcome.orphaned:
        return "orphaned"
    return "foreign" if outcome.foreign else "ours"


def _others(target: TargetReport) -> Iterator[ZoneRow]:
    from netbox_pdns.cli.documents import ZoneRow

    for zone in target.foreign:
        served = zone.serial if zone.served_serial is None else zone.served_serial
        yield ZoneRow(zone=zone.name, target=target.name, owner="foreign", served_serial=served or None)


def _print(terminal: Terminal, rows: Sequence[ZoneRow]) -> None:
    targets = len({row.target for row in rows}) > 1
    headings = ["Zone", *(["Target"] if targets else []), "Owner", ">NetBox", ">Served", ">Records", ">Differs", ""]
    cells = (
        [
            row.zone,
            *([row.target] if targets else []),
            row.owner,
            *(_number(each) for each in (row.netbox_serial, row.served_serial, row.records, row.differences)),
            _state(row),
        ]
        for row in rows
    )
    if rows:
        terminal.table(headings, zip(cells, (_style(row) for row in rows), strict=True))


def _number(number: int | None) -> str:
    return "-" if number is None else str(number)


def _style(row: ZoneRow) -> str:
    if row.error is not None:
        return "red"
    return {"foreign": "dim", "orphaned": "yellow", "absent": "cyan"}.get(
        row.owner, "yellow" if row.differences else ""
    )


def _state(row: ZoneRow) -> str:
    parts = [f"{count} {word}" for count, word in ((row.left_out, "left out"), (row.held, "held")) if count]
    return ", ".join([*parts, *(["failed"] if row.error else [])])


def _summary(rows: Sequence[ZoneRow]) -> str:
    """Return how many zones there are of each owner, and how many are not as NetBox wants them."""
    owners = Counter(row.owner for row in rows)
    parts = [f"{owners[owner]} {owner}" for owner in ("ours", "foreign", "orphaned", "absent") if owners[owner]]
    differing = sum(bool(row.differences) and row.owner != "orphaned" for row in rows)
    return f"{len(rows)} zones" + (f": {', '.join(parts)}; {differing} differ" if rows else "")
