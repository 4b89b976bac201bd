"""`netbox-pdns check`: will it work? One line a question, and the mend where it will not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Json, Verbose

if TYPE_CHECKING:
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.probe import Probe

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "failed": ("FAILED", "bold red")}


def check(json: Json = False, verbose: Verbose = False) -> None:
    """Tell whether it will work before anything is touched: settings, both servers, permissions, limits, clocks."""
    import asyncio

    from netbox_pdns.cli.probing import probe_all, probe_settings
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.settings import read_settings

    terminal = Terminal(verbose=verbose)
    reading = read_settings()
    probes = probe_settings(reading)
    if reading.settings is not None:
        probes = (*probes, *asyncio.run(probe_all(reading.settings)))
    _print(terminal, probes, reading.secrets, json=json)
    if reading.settings is None:
        raise typer.Exit(ExitStatus.NOT_RUN)
    failed = any(probe.state == "failed" for probe in probes)
    raise typer.Exit(ExitStatus.ATTENTION if failed else ExitStatus.DONE)


def _print(terminal: Terminal, probes: Iterable[Probe], secrets: Iterable[str], *, json: bool) -> None:
    from dataclasses import replace

    from netbox_pdns.cli.terminal import redacted

    secrets = tuple(secrets)
    shown = [
        replace(each, detail=redacted(each.detail, secrets), hint=each.hint and redacted(each.hint, secrets))
        for each in probes
    ]
    if json:
        terminal.json(shown)
        return
    for probe in shown:
        mark, style = _MARKS[probe.state]
        terminal.line(f"{mark:<8} {probe.name}: {probe.detail}", style)
        if probe.hint and probe.state != "ok":
            terminal.line(f"         hint: {probe.hint}")
