"""What planning works on and what it yields: frozen values, made of values.

*desired* is what NetBox wants, *observed* what a server has. A *plan* says for one zone of one target what to
apply, what is *held* (waits for a word) and what is *left out* (cannot be served).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, TypeAlias

from netbox_pdns.dns.rrset import Key, RRset, Zone

RecordKey: TypeAlias = tuple[str, str, str]
"""One record of a zone: canonical owner name, type, canonical rdata."""

Explanations: TypeAlias = Mapping[RecordKey, str]
"""Why records that a server has are no longer wanted, in words, as far as NetBox tells."""

NO_EXPLANATIONS: Explanations = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Gone:
    """Why NetBox wants a zone no more, in words; `successor` is the NetBox id of the zone that was renamed or moved."""

    why: str
    successor: int | None = None


@dataclass(frozen=True, slots=True)
class ZoneRef:
    """A zone in NetBox. Its name is unique within a view only, so (view, name) or the id tells zones apart.

    `serial` is NetBox's own at the time of the listing; `dynamic` zones are updated by others too (status
    `dynamic` in NetBox). `default_ttl` (seconds) is what records without a TTL of their own have.
    """

    id: int
    name: str
    view: str
    url: str
    serial: int | None = None
    dynamic: bool = False
    default_ttl: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that NetBox holds and that cannot be served, with the reason in a network engineer's words.

    `name` and `type` are as canonical as they could be made; `value` is NetBox's own text, `record_id` and `url`
    lead to the record there.
    """

    zone: str
    name: str
    type: str
    value: str
    reason: str
    record_id: int | None = None
    url: str | None = None

    @property
    def key(self) -> Key:
        """Owner name and type of the RRset that misses this record."""
        return self.name, self.type


