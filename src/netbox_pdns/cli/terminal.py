"""Where commands print: results to standard output, all else to standard error; colour on a terminal only.

Whatever is printed passes through here, so that no secret of the settings is ever shown, whoever repeats it.
"""

from __future__ import annotations

import io
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from netbox_pdns.errors import MovedError, NetboxPdnsError, chained
from netbox_pdns.redaction import printable, redacted, redacted_data
from netbox_pdns.settings.problems import SettingsError

_WIDE = 100_000
"""Columns where there is no terminal: nothing is wrapped for whoever reads lines."""


class Terminal:
    """The two outputs of one command. Every text is printed as it is: no markup, no control characters, no secret."""

    def __init__(self, *, verbose: bool = False, secrets: Iterable[str] = ()) -> None:
        self.out = _console(sys.stdout, stderr=False)
        self.err = _console(sys.stderr, stderr=True)
        self.verbose = verbose
        self._secrets = tuple(secrets)

    def hide(self, *secrets: str) -> None:
        """Print none of *secrets* either, from now on."""
        self._secrets += secrets

    def line(self, text: str = "", style: str = "") -> None:
        """Print one line of the result; never broken, so that it can be copied."""
        self.out.print(Text(self._clean(text), style=style), soft_wrap=True)

    def prose(self, text: str, style: str = "", *, mark: str = "") -> None:
        """Print a sentence of the result behind *mark*; on a terminal it is broken between words, below its beginning.

        Without a mark all of it has the *style*, else the mark alone.
        """
        _print_prose(self.out, self._clean(text), style, mark)

    def notice(self, text: str, style: str = "", *, mark: str = "") -> None:
        """Print a sentence beside the result, as `prose` does."""
        _print_prose(self.err, self._clean(text), style, mark)

    def table(self, headings: Iterable[str], rows: Iterable[tuple[Iterable[str], str]]) -> None:
        """Print *rows*, each with its style, below *headings*; those that begin with `>` head numbers.

        On a terminal only the first column is broken; elsewhere there are no lines and no blanks at the end.
        """
        rich_table = _table(headings, lines=self.out.is_terminal)
        for cells, style in rows:
            rich_table.add_row(*(Text(self._clean(cell)) for cell in cells), style=style)
        if self.out.is_terminal:
            self.out.print(rich_table)
            return
        with self.out.capture() as captured:
            self.out.print(rich_table)
        for line in captured.get().splitlines():
            self.line(line.rstrip())

    def json(self, data: Any) -> None:
        """Print *data* as JSON."""
        utf8 = "utf" in (self.out.encoding or "").lower()
        self.raw(json.dumps(self.data(data), indent=2, ensure_ascii=not utf8))

    def data(self, data: Any) -> Any:
        """Return *data* as plain values without secrets, for JSON and YAML."""
        return redacted_data(msgspec.to_builtins(data), self._secrets)

    def raw(self, text: str) -> None:
        """Print *text* to standard output, for machines."""
        text = redacted(text, self._secrets)
        self.out.file.write(text if text.endswith("\n") else f"{text}\n")
        self.out.file.flush()

    def error(self, error: NetboxPdnsError) -> None:
        """Print *error* and its hint; with `-v` what caused it, too."""
        if isinstance(error, SettingsError):
            for problem in error.problems:
                self._error(f"{problem.setting}: {problem.message}", problem.hint)
            return
        self._error(str(error), error.hint, error.moves if isinstance(error, MovedError) else ())
        for cause in self.causes(error):
            self.notice(cause)

    def causes(self, error: BaseException) -> Iterator[str]:
        """Yield with `-v` what led to *error*, a line each."""
        _, *causes = chained(error)
        yield from (f"caused by: {type(cause).__name__}: {cause}" for cause in causes if self.verbose)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show on a terminal that something is waited for within the block."""
        if not self.err.is_terminal:
            yield
            return
        with self.err.status(text):
            yield

    def _error(self, message: str, hint: str | None, details: Iterable[str] = ()) -> None:
        self.notice(f"error: {message}", "bold red")
        for detail in details:
            self.notice(f"  {detail}")
        if hint:
            self.notice(f"hint: {hint}")

    def _clean(self, text: str) -> str:
        return printable(redacted(text, self._secrets))


def _console(stream: TextIO, *, stderr: bool) -> Console:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character must not end the program
    on_terminal = stream.isatty()
    return Console(
        stderr=stderr,
        width=None if on_terminal else _WIDE,
        force_terminal=on_terminal,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _print_prose(console: Console, text: str, style: str, mark: str) -> None:
    for number, paragraph in enumerate(text.split("\n")):
        line = (mark if number == 0 else " " * len(mark)) + paragraph
        if console.is_terminal:
            margin = " " * (len(mark) or len(line) - len(line.lstrip()) + 2)
            line = textwrap.fill(
                line,
                console.width,
                subsequent_indent=margin,
                break_long_words=False,
                break_on_hyphens=False,
                replace_whitespace=False,
            )
        shown = Text(line, style="" if mark else style)
        shown.stylize(style, 0, len(mark.rstrip()) if number == 0 else 0)
        console.print(shown, soft_wrap=True)


def _table(headings: Iterable[str], *, lines: bool) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD if lines else None, pad_edge=False, show_edge=False, padding=(0, 1 if lines else 2, 0, 0)
    )
    for number, heading in enumerate(headings):
        if heading.startswith(">"):
            table.add_column(heading[1:], justify="right", no_wrap=True)
        else:
            table.add_column(heading, no_wrap=bool(number), overflow="fold")
    return table
