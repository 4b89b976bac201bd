"""`netbox-pdns settings`: every setting with its value, where it came from, and what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Json, Verbose

if TYPE_CHECKING:
    from netbox_pdns.cli.documents import SettingsDocument
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.settings import Reading, SettingValue


def settings(json: Json = False, verbose: Verbose = False) -> None:
    """List all settings with value (secrets masked), origin and meaning; and what is wrong with them."""
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.settings import SettingsError, read_settings

    reading = read_settings()
    terminal = Terminal(verbose=verbose, secrets=reading.secrets)
    if json:
        terminal.json(_document(reading))
    else:
        _print(terminal, reading.values)
    if reading.problems:
        terminal.error(SettingsError(reading.problems))
        raise typer.Exit(ExitStatus.NOT_RUN)


def _document(reading: Reading) -> SettingsDocument:
    from netbox_pdns.cli.documents import Setting, SettingProblem, SettingsDocument

    rows = [
        Setting(name=each.name, value=each.text, origin=each.origin, meaning=each.meaning) for each in reading.values
    ]
    problems = [SettingProblem(setting=each.setting, message=each.message, hint=each.hint) for each in reading.problems]
    return SettingsDocument(settings=tuple(rows), problems=tuple(problems))


def _print(terminal: Terminal, values: tuple[SettingValue, ...]) -> None:
    """Print a setting as it would be written, whence it is, and below it what it means."""
    for value in values:
        is_set = value.origin not in {"default", "not set"}
        terminal.line(f"{value.name}={value.text}  # {value.origin}", "bold" if is_set else "")
        terminal.prose(f"    {' '.join(value.meaning.split())}", "dim")