@dataclass(frozen=True, slots=True)
class Desired:
    """What NetBox wants of one zone: its content, whence each record comes, and what could not be read as DNS.

    `record_ids` holds for every RRset the NetBox record ids in the order of its rdatas (the first of several
    records that mean the same rdata). `url_of(id)` of a record is built from `record_url`, which has one `{id}`.
    """

    ref: ZoneRef
    zone: Zone
    record_ids: Mapping[Key, tuple[int, ...]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    record_url: str = "{id}"

    def source_of(self, key: Key, rdata: str) -> tuple[int | None, str | None]:
        """Return the NetBox record id and URL behind one rdata of an RRset, or (None, None)."""
        rrset = self.zone.rrsets.get(key)
        ids = self.record_ids.get(key, ())
        if rrset is None or rdata not in rrset.rdatas or len(ids) != len(rrset.rdatas):
            return None, None
        record_id = ids[rrset.rdatas.index(rdata)]
        return record_id, self.record_url.format(id=record_id)


@dataclass(frozen=True, slots=True)
class TargetZone:
    """One line of a server's zone list: enough to tell ours from others' and to see what needs a look.

    `account` is the ownership mark; `serial` the stored SOA serial (0 without SOA), `served_serial` what a
    secondary sees (PowerDNS: `edited_serial`), None where the list does not tell.
    """

    name: str
    kind: str
    account: str
    serial: int
    served_serial: int | None = None
    dnssec: bool = False
    catalog: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a server has of one zone.

    `zone` holds the enabled records, `disabled` the disabled ones; an RRset that has such stays as it is.
    `soa_edit_api` is None where unset (PowerDNS then acts as for DEFAULT), "" where switched off.
    `rectifies` is False where an upload of ours was broken off that had put rectification off: the zone is owed it, which
    is a reason to write even where nothing differs.
    """

    listed: TargetZone
    zone: Zone
    disabled: Mapping[Key, RRset] = field(default_factory=dict)
    soa_edit_api: str | None = ""
    soa_edit: str = ""
    presigned: bool = False
    rectifies: bool = True

    @property
    def served_serial(self) -> int | None:
        """The serial that a secondary sees, or None where the zone has no SOA yet."""
        if self.zone.soa is None:
            return None
        return self.zone.serial if self.listed.served_serial is None else self.listed.served_serial


@dataclass(frozen=True, slots=True)
class Change:
    """One RRset's step from observed to desired: no `before` is a creation, no `after` a removal."""

    before: RRset | None
    after: RRset | None

    def __post_init__(self) -> None:
        if self.before == self.after:
            raise ValueError("a change changes something")

    @property
    def key(self) -> Key:
        """Owner name and type."""
        rrset = self.after or self.before
        assert rrset is not None
        return rrset.key

    @property
    def added(self) -> tuple[str, ...]:
        """The rdatas that come."""
        old = set(self.before.rdatas) if self.before else set()
        return tuple(rdata for rdata in (self.after.rdatas if self.after else ()) if rdata not in old)

    @property
    def removed(self) -> tuple[str, ...]:
        """The rdatas that go."""
        new = set(self.after.rdatas) if self.after else set()
        return tuple(rdata for rdata in (self.before.rdatas if self.before else ()) if rdata not in new)

    @property
    def removed_records(self) -> tuple[RecordKey, ...]:
        """The records that go."""
        name, type = self.key
        return tuple((name, type, rdata) for rdata in self.removed)


class HoldReason(StrEnum):
    """Why a change waits for a word; the values are the words of `--force`."""

    UNEXPLAINED = "unexplained"
    EMPTIED = "emptied"
    APEX_NS = "apex-ns"
    ZONES = "zones"
    KEYS = "keys"
    CONTENT = "content"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Held:
    """A dangerous part of a plan that is not applied, with its numbers in words.

    `changes` are the changes that wait; none where the zone as a whole does (its deletion, say). `together` are all
    reasons that hold some of the same: only together do they let it through.
    """

    reason: HoldReason
    zone: str
    detail: str
    changes: tuple[Change, ...] = ()
    together: tuple[HoldReason, ...] = ()

    @property
    def command(self) -> str:
        """The command that lets it through."""
        reasons = ",".join(self.together or (self.reason,))
        return f"netbox-pdns sync --force {reasons} --zone {self.zone.rstrip('.') or '.'}"


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """How much may go in one run without a word; percentages are of the observed RRsets without the SOA."""

    unexplained: Literal["guard", "hold", "remove"] = "guard"
    """`guard` applies the unexplained while small, `hold` never does, `remove` always."""
    unexplained_records: int = 3
    unexplained_percent: float = 10.0
    emptied_rrsets: int = 10
    """A zone with at least this many RRsets is not emptied without a word."""
    zones: int = 3
    zones_percent: float = 5.0
    """Zone deletions: the smaller of `zones` and this share of the owned zones, at least 1."""


@dataclass(frozen=True, slots=True)
class SoaPair:
    """The SOAs of a zone on both sides: as NetBox wants it, and as the server has it; they differ."""

    wanted: RRset
    there: RRset


@dataclass(frozen=True, slots=True)
class UnmanagedPattern:
    """RRsets in zones of ours that others keep: owner names relative to nothing (`*`, `?`), and a type or `*`."""

    name: str
    type: str


DEFAULT_UNMANAGED = (
    UnmanagedPattern("_acme-challenge*", "TXT"),
    UnmanagedPattern("*", "LUA"),
    UnmanagedPattern("*", "ALIAS"),
)


@dataclass(frozen=True, slots=True)
class PlanContext:
    """All that a zone's plan depends on beside its desired and observed content.

    `refused` are records that the server refused in this run, with its reason in words. `now` is in seconds since
    1970. `signs` tells whether a new zone will be signed. `adopting` is the operator's `--adopt` for this zone.
    `gone` says why NetBox has the zone no more, None where it does not explain it. `elsewhere` is how many RRsets the server
    has that were not looked at, where only some were; `spent` how many records went from the zone without an explanation in
    the last 24 hours. `cuts` are the owner names of delegations that are known, whether they were looked at or not.
    `adopted` are the SOAs with which the zone was adopted: while both are still these, the server's stays.
    """

    target: str
    mark: str
    now: int
    limits: GuardLimits = GuardLimits()
    unmanaged: tuple[UnmanagedPattern, ...] = DEFAULT_UNMANAGED
    adopt: Literal["identical", "never", "always"] = "identical"
    adopting: bool = False
    forced: frozenset[HoldReason] = frozenset()
    explanations: Explanations = field(default_factory=dict)
    refused: Mapping[RecordKey, str] = field(default_factory=dict)
    signs: bool = False
    gone: str | None = None
    elsewhere: int = 0
    spent: int = 0
    cuts: frozenset[str] = frozenset()
    adopted: SoaPair | None = None


class Action(StrEnum):
    """What a plan does with the zone as a whole."""

    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    DELETE = "delete"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class SerialStep:
    """How the serial goes on: what secondaries see now, what the last batch leaves, and whose it is.

    `observed` is None for a new zone. `final` is the serial to send in the last batch; `first` the lowest that an
    earlier batch may carry. All unsigned 32-bit.
    """

    observed: int | None
    first: int
    final: int


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """What is to happen to one zone on one target.

    `changes` leave the SOA out and are sorted by key; `soa` is the SOA to end with (its serial is `serial.final`),
    None where it stays. `unexplained` are the records that go without an explanation, whether they are held or not.
    A `foreign` zone has no changes; `differences` are those it would have, and `notes` say what keeps us from it.
    `account_before` is the mark of a zone that is to be adopted, `soas` its SOAs where they differ; `disabled` are the
    disabled records of one that is to go.
    `rectify` is False where no owner name or delegation comes or goes; `rrsets_there` is how many RRsets the server has.
    """

    zone: str
    target: str
    action: Action
    changes: tuple[Change, ...] = ()
    soa: RRset | None = None
    soa_before: RRset | None = None
    serial: SerialStep | None = None
    held: tuple[Held, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    foreign: bool = False
    differences: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    unexplained: tuple[RecordKey, ...] = ()
    account_before: str = ""
    soas: SoaPair | None = None
    disabled: tuple[RRset, ...] = ()
    rectify: bool = True
    rrsets_there: int = 0

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to apply; held and left out are another matter."""
        return self.action is Action.NOTHING


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a plan came to: the serial that is served then, the number of PATCHes, what the operator should know."""

    serial: int | None
    batches: int
    notes: tuple[str, ...] = ()
