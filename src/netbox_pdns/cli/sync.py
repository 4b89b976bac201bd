"""`netbox-pdns sync`: apply what the plan says."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Adopt, Force, Json, Verbose, Zones

if TYPE_CHECKING:
    from netbox_pdns.cli.running import Session
    from netbox_pdns.planning.values import HoldReason
    from netbox_pdns.sync.outcome import SyncReport, SyncRequest


def sync(
    zone: Zones = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", metavar="", help="Plan, and write nothing.")] = False,
    force: Force = None,
    adopt: Adopt = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Bring each PowerDNS to what NetBox holds, and say what was left out and what is held."""
    reasons = _reasons(force or [])

    from netbox_pdns.cli.running import run
    from netbox_pdns.sync.outcome import SyncRequest

    request = SyncRequest(tuple(zone or ()), dry_run, reasons, tuple(adopt or ()))

    async def action(session: Session) -> ExitStatus:
        return await _sync(session, request, json=json)

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


async def _run(session: Session, request: SyncRequest) -> SyncReport:
    """Run the engine, one run at a time in this data directory; a dry run needs neither the lock nor the directory."""
    from contextlib import AsyncExitStack

    from netbox_pdns.cli.logs import log_retries, log_wait, log_zones
    from netbox_pdns.cli.progress import both, shown_progress
    from netbox_pdns.cli.wiring import open_engine
    from netbox_pdns.store.removed import writable
    from netbox_pdns.store.run_lock import run_lock

    async with AsyncExitStack() as stack:
        listener = stack.enter_context(shown_progress(session.terminal.err))
        if not request.dry_run:
            directory = writable(session.settings.data_dir)
            await stack.enter_async_context(run_lock(directory, waited=log_wait(session.logger, "sync")))
            listener = both(log_zones(session.logger), listener)
        hook = log_retries(session.logger)
        engine = await stack.enter_async_context(open_engine(session.settings, listener=listener, hook=hook))
        return await engine.run(request)


def _reasons(given: list[str]) -> frozenset[HoldReason]:
    from netbox_pdns.planning.values import HoldReason

    words = [word.strip() for text in given for word in text.split(",") if word.strip()]
    known = [str(reason) for reason in HoldReason]
    all_words = f"the reasons are {', '.join(known)} and all"
    if given and not words:
        raise typer.BadParameter(f"names no reason; {all_words}", param_hint="--force")
    for word in words:
        if word not in {*known, "all"}:
            near = difflib.get_close_matches(word, [*known, "all"], n=1)
            like = f"did you mean {near[0]}? " if near else ""
            raise typer.BadParameter(f"{word!r} is no reason to hold; {like}{all_words}", param_hint="--force")
    return frozenset(HoldReason) if "all" in words else frozenset(map(HoldReason, words))
