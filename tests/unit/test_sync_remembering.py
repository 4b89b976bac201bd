"""What outlives the process: receipts with their causes and times, and how zones stood."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from netbox_pdns.dns.rrset import RRset
from netbox_pdns.errors import TransientError
from netbox_pdns.planning.values import Action, Change, ZonePlan
from netbox_pdns.store.values import Receipt, ZoneNote
from netbox_pdns.sync.board import Board, Condition, ZoneState
from netbox_pdns.sync.events import Confirmed, LookDone
from netbox_pdns.sync.hints import WHOLE, Cause, Trigger
from netbox_pdns.sync.outcome import ZoneOutcome
from netbox_pdns.sync.queue import Work
from netbox_pdns.sync.remembering import Remembering

A = "a.example."


@dataclass
class Book:
    """The store, in memory; it may fail to be read."""

    kept: dict[str, ZoneNote] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    served: dict[str, float] = field(default_factory=dict)
    fails: bool = False

    async def load(self, target: str) -> dict[str, ZoneNote]:
        if self.fails:
            raise TransientError("the store does not answer")
        return {zone: note for zone, note in self.kept.items() if note.target == target}

    def note(self, note: ZoneNote) -> None:
        self.kept[note.zone] = note

    def forget(self, target: str, zone: str) -> None:
        self.kept.pop(zone, None)

    def add(self, receipt: Receipt) -> str:
        self.receipts.append(receipt)
        return f"r{len(self.receipts)}"

    def mark_served(self, receipt_id: str, served: float) -> None:
        self.served[receipt_id] = served


def done(outcome: ZoneOutcome | None, *causes: Cause) -> LookDone:
    """Return what is told of a look."""
    error = None if outcome is None else outcome.error
    return LookDone("one", Work(A, WHOLE, causes, frozenset(), 1.0), outcome, error, 0.1)


def applied() -> ZoneOutcome:
    """Return an applied change of one RRset."""
    change = Change(None, RRset.of(f"www.{A}", "A", 60, ["192.0.2.1"]))
    return ZoneOutcome("one", A, ZonePlan(A, "one", Action.UPDATE, (change,)), applied=True, serial=8)


def test_a_change_has_a_receipt_with_all_its_causes_and_when_it_was_served() -> None:
    book, board, told = Book(), Board(), list[Receipt]()
    remembering = Remembering(book, book, board, lambda: 50.0, told.append)
    causes = (
        Cause(Trigger.WEBHOOK, 45.0, edited=44.0, user="ada", request="r-1"),
        Cause(Trigger.FEED, 46.0, edited=43.0, user="bob", request="r-2", change=7),
    )
    remembering(done(applied(), *causes))
    remembering(Confirmed("one", A, causes, 51.0, 8.0))
    (receipt,) = book.receipts
    assert (receipt.action, receipt.created, receipt.serial) == ("updated", 1, 8)
    assert (receipt.edited, receipt.applied) == (43.0, 50.0)
    assert [(each.trigger, each.user, each.change) for each in receipt.causes] == [
        ("webhook", "ada", None),
        ("feed", "bob", 7),
    ]
    assert book.served == {"r1": 51.0}
    assert [(each.id, each.served) for each in told] == [("r1", None), ("r1", 51.0)]


def test_what_is_not_served_has_no_time_of_that() -> None:
    book = Book()
    remembering = Remembering(book, book, Board())
    remembering(done(applied()))
    remembering(Confirmed("one", A, (), 51.0, None, (f"www.{A} A",)))
    assert book.served == {}


def test_a_look_that_changes_nothing_has_no_receipt() -> None:
    book = Book()
    remembering = Remembering(book, book, Board())
    remembering(done(replace(applied(), applied=False)))
    remembering(done(replace(applied(), applied=False, error=TransientError("no answer"))))
    assert book.receipts == []


def test_how_a_zone_stood_is_put_up_again_and_what_was_not_well_is_unknown() -> None:
    book, board = Book(), Board()
    board.note(ZoneState("one", A, Condition.EQUAL, source_serial=8, served_serial=9, looked_at=50.0))
    board.note(ZoneState("one", "b.example.", Condition.FAILING, source_serial=8, served_serial=9, attempts=2))
    first = Remembering(book, book, board)
    first(done(replace(applied(), applied=False)))
    first(replace(done(None), work=replace(done(None).work, zone="b.example."), error=TransientError("no answer")))
    again = Board()
    assert asyncio.run(Remembering(book, book, again).recall(["one"]))
    equal, failing = again.zone("one", A), again.zone("one", "b.example.")
    assert (equal.condition, equal.source_serial, equal.served_serial) == (Condition.EQUAL, 8, 9)
    assert (failing.condition, failing.attempts) == (Condition.UNKNOWN, 2)


def test_a_zone_that_is_gone_is_forgotten() -> None:
    book = Book({A: ZoneNote("one", A)})
    Remembering(book, book, Board())(done(None))
    assert book.kept == {}


def test_a_store_that_cannot_be_read_is_told() -> None:
    assert not asyncio.run(Remembering(Book(fails=True), Book(), Board()).recall(["one"]))
