"""Puts on the event bus what the keeper notes: zones, targets and changes, in the API's own shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from netbox_pdns.service import as_documents
from netbox_pdns.service.events import EventBus
from netbox_pdns.service.ports import Receipt
from netbox_pdns.sync.board import Board, TargetState, ZoneState


@dataclass(frozen=True, slots=True)
class Announcer:
    """What the keeper tells, beside the board. Nothing is made of it where nobody reads."""

    bus: EventBus
    board: Board

    def zone(self, state: ZoneState) -> None:
        """Tell how a zone stands now."""
        if self.bus.readers:
            self._tell("zone", as_documents.zone_row(state))

    def target(self, state: TargetState) -> None:
        """Tell how a target stands now."""
        if self.bus.readers:
            self._tell("target", as_documents.target(state, self.board.counts.get(state.name)))

    def change(self, receipt: Receipt) -> None:
        """Tell of a change that was applied, or seen in DNS."""
        if self.bus.readers:
            self._tell("change", as_documents.change(receipt))

    def _tell(self, kind: str, document: Any) -> None:
        self.bus.publish(kind, msgspec.to_builtins(document))
