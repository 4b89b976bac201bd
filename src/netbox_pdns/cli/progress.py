"""The progress of a run on a terminal: zones done, their rate, the time that remains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from netbox_pdns.sync.events import Event, Listener, RunStarted, ZoneDone


class _Rate(ProgressColumn):
    """Zones a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} zones/s", style="progress.data.speed")


@contextmanager
def shown_progress(console: Console) -> Iterator[Listener]:
    """Show progress on *console* within the block, where it is a terminal; yield the listener that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def listen(event: Event) -> None:
            match event:
                case RunStarted():
                    tasks[event.target] = progress.add_task(event.target, total=event.zones + event.orphaned)
                case ZoneDone():
                    progress.advance(tasks[event.outcome.target])
                case _:
                    pass

        yield listen


def both(first: Listener, second: Listener) -> Listener:
    """Return a listener that tells both."""

    def listen(event: Event) -> None:
        first(event)
        second(event)

    return listen
