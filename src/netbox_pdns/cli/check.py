"""`netbox-pdns check`: will it work? One line a question, and the mend where it will not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Json, Verbose

if TYPE_CHECKING:
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.probe import Probe

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "failed": ("FAILED", "bold red")}
_ENDS = {"failed": "bold red", "warning": "bold yellow", "ok": "bold green"}


def check(json: Json = False, verbose: Verbose = False) -> None:
    """Tell whether it will work before anything is touched: settings, both servers, permissions, limits, clocks."""
    import asyncio
    from dataclasses import asdict

    from netbox_pdns.cli.documents import Answer, CheckDocument
    from netbox_pdns.cli.probing import probe_all, probe_settings
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.settings import read_settings

    reading = read_settings()
    terminal = Terminal(verbose=verbose, secrets=reading.secrets)
    probes = probe_settings(reading)
    if reading.settings is not None:
        with terminal.waiting("asking NetBox and PowerDNS"):
            probes = (*probes, *asyncio.run(probe_all(reading.settings)))
    if json:
        terminal.json(CheckDocument(probes=tuple(Answer(**asdict(probe)) for probe in probes)))
    else:
        _print(terminal, probes)
    if reading.settings is None:
        raise typer.Exit(ExitStatus.NOT_RUN)
    failed = any(probe.state == "failed" for probe in probes)
    raise typer.Exit(ExitStatus.ATTENTION if failed else ExitStatus.DONE)


def _print(terminal: Terminal, probes: Sequence[Probe]) -> None:
    for probe in probes:
        mark, style = _MARKS[probe.state]
        named = probe.detail.startswith(probe.name)
        terminal.prose(probe.detail if named else f"{probe.name}: {probe.detail}", style, mark=f"{mark:<8} ")
        if probe.hint and probe.state != "ok":
            terminal.prose(f"hint: {probe.hint}", mark=" " * 9)
    counts = Counter[str](probe.state for probe in probes)
    style = next(style for state, style in _ENDS.items() if counts[state] or state == "ok")
    terminal.line(", ".join(f"{counts[state]} {state}" for state in _MARKS), style)
