"""How an RRset stands on a target, and the words for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cli_reports import outcome
from planning_text import MARK, ZONE, context, desired, observed

from netbox_pdns.errors import TransientError
from netbox_pdns.planning.expectations import expectations
from netbox_pdns.planning.holdings import HeldRecord
from netbox_pdns.planning.unmanaged import is_unmanaged
from netbox_pdns.planning.values import Action, ZonePlan
from netbox_pdns.planning.verdicts import AS_WANTED, Finding, Shown, Verdict
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.sync.explanation import State, ZoneOfName
from netbox_pdns.sync.story import _PHRASES, Facts, on_target, told

KEY = (f"www.{ZONE}", "A")
ONE, TWO = "www 60 A 192.0.2.1", "www 60 A 192.0.2.2"
OTHERS = "\n".join(f"h{number} 60 A 192.0.2.{number}" for number in range(40))
MANY = "\n".join(f"www 60 A 192.0.2.{number}" for number in range(10, 20))


def _facts(wanted: str, there: str, key: tuple[str, str] = KEY, **more: object) -> Facts:
    """Return the facts of a target that has *there* where *wanted* is wanted; `account` and so on are the zone's there."""
    own = {name: more.pop(name) for name in list(more) if name in {"account", "dnssec", "disabled", "observe_only"}}
    observing = bool(own.pop("observe_only", False))
    want, have = desired(f"{wanted}\n{OTHERS}"), observed(f"{there}\n{OTHERS}", **own)  # type: ignore[arg-type]  # by name
    expected = {each.rrset.key: each for each in expectations(want.zone, ()) if each.rrset.key == key}
    facts = Facts(
        target="pdns",
        desired=want,
        observed=have,
        ours=have.listed.account == MARK,
        outcome=outcome(plan_zone(want, have, context()), observe_only=observing),
        is_unmanaged=lambda each: is_unmanaged(each, context()),
        expected=expected,
        verdicts={key: AS_WANTED},
        shown={key: Shown(("192.0.2.1",), 60)},
    )
    return replace(facts, **more)  # type: ignore[arg-type]  # by name


def _adopted() -> Facts:
    """Return the facts of a target whose zone was adopted with another SOA."""
    key = (ZONE, "SOA")
    there = observed(f"{ONE}\n{OTHERS}", 3)
    expected = {each.rrset.key: each for each in expectations(there.zone, ())}
    return replace(
        _facts(ONE, ONE, key),
        observed=there,
        outcome=outcome(ZonePlan(ZONE, "pdns", Action.NOTHING)),
        expected=expected,
    )


TXT = (f"_acme-challenge.{ZONE}", "TXT")
SIGNED = (ZONE, "CDS")
BELOW = (f"www.sub.{ZONE}", "A")


@pytest.mark.parametrize(
    ("facts", "key", "state", "why"),
    [
        pytest.param(_facts(ONE, ONE), KEY, "as wanted", "NetBox, PowerDNS and DNS agree", id="as-wanted"),
        pytest.param(_adopted(), (ZONE, "SOA"), "as wanted", "follows with the zone's next change", id="adopted-soa"),
        pytest.param(_facts(ONE, ""), KEY, "to add", "the server does not have it", id="to-add"),
        pytest.param(_facts(ONE, TWO), KEY, "to change", "NetBox wants it otherwise", id="to-change"),
        pytest.param(
            _facts(ONE, TWO, observe_only=True),
            KEY,
            "to change",
            "NetBox wants it otherwise; but the target is only observed: no sync changes it",
            id="observed-only",
        ),
        pytest.param(_facts("", ONE), KEY, "to remove", "NetBox holds it no more and does not say why", id="to-remove"),
        pytest.param(
            _facts("", ONE, explanations={(*KEY, "192.0.2.1"): "deleted by joe"}),
            KEY,
            "to remove",
            "deleted by joe",
            id="to-remove-explained",
        ),
        pytest.param(
            _facts(ONE, MANY),
            KEY,
            "held",
            "to let it through: netbox-pdns sync --force unexplained --zone example.com",
            id="held",
        ),
        pytest.param(_facts(ONE, TWO, account="joe"), KEY, "foreign", "(account 'joe'), 1 RRset differs", id="foreign"),
        pytest.param(_facts(ONE, ONE, account="joe"), KEY, "as wanted", "agree", id="foreign-and-equal"),
        pytest.param(
            _facts("www 60 NULL \\# 1 00", "", (KEY[0], "NULL")),
            (KEY[0], "NULL"),
            "left out",
            "\\# 1 00: it is not allowed in master files",
            id="left-out",
        ),
        pytest.param(
            _facts("", "_acme-challenge 60 TXT a", TXT), TXT, "unmanaged", "the setting `unmanaged`", id="unmanaged"
        ),
        pytest.param(
            _facts("", "@ 60 CDS 1 8 2 " + "ab" * 32, SIGNED, dnssec=True),
            SIGNED,
            "kept",
            "signs the zone",
            id="signer",
        ),
        pytest.param(_facts("", "", disabled=ONE), KEY, "kept", "disabled records in PowerDNS", id="disabled"),
        pytest.param(
            _facts("sub 60 NS x.\nwww.sub 60 A 192.0.2.1", "sub 60 NS x.\nwww.sub 60 A 192.0.2.1", BELOW),
            BELOW,
            "occluded",
            "the delegation of sub.example.com. hides it",
            id="occluded",
        ),
        pytest.param(
            _facts(ONE, ONE, verdicts={KEY: Verdict(Finding.STALE)}), KEY, "differs", "DNS: stale", id="dns-differs"
        ),
        pytest.param(_facts(ONE, ONE, dns_down="no answer"), KEY, "differs", "no answer", id="dns-down"),
        pytest.param(_facts("", ""), KEY, "absent", "neither NetBox nor the server has it", id="absent"),
        pytest.param(
            _facts("", "", instead="the wildcard answers"), KEY, "absent", "it; the wildcard answers", id="wildcard"
        ),
        pytest.param(_facts(ONE, ONE, down="it is away"), KEY, "down", "it is away", id="down"),
        pytest.param(
            _facts(ONE, ONE, outcome=outcome(error=TransientError("too busy"))), KEY, "failed", "too busy", id="failed"
        ),
        pytest.param(Facts("pdns", not_selected="not picked"), KEY, "not selected", "not picked", id="not-selected"),
        pytest.param(
            Facts("pdns", not_selected="not picked", observed=observed(ONE), ours=True),
            KEY,
            "not selected",
            "not picked; the server has example.com. all the same, orphaned",
            id="orphaned",
        ),
        pytest.param(
            Facts("pdns", not_selected="not picked", observed=observed(ONE)),
            KEY,
            "not selected",
            "not picked; the server has example.com. all the same, foreign",
            id="others-zone",
        ),
    ],
)
def test_how_an_rrset_stands(facts: Facts, key: tuple[str, str], state: str, why: str) -> None:
    """One state, and the reason in words."""
    on = on_target(facts, key)
    assert (on.state, why in on.why) == (state, True), on


