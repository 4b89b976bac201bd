"""What the program's exit status means; `--help` and the reference page print this table."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """How a command ended."""

    DONE = 0
    NOT_RUN = 1
    USAGE = 2
    ATTENTION = 3
    CHANGES = 4

    @property
    def meaning(self) -> str:
        """What it says, in words."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitStatus.DONE: "all is as NetBox wants it",
    ExitStatus.NOT_RUN: "could not run: a setting is wrong, nothing could be reached, or a reviewed zone has moved",
    ExitStatus.USAGE: "the command line is wrong",
    ExitStatus.ATTENTION: "ran, with something left out, held or failed, or a foreign zone that NetBox wants otherwise",
    ExitStatus.CHANGES: "plan --exit-code: there is something to apply (goes before 3)",
}
EPILOG = "Exit status:\n" + "\n".join(f"{status.value}  {status.meaning}" for status in ExitStatus)
