"""How one RRset stands on one target, and why, in words. Pure: the facts come in, the story goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from netbox_pdns.dns.rrset import Key
from netbox_pdns.planning.expectations import Expectation, Seen
from netbox_pdns.planning.holdings import HeldRecord
from netbox_pdns.planning.unmanaged import SIGNERS_TYPES
from netbox_pdns.planning.values import Change, Desired, Explanations, Observed, ZonePlan
from netbox_pdns.planning.verdicts import Shown, Verdict
from netbox_pdns.sync.explanation import Explanation, OnTarget, RecordOfName, RRsetStory, State, ZoneOfName
from netbox_pdns.sync.outcome import ZoneOutcome
from netbox_pdns.sync.reasons import held_of
from netbox_pdns.sync.reconcile import UNEXPLAINED

_PHRASES = {
    State.AS_WANTED: "is served as NetBox wants it",
    State.TO_ADD: "is not served yet, the next sync adds it",
    State.TO_CHANGE: "is served otherwise, the next sync changes it",
    State.TO_REMOVE: "is served and not wanted, the next sync removes it",
    State.HELD: "is held: a change of it waits for a word",
    State.LEFT_OUT: "is left out: it cannot be served",
    State.UNMANAGED: "is unmanaged: others keep it",
    State.KEPT: "is not NetBox's: others keep it",
    State.FOREIGN: "is in a foreign zone, which is not touched",
    State.OCCLUDED: "cannot be seen in DNS: it is occluded",
    State.NOT_SELECTED: "is not wanted: its zone is not selected",
    State.DOWN: "cannot be told: the target is down",
    State.FAILED: "cannot be told: its zone could not be planned",
    State.DIFFERS: "is answered by DNS otherwise than its API has it",
    State.ABSENT: "is neither wanted nor served",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one target about a name.

    `down` says why the target cannot be looked at, `not_selected` why it does not serve the zone, `dns_down` why its DNS
    does not answer. `observed` is its zone, NetBox's or not. `expected`, `verdicts` and `shown` are by RRset; `instead`
    says what hides the name as a whole or answers in its place, `explanations` why records go.
    """

    target: str
    down: str = ""
    not_selected: str = ""
    dns_down: str = ""
    desired: Desired | None = None
    observed: Observed | None = None
    ours: bool = False
    outcome: ZoneOutcome | None = None
    explanations: Explanations = field(default_factory=dict)
    is_unmanaged: Callable[[Key], bool] = lambda key: False
    expected: Mapping[Key, Expectation] = field(default_factory=dict)
    verdicts: Mapping[Key, Verdict] = field(default_factory=dict)
    shown: Mapping[Key, Shown] = field(default_factory=dict)
    instead: str = ""
    removed: Mapping[Key, str] = field(default_factory=dict)

    @property
    def plan(self) -> ZonePlan | None:
        """The zone's plan, where there is one."""
        return None if self.outcome is None else self.outcome.plan


_Told: TypeAlias = tuple[State, str] | None


def on_target(facts: Facts, key: Key) -> OnTarget:
    """Return how the RRset stands on the target; the first rule that has something to say decides."""
    state, why = next(told for rule in _RULES if (told := rule(facts, key)) is not None)
    wanted = None if facts.desired is None else facts.desired.zone.rrsets.get(key)
    has = None if facts.observed is None else facts.observed.zone.rrsets.get(key)
    dns = facts.shown.get(key, Shown(words=facts.dns_down))
    return OnTarget(
        target=facts.target,
        state=state,
        why=why,
        wanted=() if wanted is None else wanted.rdatas,
        wanted_ttl=None if wanted is None else wanted.ttl,
        has=() if has is None else has.rdatas,
        has_ttl=None if has is None else has.ttl,
        answers=dns.rdatas,
        answers_ttl=dns.ttl,
        dns=dns.words,
        removed_file=facts.removed.get(key),
    )


def _down(facts: Facts, key: Key) -> _Told:
    return (State.DOWN, facts.down) if facts.down else None


def _not_selected(facts: Facts, key: Key) -> _Told:
    if not facts.not_selected:
        return None
    if facts.observed is None:
        return State.NOT_SELECTED, facts.not_selected
    whose = "orphaned: a zone of ours that NetBox does not want there" if facts.ours else "foreign, and not touched"
    return State.NOT_SELECTED, f"{facts.not_selected}; the server has {facts.observed.zone.name} all the same, {whose}"


def _failed(facts: Facts, key: Key) -> _Told:
    if facts.plan is not None:
        return None
    return State.FAILED, str(
        facts.outcome.error
    ) if facts.outcome is not None else "the zone went while it was looked at"


def _foreign(facts: Facts, key: Key) -> _Told:
    plan = facts.plan
    if plan is None or not plan.foreign or not plan.is_empty or not _change(plan.differences, key):
        return None
    return State.FOREIGN, "; ".join(plan.notes)


def _held(facts: Facts, key: Key) -> _Told:
    held = None if facts.plan is None else held_of(facts.plan, key)
    if held is None:
        return None
    return State.HELD, f"{held.reason}: {held.detail}; to let it through: {held.command}"


def _left_out(facts: Facts, key: Key) -> _Told:
    records = [] if facts.plan is None else [record for record in facts.plan.left_out if record.key == key]
    if not records:
        return None
    return State.LEFT_OUT, "; ".join(dict.fromkeys(f"{record.value}: {record.reason}" for record in records))


