"""`netbox-pdns plan`: what would change, like a diff."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Adopt, Force, Json, Verbose, Zones, hold_reasons

if TYPE_CHECKING:
    from netbox_pdns.cli.running import Session
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.sync.events import Listener
    from netbox_pdns.sync.outcome import SyncReport, SyncRequest


class Output(StrEnum):
    """How a plan is printed."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


def plan(
    zone: Zones = None,
    force: Force = None,
    adopt: Adopt = None,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save", metavar="FILE", help="Save what is to apply, to be reviewed and applied by sync --plan FILE."
        ),
    ] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="How it is printed.")] = Output.TEXT,
    json: Json = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", metavar="", help="Exit with status 4 when there is something to apply.")
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Show what each PowerDNS would be changed to, and change nothing."""
    from netbox_pdns.cli.running import run
    from netbox_pdns.sync.outcome import SyncRequest

    if json and output not in {Output.TEXT, Output.JSON}:
        raise typer.BadParameter(f"--json and --output {output} are two forms; ask for one", param_hint="--json")
    request = SyncRequest(tuple(zone or ()), True, hold_reasons(force or []), tuple(adopt or ()))
    form = Output.JSON if json else output

    async def action(session: Session) -> ExitStatus:
        return await _plan(session, request, form, save=save, exit_code=exit_code)

    run(action, verbose=verbose, json=form is Output.JSON)


async def _plan(
    session: Session, request: SyncRequest, form: Output, *, save: Path | None, exit_code: bool
) -> ExitStatus:
    from netbox_pdns.cli.report import exit_status
    from netbox_pdns.cli.text import warn_of_unmatched

    report = await (dry_run(session, request) if save is None else _saved(session, request, save))
    print_report(session.terminal, report, form)
    warn_of_unmatched(session.terminal, report, request)
    return exit_status(report, tell_changes=exit_code)


async def _saved(session: Session, request: SyncRequest, file: Path) -> SyncReport:
    """Run the engine as `dry_run` does, and save what is to apply."""
    import shlex

    from netbox_pdns.cli.reviewing import Planned, saved_plan
    from netbox_pdns.store.plan_file import must_be_writable, write_plan

    must_be_writable(file)
    planned = Planned()
    report = await dry_run(session, request, planned)
    saved = saved_plan(session.settings, request, report, planned)
    write_plan(file, saved)
    how = f"netbox-pdns sync --plan {shlex.quote(str(file))}"
    session.terminal.notice(f"saved as {file}: {len(saved.zones)} zones to apply, with: {how}")
    return report


async def dry_run(session: Session, request: SyncRequest, *listeners: Listener) -> SyncReport:
    """Run the engine and write nothing; with `-v` the log has a line a zone. The *listeners* are told, too."""
    from netbox_pdns.cli.logs import log_retries, log_zones
    from netbox_pdns.cli.progress import both, shown_progress
    from netbox_pdns.cli.wiring import open_engine

    with shown_progress(session.terminal.err) as listener:
        for each in listeners:
            listener = both(each, listener)
        if session.terminal.verbose:
            listener = both(log_zones(session.logger), listener)
        async with open_engine(session.settings, listener=listener, hook=log_retries(session.logger)) as engine:
            return await engine.run(request)


def print_report(terminal: Terminal, report: SyncReport, form: Output) -> None:
    """Print the plans of a dry run in *form*."""
    from netbox_pdns.cli import as_documents
    from netbox_pdns.cli.markdown import markdown
    from netbox_pdns.cli.text import print_attention, print_plans, print_summary

    match form:
        case Output.JSON:
            terminal.json(as_documents.run(report))
        case Output.YAML:
            import yaml

            terminal.raw(yaml.safe_dump(terminal.data(as_documents.run(report)), sort_keys=False, allow_unicode=True))
        case Output.MARKDOWN:
            terminal.raw(markdown(report))
        case Output.TEXT:
            print_plans(terminal, report)
            print_attention(terminal, report)
            print_summary(terminal, report)
