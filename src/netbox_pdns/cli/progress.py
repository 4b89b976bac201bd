"""The progress of a run on a terminal: zones done, their rate, the time that remains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from netbox_pdns.sync.events import Event, Listener, RunStarted, ZoneDone


class _Count(ProgressColumn):
    """Zones done of all."""

    def render(self, task: Task) -> Text:
        return Text("" if task.total is None else f"{task.completed:,.0f}/{task.total:,.0f} zones", "progress.download")


class _Rate(ProgressColumn):
    """Zones a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="progress.data.speed")


class _Left(TimeRemainingColumn):
    """The time that remains, once it can be told."""

    def render(self, task: Task) -> Text:
        return Text("") if task.time_remaining is None else super().render(task).append(" left")


@contextmanager
def shown_progress(console: Console) -> Iterator[Listener]:
    """Show progress on *console* within the block, where it is a terminal; yield the listener that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), _Count(), _Rate(), _Left())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        listing = progress.add_task("listing zones", total=None)
        tasks: dict[str, TaskID] = {}

        def listen(event: Event) -> None:
            match event:
                case RunStarted():
                    progress.update(listing, visible=False)
                    tasks[event.target] = progress.add_task(event.target, total=event.zones + event.orphaned)
                case ZoneDone():
                    progress.advance(tasks[event.outcome.target])
                case _:
                    pass

        yield listen


@contextmanager
def shown_count(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Show on *console*, where it is a terminal, how many zones of how many are done; yield what is told so."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), _Count(), _Rate(), _Left())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)

        def tell(done: int, of: int) -> None:
            progress.update(task, completed=done, total=of)

        yield tell


def both(first: Listener, second: Listener) -> Listener:
    """Return a listener that tells both."""

    def listen(event: Event) -> None:
        first(event)
        second(event)

    return listen
