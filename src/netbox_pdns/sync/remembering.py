"""What outlives the process: the receipts of changes and how each zone stood, written down as looks end.

It listens and never waits: the store writes behind (`netbox_pdns.store.journal`).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.render import lines
from netbox_pdns.planning.values import Action, ZonePlan
from netbox_pdns.store.values import MOST_LINES, Receipt, ReceiptCause, ZoneNote
from netbox_pdns.sync.board import Board, Condition, ZoneState
from netbox_pdns.sync.events import Confirmed, Event, LookDone
from netbox_pdns.sync.hints import Cause
from netbox_pdns.sync.outcome import ZoneOutcome

_ACTIONS = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted", Action.ADOPT: "adopted"}
_MOST_OPEN = 1_000
"""Receipts of which it is not known yet when DNS showed the change; of more, the oldest stay without."""


class ReceiptBook(Protocol):
    """Where receipts are kept (`netbox_pdns.store.receipts.Receipts`)."""

    def add(self, receipt: Receipt) -> str:
        """Keep a receipt; return its id."""

    def mark_served(self, receipt_id: str, served: float) -> None:
        """Take note when DNS showed it."""


class ZoneBook(Protocol):
    """Where it is kept how zones stood (`netbox_pdns.store.zone_memory.ZoneMemory`)."""

    async def load(self, target: str) -> dict[str, ZoneNote]:
        """Return what is kept of a target's zones, by zone."""

    def note(self, note: ZoneNote) -> None:
        """Keep how a zone stands."""

    def forget(self, target: str, zone: str) -> None:
        """Forget a zone."""


class Remembering:
    """Writes down what looks come to, and has receipts told. Call it with every event, after the board was."""

    def __init__(
        self,
        zones: ZoneBook,
        receipts: ReceiptBook,
        board: Board,
        clock: Callable[[], float] = time.time,
        tell: Callable[[Receipt], None] = lambda receipt: None,
    ) -> None:
        self._zones = zones
        self._receipts = receipts
        self._board = board
        self._clock = clock
        self._tell = tell
        self._open: OrderedDict[tuple[str, str], list[Receipt]] = OrderedDict()

    async def recall(self, targets: Iterable[str]) -> bool:
        """Put up on the board how the zones stood; tell whether that could be read.

        What is not known, or was not as NetBox wanted it, is looked at by the first pass over the lists.
        """
        try:
            for target in targets:
                for note in (await self._zones.load(target)).values():
                    self._board.note(_recalled(note))
        except NetboxPdnsError:  # the store has said so by itself
            return False
        return True

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case LookDone():
                self._look(event)
            case Confirmed():
                for kept in self._open.pop((event.target, event.zone), ()):
                    if not event.not_served:
                        self._receipts.mark_served(kept.id, event.at)
                        self._tell(replace(kept, served=event.at))
            case _:
                return

    def _look(self, done: LookDone) -> None:
        target, zone = done.target, done.work.zone
        outcome = done.outcome
        if done.error is None and (outcome is None or (outcome.orphaned and outcome.applied)):
            self._zones.forget(target, zone)
        elif outcome is None or outcome.plan is not None or outcome.error is not None:
            self._zones.note(_note(self._board.zone(target, zone)))
        if outcome is not None and outcome.applied and outcome.plan is not None:
            self._keep(receipt(outcome, outcome.plan, done.work.causes, self._clock()))

    def _keep(self, made: Receipt) -> None:
        made = replace(made, id=self._receipts.add(made))
        self._tell(made)
        self._open.setdefault((made.target, made.zone), []).append(made)
        if len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)


def receipt(outcome: ZoneOutcome, plan: ZonePlan, causes: Iterable[Cause], now: float) -> Receipt:
    """Return the receipt of an applied change."""
    causes = tuple(causes)
    edits = [cause.edited for cause in causes if cause.edited is not None]
    return Receipt(
        target=outcome.target,
        zone=outcome.zone,
        action=_ACTIONS[plan.action],
        applied=now,
        created=sum(1 for change in plan.changes if change.before is None),
        changed=sum(1 for change in plan.changes if change.before is not None and change.after is not None),
        deleted=sum(1 for change in plan.changes if change.after is None),
        serial=outcome.serial,
        causes=tuple(
            ReceiptCause(str(each.trigger), each.came, each.edited, each.user, each.request, each.change)
            for each in causes
        ),
        edited=min(edits) if edits else None,
        summary=lines(replace(plan, changes=plan.changes[:MOST_LINES]))[:MOST_LINES],
    )


def _note(state: ZoneState) -> ZoneNote:
    clean = state.condition is Condition.EQUAL and not state.left_out
    return ZoneNote(
        target=state.target,
        zone=state.zone,
        source_serial=state.source_serial,
        served_serial=state.served_serial,
        equal_at=state.looked_at if state.condition is Condition.EQUAL else None,
        rrsets=state.records,
        clean=clean,
        attempts=state.attempts,
        next_try=state.next_try,
    )


def _recalled(note: ZoneNote) -> ZoneState:
    return ZoneState(
        target=note.target,
        zone=note.zone,
        condition=Condition.EQUAL if note.equal_at is not None and note.clean else Condition.UNKNOWN,
        records=note.rrsets,
        source_serial=note.source_serial,
        served_serial=note.served_serial,
        looked_at=note.equal_at,
        attempts=note.attempts,
        next_try=note.next_try,
    )
