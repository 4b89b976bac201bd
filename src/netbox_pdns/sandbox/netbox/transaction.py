"""One request's edits: each with its entry in the change log, and all of them taken back where one is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from netbox_pdns.sandbox.netbox.inventory import Inventory, Table
from netbox_pdns.sandbox.netbox.objects import Change, Kind, Object, Record

T = TypeVar("T", bound=Object)


class Transaction:
    """Edits by *user*; what was edited since a `mark` can be taken back."""

    def __init__(
        self,
        inventory: Inventory,
        user: str,
        request_id: str,
        show: Callable[[Kind, Any], Mapping[str, Any]] | None = None,
    ) -> None:
        """*show* is how what is deleted is kept, to be told of after the request; None keeps nothing."""
        self.inventory = inventory
        self._user = user
        self._request_id = request_id
        self._show = show
        self._undo: list[tuple[Table[Any], Any, Any]] = []
        self.last_seen: dict[int, Mapping[str, Any]] = {}
        """Deleted objects as they were shown last, by the id of their entry in the change log."""

    @property
    def changes(self) -> Sequence[Change]:
        """What the change log has of these edits, oldest first."""
        return [after for table, _, after in self._undo if table is self.inventory.changes]

    @property
    def mark(self) -> int:
        """Where the edits stand now."""
        return len(self._undo)

    def take_back(self, mark: int = 0) -> None:
        """Undo every edit since *mark*; ids are not given back, as in PostgreSQL."""
        while len(self._undo) > mark:
            table, before, after = self._undo.pop()
            if before is None:
                table.remove(after)
            else:
                table.put(before)

    def insert(self, table: Table[T], row: T) -> T:
        """Add *row* with a new id and the time of now, and return it as it is kept."""
        now = time.time()
        made = msgspec.structs.replace(row, id=table.next_id(), created=now, last_updated=now)
        self._put(table, None, made)
        self._log("create", table, None, made)
        return made

    def update(self, table: Table[T], before: T, after: T, *, noted: bool = True) -> T:
        """Put *after* in the place of *before* and return it as it is kept; without a difference nothing is logged.

        Not *noted* is an update of which the plugin does not note the state before.
        """
        kept = msgspec.structs.replace(after, last_updated=time.time())
        self._put(table, before, kept)
        if msgspec.structs.replace(kept, last_updated=before.last_updated) != before:
            self._log("update", table, before if noted else None, kept)
        return kept

    def keep(self, table: Table[T], before: T, after: T) -> T:
        """Put *after* in the place of *before* behind the change log's back, and return it."""
        self._put(table, before, after)
        return after

    def delete(self, table: Table[T], row: T) -> None:
        """Take *row* out."""
        self._undo.append((table, row, None))
        self._log("delete", table, row, None)
        table.remove(row)

    def _put(self, table: Table[T], before: T | None, after: T) -> None:
        self._undo.append((table, before, after))
        table.put(after)

    def _log(self, action: str, table: Table[T], before: T | None, after: T | None) -> None:
        row = after if after is not None else before
        assert row is not None
        changes = self.inventory.changes
        printed = None if isinstance(row, Record) else self.inventory.printed(row)
        change = Change(
            changes.next_id(),
            time.time(),
            self._user,
            self._request_id,
            action,
            table.kind.name,
            row.id,
            before,
            after,
            printed,
        )
        self._undo.append((changes, None, change))
        changes.put(change)
        if after is None and self._show is not None:
            self.last_seen[change.id] = self._show(table.kind, row)
