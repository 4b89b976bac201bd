"""`netbox-pdns explain`: the story of one name, its conclusion first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Json, Verbose

if TYPE_CHECKING:
    from netbox_pdns.cli.running import Session
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.sync.explanation import Explanation, OnTarget, RRsetStory


def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A domain name, with or without the final dot.")],
    type: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="A record type; without it, all that there are.")
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Tell of one name what NetBox wants, what each PowerDNS has, what DNS answers, and why they differ."""
    from netbox_pdns.cli.running import run

    canonical, canonical_type = _canonical(name, type)

    async def action(session: Session) -> ExitStatus:
        return await _explain(session, canonical, canonical_type, json=json)

    run(action, verbose=verbose, json=json)


def _canonical(name: str, type: str | None) -> tuple[str, str | None]:
    from netbox_pdns.dns.names import canonical_name
    from netbox_pdns.dns.rdata import canonical_type
    from netbox_pdns.errors import DataError

    try:
        canonical = canonical_name(name)
    except DataError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from error
    try:
        return canonical, None if type is None else canonical_type(type.upper())
    except DataError as error:
        raise typer.BadParameter(str(error), param_hint="TYPE") from error


async def _explain(session: Session, name: str, type: str | None, *, json: bool) -> ExitStatus:
    from netbox_pdns.cli import as_documents
    from netbox_pdns.cli.logs import log_retries
    from netbox_pdns.cli.wiring import open_parts
    from netbox_pdns.sync.explainer import Explainer

    with session.terminal.waiting("asking NetBox, PowerDNS and DNS"):
        async with open_parts(session.settings, hook=log_retries(session.logger)) as parts:
            explainer = Explainer(parts.source, parts.targets, parts.kept)
            story = await explainer.explain(name, type)
    if json:
        session.terminal.json(as_documents.explanation(story))
    else:
        print_story(session.terminal, story)
    return ExitStatus.DONE if story.as_wanted else ExitStatus.ATTENTION


def print_story(terminal: Terminal, story: Explanation) -> None:
    """Print the conclusion in one line, then the zone, then each RRset."""
    terminal.prose(story.conclusion, "bold green" if story.as_wanted else "bold yellow")
    for zone in story.zones:
        served = f", served by {', '.join(zone.targets)}" if zone.targets else ", served by no target"
        terminal.prose(f"zone {zone.name} of NetBox, view {zone.view}, {zone.status}{served}")
        terminal.line(f"  {zone.url}", "dim")
    for rrset in story.rrsets:
        _print_rrset(terminal, rrset, alone=len(story.rrsets) == 1 and rrset.conclusion == story.conclusion)


def _print_rrset(terminal: Terminal, rrset: RRsetStory, *, alone: bool) -> None:
    terminal.line()
    if not alone:
        terminal.prose(rrset.conclusion, "bold")
    if not rrset.records:
        terminal.prose(f"  NetBox holds no {rrset.type} of this name")
    for record in rrset.records:
        ttl = "the zone's default TTL" if record.ttl is None else f"TTL {record.ttl}"
        expires = f", expires {record.expires}" if record.expires else ""
        terminal.prose(f"  NetBox holds {record.value} ({ttl}, {record.status}{expires})")
        terminal.line(f"    {record.url}", "dim")
    for on in rrset.targets:
        _print_target(terminal, on)


def _print_target(terminal: Terminal, on: OnTarget) -> None:
    terminal.prose(f"  {on.target}: {on.state}: {on.why}", "green" if on.state.is_well else "yellow")
    if on.wanted:
        terminal.prose(f"    wanted:       {_values(on.wanted, on.wanted_ttl)}")
    terminal.prose(f"    PowerDNS has: {_values(on.has, on.has_ttl)}")
    terminal.prose(f"    DNS answers:  {_values(on.answers, on.answers_ttl) if on.answers else on.dns or 'nothing'}")
    if on.removed_file:
        terminal.line(f"    last removed: {on.removed_file}", "dim")


def _values(rdatas: tuple[str, ...], ttl: int | None) -> str:
    from netbox_pdns.planning.render import cut

    return f"{', '.join(map(cut, rdatas))} (TTL {ttl})" if rdatas else "nothing"
