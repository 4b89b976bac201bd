"""Where commands print: results to standard output, all else to standard error; colour on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.settings.problems import SettingsError

MASK = "********"
SHORTEST_SECRET = 8
"""Shorter secrets would mask ordinary words."""
_WIDE = 100_000
"""Columns where there is no terminal: nothing is wrapped for whoever reads lines."""


class Terminal:
    """The two outputs of one command. Every text is printed as it is: no markup, no control characters."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.out = _console(sys.stdout.isatty(), stderr=False)
        self.err = _console(sys.stderr.isatty(), stderr=True)
        self.verbose = verbose

    def line(self, text: str = "", style: str = "") -> None:
        """Print one line of the result."""
        self.out.print(Text(printable(text), style=style), soft_wrap=True)

    def notice(self, text: str, style: str = "") -> None:
        """Print one line beside the result."""
        self.err.print(Text(printable(text), style=style), soft_wrap=True)

    def json(self, data: Any) -> None:
        """Print *data* as JSON."""
        self.raw(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())

    def raw(self, text: str) -> None:
        """Print *text* to standard output, for machines."""
        self.out.file.write(text if text.endswith("\n") else f"{text}\n")

    def error(self, error: NetboxPdnsError, secrets: Iterable[str] = ()) -> None:
        """Print *error* and its hint; with `-v` what caused it, too."""
        if isinstance(error, SettingsError):
            for problem in error.problems:
                self._error(f"{problem.setting}: {problem.message}", problem.hint, secrets)
            return
        self._error(str(error), error.hint, secrets)
        if self.verbose:
            cause = error.__cause__ or error.__context__
            while cause is not None:
                self.notice(redacted(f"caused by: {type(cause).__name__}: {cause}", secrets))
                cause = cause.__cause__ or cause.__context__

    def _error(self, message: str, hint: str | None, secrets: Iterable[str]) -> None:
        self.notice(f"error: {redacted(message, secrets)}", "bold red")
        if hint:
            self.notice(f"hint: {redacted(hint, secrets)}")


def printable(text: str) -> str:
    """Return *text* with control characters written out: data of others must not steer the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return *text* without *secrets*, in case a server repeats one."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    return text


def _console(is_terminal: bool, *, stderr: bool) -> Console:
    return Console(stderr=stderr, width=None if is_terminal else _WIDE, highlight=False, markup=False, emoji=False)