ZONE_OF = ZoneOfName(ZONE, "_default_", "https://netbox/zones/1/", "active", True, ("pdns",))
WELL, CHANGED = _facts(ONE, ONE), _facts(ONE, TWO)


@pytest.mark.parametrize(
    ("zones", "keys", "facts", "conclusion", "as_wanted"),
    [
        pytest.param([ZONE_OF], [KEY], [WELL], f"{KEY[0]} A is served as NetBox wants it on pdns", True, id="well"),
        pytest.param(
            [ZONE_OF],
            [KEY],
            [WELL, replace(WELL, target="b"), replace(CHANGED, target="c")],
            f"{KEY[0]} A is served as NetBox wants it on pdns, b; is served otherwise, the next sync changes it on c",
            False,
            id="targets-that-differ",
        ),
        pytest.param(
            [ZONE_OF],
            [KEY, (KEY[0], "TXT")],
            [WELL],
            f"{KEY[0]} has 2 RRsets: all of them as they should be",
            True,
            id="two",
        ),
        pytest.param([], [KEY], [], f"{KEY[0]} is in no zone that NetBox shows to this token", True, id="no-zone"),
        pytest.param(
            [replace(ZONE_OF, active=False, status="parked", targets=())],
            [KEY],
            [],
            f"{KEY[0]} is in {ZONE} (view _default_, status parked), not active in NetBox: nothing of it is wanted",
            True,
            id="inactive-zone",
        ),
        pytest.param(
            [replace(ZONE_OF, targets=())],
            [KEY],
            [],
            f"{KEY[0]} is in {ZONE} (view _default_), which no target selects",
            True,
            id="not-selected",
        ),
    ],
)
def test_the_conclusion(
    zones: list[ZoneOfName], keys: list[tuple[str, str]], facts: list[Facts], conclusion: str, as_wanted: bool
) -> None:
    """One line that says it all, first."""
    story = told(KEY[0], keys, zones, [], facts)
    assert (story.conclusion, story.as_wanted) == (conclusion, as_wanted)


def test_a_record_out_of_service_is_said_first() -> None:
    """It is in NetBox all the same, and the reader looks there."""
    record = HeldRecord(1, 1, KEY[0], "A", "192.0.2.1", None, "https://netbox/records/1/", "inactive", active=False)
    story = told(KEY[0], [KEY], [ZONE_OF], [record], [_facts("", "")])
    assert story.conclusion == (
        f"{KEY[0]} A is out of service in NetBox (inactive); is neither wanted nor served on pdns"
    )


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_told(state: State) -> None:
    """None lacks its phrase, and the states that need a look are known."""
    assert state in _PHRASES
    assert state.is_well == (state in {"as wanted", "unmanaged", "kept", "occluded", "not selected", "absent"})
