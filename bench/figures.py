"""What is measured, as rows of a table: ratios to a floor, and figures by themselves."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

_RATIOS = ("case", "floor", "netbox-pdns", "ratio", "goal", "the runs, s")
_FIGURES = ("case", "netbox-pdns", "goal")


@dataclass(frozen=True, slots=True)
class Ratio:
    """Seconds of the floor and of the product, run by run; `goal` is what the ratio of their medians is to reach."""

    name: str
    goal: float
    floor: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        floor, ours = statistics.median(self.floor), statistics.median(self.ours)
        runs = f"{min(self.floor):.2f}-{max(self.floor):.2f} / {min(self.ours):.2f}-{max(self.ours):.2f}"
        return self.name, f"{floor:.2f} s", f"{ours:.2f} s", f"{ours / floor:.2f}", f"<= {self.goal}", runs


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number in words, beside its goal."""

    name: str
    value: str
    goal: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        return self.name, self.value, self.goal


def show(rows: Sequence[Ratio] | Sequence[Figure], title: str) -> None:
    """Print *rows* as a table."""
    headings = _RATIOS if isinstance(rows[0], Ratio) else _FIGURES
    table = Table(*headings, title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*row.cells)
    Console(width=150).print(table)
