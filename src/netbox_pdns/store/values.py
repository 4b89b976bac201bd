"""What the service remembers, as plain values: whoever only reads or shows them needs no SQL.

Times are seconds since 1970; zones are canonical names; serials are unsigned 32-bit (RFC 1035, section 3.3.13).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

MOST_CAUSES = 100
"""A receipt keeps so many of its causes."""
MOST_LINES = 50
"""A receipt's summary keeps so many lines."""


@dataclass(frozen=True, slots=True)
class ZoneNote:
    """One zone of one target, as it was when last looked at.

    `source_serial` is NetBox's serial, `served_serial` what secondaries saw, `equal_at` when both sides were last found
    equal, `clean` whether nothing was left out or held then. `attempts` counts the looks that failed since; after such a
    one, `next_try` is when it is tried again.
    """

    target: str
    zone: str
    source_serial: int | None = None
    served_serial: int | None = None
    equal_at: float | None = None
    rrsets: int = 0
    clean: bool = False
    attempts: int = 0
    next_try: float | None = None


@dataclass(frozen=True, slots=True)
class ReceiptCause:
    """Why a change was made: what told, when it came, when the edit was made, by whom, in which request of NetBox."""

    trigger: str
    came: float
    edited: float | None = None
    user: str = ""
    request: str = ""
    change: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """One change that was applied: to what, how much, why, and when it was edited, applied, and seen in DNS.

    `action` is `created`, `updated` or `deleted`, of the zone; the counts are RRsets. `id` is given by the store.
    """

    target: str
    zone: str
    action: str
    applied: float
    created: int = 0
    changed: int = 0
    deleted: int = 0
    serial: int | None = None
    causes: tuple[ReceiptCause, ...] = ()
    edited: float | None = None
    served: float | None = None
    summary: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """Some receipts, the newest first; `following` asks for those after them, None where there are none."""

    receipts: tuple[Receipt, ...]
    following: str | None


class RemarkKind(StrEnum):
    """What was found at opening the file."""

    MADE = "made"
    """There was none: it was lost, or this is the first start."""
    BROKEN = "broken"
    """It was torn, or no database of ours: it was moved aside."""
    NEWER = "newer"
    """A newer version made it: it was moved aside."""
    UNUSABLE = "unusable"
    """It cannot be written: the service works in memory."""
    OTHER_SOURCE = "other-source"
    """It was about another NetBox: what was remembered of zones and feeds is dropped."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the file that the operator has to know, with what can be done."""

    kind: RemarkKind
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Whether what is to be remembered gets onto the disk.

    `behind` writes wait; `lost` were given up since the start. `persistent` is False where the service works in memory.
    """

    ok: bool = True
    detail: str = ""
    behind: int = 0
    lost: int = 0
    persistent: bool = True


Clock = Callable[[], float]
