"""Which records the change log told of last: what it told need not be told by their last update once more."""

from __future__ import annotations

from datetime import datetime


class Told:
    """When each record was edited last, as the change log has it; of more than *most* the first are forgotten."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._edited: dict[int, datetime] = {}

    def note(self, record: int, edited: datetime) -> None:
        """Take note of an entry about *record*."""
        known = self._edited.pop(record, edited)
        self._edited[record] = max(known, edited)
        if len(self._edited) > self._most:
            del self._edited[next(iter(self._edited))]

    def has(self, record: int, updated: datetime) -> bool:
        """Tell whether an entry told of the update: NetBox writes it right after the record, in the same transaction."""
        edited = self._edited.get(record)
        return edited is not None and updated <= edited
