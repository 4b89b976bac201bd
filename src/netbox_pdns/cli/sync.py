"""`netbox-pdns sync`: apply what the plan says, or what a plan that was saved and reviewed says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Adopt, Force, Json, Verbose, Zones, hold_reasons

if TYPE_CHECKING:
    from netbox_pdns.cli.running import Session
    from netbox_pdns.sync.outcome import SyncReport, SyncRequest

_PATIENCE = 300.0
"""Seconds that the service is waited for, unless said otherwise."""


def sync(
    zone: Zones = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", metavar="", help="Plan, and write nothing.")] = False,
    force: Force = None,
    adopt: Adopt = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            help="Apply what was saved with plan --save, and nothing else. All its zones are looked at first: where one is "
            "not as it was, in NetBox or in PowerDNS, nothing at all is applied, what moved is named, and the exit status "
            "is 1.",
        ),
    ] = None,
    remote: Annotated[
        bool,
        typer.Option(
            "--remote", metavar="", help="Have the service (netbox-pdns serve) do it, wait, and print what came of it."
        ),
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            min=0,
            help="With --remote: wait for so long, 300 unless given; 0 waits without end. What the service has not looked "
            "at by then has failed, is named with how its target stands, and will still be done.",
        ),
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Bring each PowerDNS to what NetBox holds, and say what was left out and what is held."""
    reasons = hold_reasons(force or [])
    if plan is not None and (zone or force or adopt):
        raise typer.BadParameter("a saved plan has its zones, and what is forced and adopted", param_hint="--plan")
    if remote and (plan is not None or dry_run or force or adopt):
        raise typer.BadParameter(
            "the service looks at zones as they are; run the other without it", param_hint="--remote"
        )
    if timeout is not None and not remote:
        raise typer.BadParameter("is for what the service does: give --remote, too", param_hint="--timeout")

    from netbox_pdns.cli.running import run
    from netbox_pdns.sync.outcome import SyncRequest

    request = SyncRequest(tuple(zone or ()), dry_run, reasons, tuple(adopt or ()))

    async def action(session: Session) -> ExitStatus:
        if remote:
            limit = _PATIENCE if timeout is None else timeout
            return await _remote(session, request.zones, limit, json=json)
        if plan is None:
            return await _sync(session, request, json=json)
        return await _sync(*_reviewed(session, plan, dry_run=dry_run), json=json)

    run(action, verbose=verbose, json=json)


async def _sync(session: Session, request: SyncRequest, *, json: bool) -> ExitStatus:
    from netbox_pdns.cli import as_documents
    from netbox_pdns.cli.plan import Output, print_report
    from netbox_pdns.cli.report import exit_status
    from netbox_pdns.cli.text import print_attention, print_summary, warn_of_unmatched

    report = await _run(session, request)
    if json:
        session.terminal.json(as_documents.run(report))
    elif request.dry_run:
        print_report(session.terminal, report, Output.TEXT)
    else:
        print_attention(session.terminal, report)
        print_summary(session.terminal, report)
    warn_of_unmatched(session.terminal, report, request)
    return exit_status(report)


async def _remote(session: Session, zones: tuple[str, ...], limit: float, *, json: bool) -> ExitStatus:
    """Have the service do it, and print it as if it had been done here."""
    from netbox_pdns.cli import as_documents
    from netbox_pdns.cli.remote import open_remote
    from netbox_pdns.cli.remote_sync import RemoteSync
    from netbox_pdns.cli.report import exit_status
    from netbox_pdns.cli.text import numbers_line, print_attention

    terminal = session.terminal
    with terminal.waiting("the service looks"):
        async with open_remote(session.settings) as remote:
            run = await RemoteSync(remote, limit).run(zones)
    needs_attention = exit_status(run.report) is not ExitStatus.DONE or run.numbers.foreign > 0
    if json:
        terminal.json(as_documents.run(run.report, run.numbers))
    else:
        print_attention(terminal, run.report)
        terminal.prose(numbers_line(run.numbers, dry_run=False), "bold yellow" if needs_attention else "bold green")
    return ExitStatus.ATTENTION if needs_attention else ExitStatus.DONE


def _reviewed(session: Session, file: Path, *, dry_run: bool) -> tuple[Session, SyncRequest]:
    """Return what applies the saved plan in *file*: the settings of its targets, and its request."""
    from netbox_pdns.cli.reviewing import request_for, settings_for
    from netbox_pdns.store.plan_file import read_plan

    saved = read_plan(file)
    settings = settings_for(saved, session.settings)
    return replace(session, settings=settings), replace(request_for(saved), dry_run=dry_run)


async def _run(session: Session, request: SyncRequest) -> SyncReport:
    """Run the engine, one run at a time in this data directory; a dry run needs neither the lock nor the directory."""
    from contextlib import AsyncExitStack

    from netbox_pdns.cli.logs import log_locks, log_retries, log_zones
    from netbox_pdns.cli.plan import dry_run
    from netbox_pdns.cli.progress import both, shown_progress
    from netbox_pdns.cli.wiring import open_engine
    from netbox_pdns.store.removed import writable
    from netbox_pdns.store.run_lock import run_lock
    from netbox_pdns.sync.reviewed import must_be_as_reviewed

    async with AsyncExitStack() as stack:
        if not request.dry_run:
            directory = writable(session.settings.data_dir)
            await stack.enter_async_context(run_lock(directory, listener=log_locks(session.logger)))
        if request.reviewed is not None:
            checked = await dry_run(session, replace(request, dry_run=True))
            must_be_as_reviewed(checked)
            if request.dry_run:
                return checked
        listener = stack.enter_context(shown_progress(session.terminal.err))
        if not request.dry_run:
            listener = both(log_zones(session.logger), listener)
        hook = log_retries(session.logger)
        engine = await stack.enter_async_context(open_engine(session.settings, listener=listener, hook=hook))
        return await engine.run(request)
