"""How a trigger stands: its line on the board, and a line in the log whenever that turns."""

from __future__ import annotations

from dataclasses import replace

from structlog.typing import FilteringBoundLogger

from netbox_pdns.sync.board import Board, TriggerState

SECONDS_BETWEEN_REMARKS = 10.0
"""What comes from outside, as often as somebody likes, gets a line in the log so often at most."""


class Standing:
    """One trigger's line on the board. Until it is said to be `well` it does not work."""

    def __init__(self, name: str, board: Board, log: FilteringBoundLogger) -> None:
        self.name = name
        self._board = board
        self._log = log
        self._remarked = float("-inf")
        board.triggers[name] = TriggerState(name, working=False, detail="not begun", begun=False)

    @property
    def state(self) -> TriggerState:
        """The line as it is."""
        return self._board.triggers[self.name]

    def well(self) -> None:
        """Say that it works, and looked just now."""
        before = self.state
        if not before.working:
            self._log.info("trigger works", trigger=self.name)
        self._put(replace(before, working=True, detail="", last=self._board.clock(), begun=True))

    def ill(self, detail: str, hint: str | None = None) -> None:
        """Say what does not work, and what can be done."""
        before = self.state
        if before.detail != detail:
            self._log.warning("trigger does not work", trigger=self.name, error=detail, hint=hint)
        self._put(replace(before, working=False, detail=detail, begun=True))

    def remark(self, detail: str) -> None:
        """Say what is amiss with something that was seen, while the trigger itself works."""
        now = self._board.clock()
        if now - self._remarked >= SECONDS_BETWEEN_REMARKS:
            self._log.warning("trigger could not use what it got", trigger=self.name, error=detail)
            self._remarked = now
        self._put(replace(self.state, detail=detail, last=now))

    def hinted(self, number: int = 1) -> None:
        """Count hints."""
        self._put(replace(self.state, hints=self.state.hints + number))

    def _put(self, state: TriggerState) -> None:
        self._board.triggers[self.name] = state
