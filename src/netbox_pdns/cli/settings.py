"""`netbox-pdns settings`: every setting with its value, where it came from, and what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Json, Verbose

if TYPE_CHECKING:
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.settings import SettingValue


def settings(json: Json = False, verbose: Verbose = False) -> None:
    """List all settings with value (secrets masked), origin and meaning; and what is wrong with them."""
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.settings import SettingsError, read_settings

    terminal = Terminal(verbose=verbose)
    reading = read_settings()
    if json:
        rows = [
            {"name": each.name, "value": each.text, "origin": each.origin, "meaning": each.meaning}
            for each in reading.values
        ]
        terminal.json({"settings": rows, "problems": reading.problems})
    else:
        _print(terminal, reading.values)
    if reading.problems:
        terminal.error(SettingsError(reading.problems), reading.secrets)
        raise typer.Exit(ExitStatus.NOT_RUN)


def _print(terminal: Terminal, values: tuple[SettingValue, ...]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from netbox_pdns.cli.terminal import printable

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Setting", no_wrap=True)
    table.add_column("Value", overflow="fold")
    table.add_column("Origin", overflow="fold")
    table.add_column("Meaning", overflow="fold", style="dim")
    for value in values:
        cells = (value.name, value.text, value.origin, value.meaning)
        table.add_row(*(Text(printable(cell)) for cell in cells), style="" if value.origin == "default" else "bold")
    terminal.out.print(table)
