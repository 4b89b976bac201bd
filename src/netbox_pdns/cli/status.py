"""`netbox-pdns status` and `accept-source`: what the service says of itself, and a word that it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Json, Verbose

if TYPE_CHECKING:
    from netbox_pdns.cli.running import Session
    from netbox_pdns.cli.terminal import Terminal

STYLES = {"Healthy": "bold green", "Warning": "bold yellow", "Degraded": "bold red"}


def status(json: Json = False, verbose: Verbose = False) -> None:
    """Ask the running service how it is: health and why, targets, triggers, queues, circuit breakers."""
    from netbox_pdns.cli.running import run

    async def action(session: Session) -> ExitStatus:
        return await _status(session, json=json)

    run(action, verbose=verbose, json=json)


def accept_source(verbose: Verbose = False) -> None:
    """Have the running service take NetBox as it is now, where all is held because NetBox went back (a backup, say)."""
    from netbox_pdns.cli.running import run

    async def action(session: Session) -> ExitStatus:
        return await _accept(session)

    run(action, verbose=verbose)


async def _status(session: Session, *, json: bool) -> ExitStatus:
    from netbox_pdns.cli.remote import open_remote

    async with open_remote(session.settings) as remote:
        found = await remote.get("/status", "uptime_seconds")
    if json:
        session.terminal.json({"schema": "status/1", "url": remote.url, "service": found})
    else:
        print_status(session.terminal, remote.url, found)
    return ExitStatus.DONE if found["status"] == "Healthy" else ExitStatus.ATTENTION


async def _accept(session: Session) -> ExitStatus:
    from netbox_pdns.cli.remote import open_remote

    async with open_remote(session.settings) as remote:
        await remote.post("/api/v1/source/accept")
    session.terminal.prose("accepted: the service writes again, under the guard's rules", "bold green")
    return ExitStatus.DONE


def print_status(terminal: Terminal, url: str, found: Mapping[str, Any]) -> None:
    """Print what the service says, the verdict first."""
    terminal.prose(headline(url, found), STYLES.get(found["status"], "bold"))
    for reason in found["reasons"]:
        terminal.prose(f"  {reason}", "yellow")
    terminal.line()
    for line in facts(found):
        terminal.prose(line)
    terminal.line()
    terminal.table(
        ["Target", "Breaker", ">Queue", ">Oldest", "Last pass", ""],
        ((target_cells(target), "red" if target["error"] else "") for target in found["targets"]),
    )
    if found["triggers"]:
        terminal.line()
        terminal.table(
            ["Trigger", "Works", ">Hints", "Last", ""],
            ((trigger_cells(each), "" if each["working"] else "yellow") for each in found["triggers"]),
        )


def headline(url: str, found: Mapping[str, Any]) -> str:
    """Return how it is, in one line."""
    return f"{found['status']}: netbox-pdns {found['version']} at {url}, up {duration(found['uptime_seconds'])}"


def facts(found: Mapping[str, Any]) -> list[str]:
    """Return the numbers, a line each."""
    first, how = found["initial_sync"], found["reliability"]
    state = "complete" if first["completed"] else "under way" if first["started"] else "not begun"
    zones = ", ".join(f"{count} {condition}" for condition, count in found["zones"].items() if count)
    sums = ", ".join(f"{found[name]} {name.replace('_', ' ')}" for name in ("left_out", "held", "not_served"))
    rates = f"{how['sync_success_rate']:.1%} of looks well, {how['average_retry_rate']:.1%} of calls retried"
    lines = [
        f"initial sync {state}, last sync {how['last_sync'] or 'never'}",
        f"{rates}, {how['lock_contention_events']} locks waited for",
        f"zones: {zones or 'none yet'}; {sums}",
    ]
    store = found["store"]
    if not store["ok"]:
        lines.append(f"store: {store['detail']} ({store['behind']} writes wait)")
    return lines


def target_cells(target: Mapping[str, Any]) -> list[str]:
    """Return a target's row."""
    oldest = f"{target['queue_oldest_seconds']:.1f} s"
    error = target["error"] or ""
    return [target["name"], target["breaker"], str(target["queue_depth"]), oldest, _clock(target["last_pass"]), error]


def trigger_cells(trigger: Mapping[str, Any]) -> list[str]:
    """Return a trigger's row."""
    works = "yes" if trigger["working"] else "no"
    return [trigger["name"], works, str(trigger["hints"]), _clock(trigger["last"]), trigger["detail"]]


def duration(seconds: float) -> str:
    """Return *seconds* for people: `3 d 4 h`, `5 min 2 s`."""
    parts = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    words: list[str] = []
    rest = int(seconds)
    for size, unit in parts:
        count, rest = divmod(rest, size)
        if count or (unit == "s" and not words):
            words.append(f"{count} {unit}")
    return " ".join(words[:2])


def _clock(moment: str | None) -> str:
    return "-" if moment is None else f"{moment[:19]}Z"
