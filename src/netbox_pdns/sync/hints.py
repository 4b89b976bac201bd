"""Hints: "look at this zone, perhaps at these RRsets". Values; they say nothing of what is to be done there.

Losing, repeating or reordering hints costs time, never correctness: whoever looks finds out by itself what both sides hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from netbox_pdns.dns.rrset import Key
from netbox_pdns.planning.values import RecordKey

MOST_RRSETS = 100
"""A scope of more RRsets than this is the whole zone: that costs less to read."""


class Trigger(StrEnum):
    """What made a hint."""

    WEBHOOK = "webhook"
    """A webhook of NetBox's own."""
    COMPATIBLE = "compatible"
    """A call of the older connector's interface."""
    FEED = "feed"
    """NetBox's change log, polled."""
    UPDATED = "updated"
    """The records that NetBox says were updated lately, polled."""
    MQTT = "mqtt"
    SCHEDULE = "schedule"
    PEOPLE = "people"
    """Somebody who asked for it, over the API or the command line."""
    START = "start"
    AGAIN = "again"
    """We ourselves: what we looked at could not be finished, or was not served as written."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a zone is looked at: what told, when it came and when the edit was made (seconds since 1970), and by whom.

    `edited` is None where it is not known; `user` and `request` are NetBox's user name and request id. `change` is the id of
    the change-log entry, where the hint comes of one.
    """

    trigger: Trigger
    came: float
    edited: float | None = None
    user: str = ""
    request: str = ""
    change: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a zone is to be looked at: some RRsets by canonical owner name and type, or (None) the whole of it."""

    rrsets: frozenset[Key] | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether the whole zone is meant."""
        return self.rrsets is None

    def __or__(self, other: Scope) -> Scope:
        """Return the scope of both."""
        if self.rrsets is None or other.rrsets is None:
            return WHOLE
        both = self.rrsets | other.rrsets
        return WHOLE if len(both) > MOST_RRSETS else Scope(both)


WHOLE = Scope()


@dataclass(frozen=True, slots=True)
class Hint:
    """Look at `zone` (canonical name, whatever its view): on one target, or (None) on each.

    `gone` are records that the edit took away, each with its reason in words: where they go, that explains it.
    """

    zone: str
    cause: Cause
    scope: Scope = WHOLE
    target: str | None = None
    gone: tuple[tuple[RecordKey, str], ...] = ()


class Depth(StrEnum):
    """How thoroughly all zones are looked at."""

    LISTS = "lists"
    """Both sides' lists decide which zones need a look."""
    CONTENT = "content"
    """Every zone's content is compared."""


class Hints(Protocol):
    """Where triggers leave their hints. Neither call blocks, refuses, or raises: hints are merged, so they are bounded."""

    def look(self, hint: Hint) -> None:
        """Have one zone looked at, as soon as its turn comes; a hint for a zone under way leads to one more look."""

    def look_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        """Have all zones looked at in the background; a pass that is still going is not begun twice."""
