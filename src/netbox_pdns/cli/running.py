"""How every command runs: settings, log, the coroutine, and errors as two lines in place of a trace."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

import typer
from structlog.typing import FilteringBoundLogger

from netbox_pdns.cli import as_documents
from netbox_pdns.cli.documents import ErrorDocument
from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.logs import make_logger
from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.settings import Settings, SettingsError, read_settings


@dataclass(frozen=True, slots=True)
class Session:
    """What a command works with."""

    settings: Settings
    terminal: Terminal
    logger: FilteringBoundLogger


def run(action: Callable[[Session], Awaitable[ExitStatus]], *, verbose: bool, json: bool = False) -> None:
    """Run *action* and exit with the status that it returns, or with 1 after an error of ours.

    With *json* such an error is a document on standard output, too, so that whoever parses that always can.
    """
    reading = read_settings()
    terminal = Terminal(verbose=verbose, secrets=reading.secrets)

    def work() -> Awaitable[ExitStatus]:
        if reading.settings is None:
            raise SettingsError(reading.problems)
        settings = reading.settings
        level = "DEBUG" if verbose else settings.log_level
        return action(Session(settings, terminal, make_logger(level, settings.log_format, settings.secrets)))

    end_with(work, terminal, json=json)


def end_with(work: Callable[[], Awaitable[ExitStatus]], terminal: Terminal, *, json: bool) -> NoReturn:
    """Do *work* and exit with the status that it returns, or with 1 after an error of ours, which is told."""
    _collect_seldom()
    try:
        status = asyncio.run(_awaited(work()))
    except NetboxPdnsError as error:
        _tell(terminal, error, json=json)
        raise typer.Exit(ExitStatus.NOT_RUN) from error
    except BaseExceptionGroup as group:  # a task's error; whatever is not ours goes on
        error_ = _ours(group)
        if error_ is None:
            raise
        _tell(terminal, error_, json=json)
        raise typer.Exit(ExitStatus.NOT_RUN) from group
    raise typer.Exit(status)


def _collect_seldom() -> None:
    """Have Python look for cycles among what is made from now on, and 14 times more seldom than it does by itself.

    A zone is values that refer to each other one way: looking through all of them again and again took a tenth of a sync.
    """
    gc.freeze()
    gc.set_threshold(10_000)


def _tell(terminal: Terminal, error: NetboxPdnsError, *, json: bool) -> None:
    terminal.error(error)
    if json:
        terminal.json(ErrorDocument(error=as_documents.error(error)))


async def _awaited(action: Awaitable[ExitStatus]) -> ExitStatus:
    return await action


def _ours(group: BaseExceptionGroup[BaseException]) -> NetboxPdnsError | None:
    """Return the first error of ours where the group holds no other."""
    ours, others = group.split(NetboxPdnsError)
    if ours is None or others is not None:
        return None
    first: BaseException = ours
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, NetboxPdnsError)
    return first
