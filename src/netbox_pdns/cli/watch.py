"""`netbox-pdns watch`: the service, live: a page on a terminal, else a line for everything that happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Json, Verbose

if TYPE_CHECKING:
    from rich.console import RenderableType

    from netbox_pdns.cli.remote import Remote
    from netbox_pdns.cli.running import Session

_EVERY = 1.0
"""Seconds between two looks."""
_CHANGES = 12
_TROUBLES = 8


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows: the service's status, zones in trouble, changes newest first."""

    url: str
    status: Mapping[str, Any]
    troubles: Sequence[Mapping[str, Any]] = field(default=())
    changes: Sequence[Mapping[str, Any]] = field(default=())


def watch(json: Json = False, verbose: Verbose = False) -> None:
    """Show the running service live, until Ctrl-C; without a terminal, or with --json, a line for all that happens."""
    from netbox_pdns.cli.running import run

    async def action(session: Session) -> ExitStatus:
        return await _watch(session, json=json)

    try:
        run(action, verbose=verbose, json=json)
    except KeyboardInterrupt:
        return


async def _watch(session: Session, *, json: bool) -> ExitStatus:
    from netbox_pdns.cli.remote import open_remote

    async with open_remote(session.settings) as remote:
        if json or not session.terminal.out.is_terminal:
            await _lines(session, remote, json=json)
        else:
            await _page(session, remote)
    return ExitStatus.DONE


async def _lines(session: Session, remote: Remote, *, json: bool) -> None:
    from json import dumps

    async for kind, data in remote.events():
        if json:
            session.terminal.raw(dumps(session.terminal.data({"event": kind, "data": data}), ensure_ascii=False))
        else:
            session.terminal.line(line_of(kind, data))


async def _page(session: Session, remote: Remote) -> None:
    import asyncio

    from rich.live import Live

    from netbox_pdns.errors import TransientError

    view = await _seen(remote)
    with Live(page(view), console=session.terminal.out, screen=True, auto_refresh=False) as live:
        while True:
            await asyncio.sleep(_EVERY)
            try:
                view = await _seen(remote)
                live.update(page(view), refresh=True)
            except TransientError as error:  # it is restarted, perhaps: what was seen last stays, and is said to be old
                live.update(page(view, str(error)), refresh=True)


async def _seen(remote: Remote) -> View:
    status = await remote.get("/status", "uptime_seconds")
    troubles: list[dict[str, Any]] = []
    for condition in ("failing", "held", "foreign", "waiting"):
        found = await remote.get("/api/v1/zones", "zones", condition=condition, limit=_TROUBLES)
        troubles.extend(found["zones"])
    changes = await remote.get("/api/v1/changes", "changes", limit=_CHANGES)
    return View(remote.url, status, troubles[:_TROUBLES], changes["changes"])


def line_of(kind: str, data: Mapping[str, Any]) -> str:
    """Return an event in one line."""
    match kind:
        case "change":
            counts = f"+{data['created']} ~{data['changed']} -{data['deleted']}"
            return f"{data['applied']} {data['zone']} on {data['target']}: {data['action']} {counts}{_lag(data)}"
        case "zone":
            why = f": {data['error']}" if data["error"] else ""
            return f"{data['looked_at']} {data['zone']} on {data['target']}: {data['condition']}{why}"
        case "target":
            return f"{data['name']}: breaker {data['breaker']}, {data['queue']['depth']} in the queue"
        case "lost":
            return f"{data['messages']} events were lost: this reader is too slow"
        case _:
            return f"{kind}: {dict(data)}"


def page(view: View, problem: str = "") -> RenderableType:
    """Return the page; *problem* says why what it shows is old."""
    from rich.console import Group
    from rich.text import Text

    from netbox_pdns.cli.status import STYLES, facts, headline, target_cells
    from netbox_pdns.redaction import printable

    def text(words: str, style: str = "") -> Text:
        return Text(printable(words), style=style)

    parts: list[RenderableType] = [text(headline(view.url, view.status), STYLES.get(view.status["status"], "bold"))]
    if problem:
        parts.append(text(f"not answered any more: {problem}", "bold red"))
    parts.extend(text(f"  {reason}", "yellow") for reason in view.status["reasons"])
    parts.extend([text(""), *(text(fact) for fact in facts(view.status)), text("")])
    headings = ("Target", "Breaker", "Queue", "Oldest", "Last pass", "")
    parts.append(_table(headings, [target_cells(each) for each in view.status["targets"]]))
    if view.troubles:
        rows = [[each["zone"], each["target"], each["condition"], each["error"] or ""] for each in view.troubles]
        parts.append(_table(("Zone", "Target", "Stands", ""), rows))
    if view.changes:
        rows = [
            [each["applied"][11:19], each["zone"], each["target"], each["action"], _lag(each).strip(" ()")]
            for each in view.changes
        ]
        parts.append(_table(("Applied", "Zone", "Target", "", "Edit to served"), rows))
    return Group(*parts)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from netbox_pdns.redaction import printable

    table = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(printable(cell), overflow="ellipsis", no_wrap=True) for cell in row))
    return table


def _lag(change: Mapping[str, Any]) -> str:
    """Return how long the edit took, in words."""
    from datetime import datetime

    if change["edited"] is None or change["served"] is None:
        return ""
    took = datetime.fromisoformat(change["served"]) - datetime.fromisoformat(change["edited"])
    return f" ({took.total_seconds():.2f} s)"
