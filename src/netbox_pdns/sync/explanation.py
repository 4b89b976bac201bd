"""The story of a name, as a value: what NetBox holds, what each target has, what DNS answers, and why they differ."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from netbox_pdns.shape import Shape


class State(StrEnum):
    """How one RRset stands on one target."""

    AS_WANTED = "as wanted"
    TO_ADD = "to add"
    TO_CHANGE = "to change"
    TO_REMOVE = "to remove"
    HELD = "held"
    LEFT_OUT = "left out"
    UNMANAGED = "unmanaged"
    KEPT = "kept"
    """The server's own, or that of others who may change the zone: signatures, dynamic updates, disabled records."""
    FOREIGN = "foreign"
    OCCLUDED = "occluded"
    NOT_SELECTED = "not selected"
    DOWN = "down"
    FAILED = "failed"
    DIFFERS = "differs"
    """PowerDNS's API shows it as wanted, DNS does not."""
    ABSENT = "absent"
    """Neither wanted nor there."""

    @property
    def is_well(self) -> bool:
        """Tell whether nothing that is wanted of this target is missing there."""
        return self in _WELL


_WELL = frozenset({State.AS_WANTED, State.UNMANAGED, State.KEPT, State.OCCLUDED, State.NOT_SELECTED, State.ABSENT})


@dataclass(frozen=True, slots=True)
class ZoneOfName(Shape):
    """A zone in NetBox that the name is in: the longest match, once a view. `targets` serve it."""

    name: str
    view: str
    url: str
    status: str
    active: bool
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordOfName(Shape):
    """A record in NetBox: `value` as it is typed there, `ttl` None for the zone's default, `active` whether it is wanted."""

    id: int
    value: str
    ttl: int | None
    status: str
    active: bool
    url: str
    expires: str | None


@dataclass(frozen=True, slots=True)
class OnTarget(Shape):
    """One RRset on one target: what is `wanted` there, what PowerDNS's API `has`, what its DNS `answers` (canonical rdatas).

    TTLs are in seconds, None without such records. `dns` says in words what DNS answers where it shows none. `why` is the
    reason for `state`, `removed_file` the newest file with a removed record of the RRset.
    """

    target: str
    state: State
    why: str
    wanted: tuple[str, ...] = ()
    wanted_ttl: int | None = None
    has: tuple[str, ...] = ()
    has_ttl: int | None = None
    answers: tuple[str, ...] = ()
    answers_ttl: int | None = None
    dns: str = ""
    removed_file: str | None = None


@dataclass(frozen=True, slots=True)
class RRsetStory(Shape):
    """One RRset: the conclusion in one line, NetBox's records, and how it stands on each target."""

    name: str
    type: str
    conclusion: str
    records: tuple[RecordOfName, ...]
    targets: tuple[OnTarget, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole story; `as_wanted` is False where something that NetBox wants is not served as it wants it."""

    name: str
    conclusion: str
    as_wanted: bool
    zones: tuple[ZoneOfName, ...]
    rrsets: tuple[RRsetStory, ...]
