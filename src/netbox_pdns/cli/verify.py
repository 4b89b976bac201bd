"""`netbox-pdns verify`: does DNS show what NetBox wants? Missing, stale and extra, grouped by zone."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Json, Verbose, Zones

if TYPE_CHECKING:
    from netbox_pdns.cli.running import Session
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.sync.verification import FoundRRset, ServerReport, Verification, VerifyRequest

_STYLES = {"missing": "red", "stale": "yellow", "extra": "magenta", "unanswered": "bold red"}


def verify(
    zone: Zones = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="NAME", help="Only this target; may be given several times."),
    ] = None,
    nameservers: Annotated[
        bool, typer.Option("--nameservers", metavar="", help="Ask the name servers of every zone, too.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Ask DNS for everything that NetBox wants, and report what is missing, stale or extra."""
    from netbox_pdns.cli.running import run
    from netbox_pdns.sync.verification import VerifyRequest

    request = VerifyRequest(tuple(zone or ()), tuple(target or ()), nameservers)

    async def action(session: Session) -> ExitStatus:
        return await _verify(session, request, json=json)

    run(action, verbose=verbose, json=json)


async def _verify(session: Session, request: VerifyRequest, *, json: bool) -> ExitStatus:
    from netbox_pdns.cli import as_documents
    from netbox_pdns.cli.logs import log_retries
    from netbox_pdns.cli.progress import shown_count
    from netbox_pdns.cli.wiring import open_parts
    from netbox_pdns.sync.verifier import Verifier

    _must_be_known(request, [each.name for each in session.settings.targets])
    with shown_count(session.terminal.err, "asking DNS") as tell:
        async with open_parts(session.settings, hook=log_retries(session.logger)) as parts:
            verifier = Verifier(parts.source, parts.targets, parts.kept, request, tell)
            result = await verifier.run()
    if json:
        session.terminal.json(as_documents.verification(result))
    else:
        print_verification(session.terminal, result)
    if not any(server.zones or server.error for server in result.servers):
        session.terminal.notice("note: there is no zone to ask for; `netbox-pdns zones` lists them", "yellow")
    return ExitStatus.DONE if result.as_wanted else ExitStatus.ATTENTION


def _must_be_known(request: VerifyRequest, known: list[str]) -> None:
    from netbox_pdns.errors import ConfigurationError

    for name in request.targets:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the targets are {', '.join(known)}"
            raise ConfigurationError(f"there is no target {name!r}", hint=hint)


def print_verification(terminal: Terminal, result: Verification) -> None:
    """Print what is not as wanted zone by zone, which servers could not be asked, and the sum in one line."""
    shown = sorted(_shown(terminal, result), key=lambda pair: (pair[1].zone, pair[0].kind != "target", pair[0].server))
    for (zone, _, label), pairs in itertools.groupby(shown, key=_group):
        terminal.prose(f"{zone} on {label}", "bold")
        for _, found in pairs:
            _print_found(terminal, found)
    for server in result.servers:
        _print_trouble(terminal, server)
    terminal.prose(_summary(result), "bold green" if result.as_wanted else "bold yellow")


def _shown(terminal: Terminal, result: Verification) -> Iterator[tuple[ServerReport, FoundRRset]]:
    """Yield what is told: what cannot be seen in DNS is, with `-v` alone."""
    from netbox_pdns.planning.verdicts import WARNINGS

    for server in result.servers:
        yield from ((server, each) for each in server.findings if terminal.verbose or each.finding not in WARNINGS)


def _group(pair: tuple[ServerReport, FoundRRset]) -> tuple[str, bool, str]:
    server, found = pair
    return found.zone, server.kind != "target", _label(server)


def _label(server: ServerReport) -> str:
    if server.kind == "target":
        return f"{server.server} ({server.address})" if server.address else server.server
    return f"the name server {server.server}" + (f" ({server.address})" if server.address else "")


def _print_found(terminal: Terminal, found: FoundRRset) -> None:
    from netbox_pdns.planning.render import cut

    style = _STYLES.get(found.finding, "") if found.alarm else "dim"
    what = f"{found.name} {found.type}" + (f": {found.answer}" if found.answer else "")
    terminal.prose(what, style, mark=f"  {found.finding:<10} ")
    for mark, rdatas in (("-", found.missing), ("+", found.extra)):
        word = "wanted" if mark == "-" else "served"
        for rdata in rdatas:
            terminal.prose(f"    {word}: {cut(rdata)}", "red" if mark == "-" else "green")
    if found.why:
        terminal.prose(f"    {found.why}")
    for url in found.urls if found.alarm else ():
        terminal.line(f"    NetBox: {url}", "dim")


def _print_trouble(terminal: Terminal, server: ServerReport) -> None:
    if server.error is not None:
        terminal.prose(f"{_label(server)} could not be asked: {server.error}", "bold red")
        if server.hint:
            terminal.prose(f"  hint: {server.hint}")
    for note in server.notes:
        terminal.prose(f"note: {_label(server)}: {note}", "yellow")


def _summary(result: Verification) -> str:
    asked = sum(server.asked for server in result.servers)
    seconds = max((server.seconds for server in result.servers), default=0.0)
    counts = result.counts
    numbers = {
        "missing": counts.missing,
        "stale": counts.stale,
        "extra": counts.extra,
        "unanswered": counts.unanswered,
        "of the servers could not be asked": sum(server.error is not None for server in result.servers),
    }
    state = ", ".join(f"{count:,} {word}" for word, count in numbers.items() if count) or "all as NetBox wants it"
    explained = f", {counts.explained:,} explained" if counts.explained else ""
    rate = f" ({asked / seconds:,.0f} a second while asking)" if seconds else ""
    servers = f"{len(result.servers):,} server" + ("" if len(result.servers) == 1 else "s")
    return f"{asked:,} questions to {servers}: {state}{explained}, {result.seconds:.1f} s{rate}"