def _changed(facts: Facts, key: Key) -> _Told:
    plan = facts.plan
    if plan is None:
        return None
    change = _change(plan.changes, key)
    is_soa = plan.soa is not None and plan.soa.key == key
    if change is None and not is_soa:
        return None
    state, why = State.TO_CHANGE, "NetBox wants it otherwise" if change else "a change of the zone raises its serial"
    if change is not None and change.before is None:
        state, why = State.TO_ADD, "the server does not have it"
    elif change is not None and change.after is None:
        state, why = State.TO_REMOVE, _why_it_goes(facts, change)
    elif change is None and plan.soa_before is None:
        state, why = State.TO_ADD, "the server does not have it"
    if facts.outcome is not None and facts.outcome.observe_only:
        why += "; but the target is only observed: no sync changes it"
    return state, why


def _why_it_goes(facts: Facts, change: Change) -> str:
    reasons = [facts.explanations.get(record, UNEXPLAINED) for record in change.removed_records]
    return "; ".join(dict.fromkeys(reasons))


def _hidden(facts: Facts, key: Key) -> _Told:
    expected = facts.expected.get(key)
    if expected is None or expected.seen not in {Seen.OCCLUDED, Seen.NOT_ASKED}:
        return None
    return State.OCCLUDED, expected.why


def _others(facts: Facts, key: Key) -> _Told:
    observed, desired = facts.observed, facts.desired
    if observed is None or desired is None or key in desired.zone.rrsets:
        return None
    if key in observed.disabled:
        return State.KEPT, "it has disabled records in PowerDNS, which stay as they are"
    if key not in observed.zone.rrsets:
        return None
    if facts.is_unmanaged(key):
        return State.UNMANAGED, "a pattern of the setting `unmanaged` gives it to others"
    if observed.listed.dnssec and key[1] in SIGNERS_TYPES:
        return State.KEPT, "PowerDNS signs the zone and makes it"
    if desired.ref.dynamic:
        return State.KEPT, "the zone is dynamic in NetBox: others may add to it"
    return None


def _seen(facts: Facts, key: Key) -> _Told:
    if key not in facts.expected:
        return None
    if facts.dns_down:
        return State.DIFFERS, facts.dns_down
    verdict = facts.verdicts[key]
    if verdict.finding is None and key == _soa_that_follows(facts):
        return State.AS_WANTED, "the zone was adopted with this SOA: NetBox's follows with the zone's next change"
    if verdict.finding is None:
        return State.AS_WANTED, "NetBox, PowerDNS and DNS agree"
    return State.DIFFERS, f"DNS: {verdict.finding}; a cache, or another server, answers at this address"


def _soa_that_follows(facts: Facts) -> Key | None:
    """Return the key of an SOA that is to be seen otherwise than NetBox has it: the zone was adopted with it."""
    wanted = None if facts.desired is None else facts.desired.zone.soa
    expected = None if wanted is None else facts.expected.get(wanted.key)
    return None if expected is None or expected.rrset == wanted else expected.rrset.key


def _absent(facts: Facts, key: Key) -> _Told:
    why = "neither NetBox nor the server has it"
    return State.ABSENT, f"{why}; {facts.instead}" if facts.instead else why


_RULES: Sequence[Callable[[Facts, Key], _Told]] = (
    _down,
    _not_selected,
    _failed,
    _foreign,
    _held,
    _left_out,
    _changed,
    _hidden,
    _others,
    _seen,
    _absent,
)


def _change(changes: Sequence[Change], key: Key) -> Change | None:
    return next((change for change in changes if change.key == key), None)


def told(
    name: str, keys: Sequence[Key], zones: Sequence[ZoneOfName], records: Sequence[HeldRecord], facts: Sequence[Facts]
) -> Explanation:
    """Return the story of *keys*, all of the name *name*."""
    rrsets = tuple(_rrset(key, [record for record in records if record.type == key[1]], facts) for key in keys)
    well = all(on.state.is_well for rrset in rrsets for on in rrset.targets)
    return Explanation(name, _conclusion(name, zones, rrsets), well, tuple(zones), rrsets)


def _rrset(key: Key, records: Sequence[HeldRecord], facts: Sequence[Facts]) -> RRsetStory:
    targets = tuple(on_target(each, key) for each in facts)
    held = tuple(
        RecordOfName(each.id, each.value, each.ttl, each.status, each.active, each.url, each.expires)
        for each in records
    )
    return RRsetStory(*key, _of_rrset(key, held, targets), held, targets)


def _of_rrset(key: Key, records: Sequence[RecordOfName], targets: Sequence[OnTarget]) -> str:
    where: dict[str, list[str]] = {}
    for on in targets:
        where.setdefault(_PHRASES[on.state], []).append(on.target)
    phrases = [f"{phrase} on {', '.join(names)}" for phrase, names in where.items()]
    if records and not any(record.active for record in records):
        phrases = [f"is out of service in NetBox ({', '.join(sorted({each.status for each in records}))})", *phrases]
    return f"{key[0]} {key[1]} " + "; ".join(phrases)


def _conclusion(name: str, zones: Sequence[ZoneOfName], rrsets: Sequence[RRsetStory]) -> str:
    if not zones:
        return f"{name} is in no zone that NetBox shows to this token"
    if not any(zone.active for zone in zones):
        where = " and ".join(f"{zone.name} (view {zone.view}, status {zone.status})" for zone in zones)
        return f"{name} is in {where}, not active in NetBox: nothing of it is wanted"
    if not any(zone.targets for zone in zones):
        where = " and ".join(f"{zone.name} (view {zone.view})" for zone in zones)
        return f"{name} is in {where}, which no target selects"
    if len(rrsets) == 1:
        return rrsets[0].conclusion
    well = sum(all(on.state.is_well for on in rrset.targets) for rrset in rrsets)
    return f"{name} has {len(rrsets)} RRsets: {'all' if well == len(rrsets) else well} of them as they should be"
