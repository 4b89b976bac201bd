"""The laws of planning, over random zones of a small alphabet."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from planning_text import ZONE, absolute, applied, apply_changes, context, desired, observed

from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.dns.serial import serial_gt
from netbox_pdns.planning.batches import batches
from netbox_pdns.planning.diff import diff
from netbox_pdns.planning.serials import batch_serials, next_serial
from netbox_pdns.planning.values import HoldReason, RecordKey
from netbox_pdns.planning.zone_plan import plan_zone

RDATAS = {
    "A": ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
    "TXT": ['"a"', '"b"', '""'],
    "CNAME": ["a.example.net.", "b.example.net."],
    "NS": ["ns1.example.net.", "ns2.example.net.", "."],
    "NULL": [r"\# 1 00", r"\# 1 01"],
}
NAMES = ["@", "a", "b", "c.b", "_acme-challenge"]
SERIALS = st.integers(1, 2**32 - 1)
SERVED = st.integers(0, 2**32 - 1)


@st.composite
def rrsets(draw: st.DrawFn) -> list[RRset]:
    """Draw RRsets with distinct keys: anything that NetBox can hold, wrong things among them."""
    keys = draw(st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(sorted(RDATAS))), max_size=14))
    return [
        RRset.of(
            absolute(name),
            type,
            draw(st.sampled_from([60, 300])),
            draw(st.lists(st.sampled_from(RDATAS[type]), min_size=1, max_size=3)),
        )
        for name, type in sorted(keys)
    ]


@st.composite
def server_zones(draw: st.DrawFn) -> Zone:
    """Draw a zone that a server can have: a CNAME stands alone, nothing in it is refused."""
    drawn = [rrset for rrset in draw(rrsets()) if rrset.type != "NULL" and "." not in rrset.rdatas]
    aliases = {rrset.name for rrset in drawn if rrset.type == "CNAME"} - {ZONE}
    return Zone.of(
        ZONE,
        [
            RRset.of(*rrset.key, rrset.ttl, rrset.rdatas[:1] if rrset.type == "CNAME" else rrset.rdatas)
            for rrset in drawn
            if (rrset.name in aliases) == (rrset.type == "CNAME")
        ],
    )


def with_soa(content: Zone, serial: int) -> Zone:
    """Return *content* with an SOA of *serial*."""
    soa = RRset.of(ZONE, "SOA", 3600, [f"ns1.x. hostmaster.x. {serial} 3600 600 86400 300"])
    return Zone.of(ZONE, [*content.rrsets.values(), soa])


@given(server_zones())
def test_a_zone_does_not_differ_from_itself(content: Zone) -> None:
    """diff(a, a) is empty."""
    assert diff(content, content) == ()


@given(server_zones(), server_zones(), st.integers(1, 60))
def test_what_is_applied_in_batches_of_any_size_is_what_is_wanted(old: Zone, new: Zone, limit: int) -> None:
    """apply(diff(a, b), a) = b, and the server's rules hold after every step of every batch."""
    there = old
    cut = batches(diff(new, old), lambda change: 7 + len(change.key[0]), limit)
    for batch in cut:
        there = apply_changes(batch, there)
    assert dict(there.rrsets) == dict(new.rrsets)
    assert sorted(change.key for batch in cut for change in batch) == [change.key for change in diff(new, old)]


@given(SERIALS, SERVED, st.integers(1, 50))
def test_serials_grow(wanted: int, served: int, count: int) -> None:
    """Every batch has a greater serial than the one before, the first a greater one than is served, none is 0."""
    serials = batch_serials(next_serial(wanted, served), count)
    assert len(serials) == count
    assert all(serial_gt(after, before) for before, after in pairwise((served, *serials)))
    assert serial_gt(serials[-1], served)
    assert 0 not in serials
    if serial_gt(wanted, served) and (wanted - served) % 2**32 > count:
        assert serials[-1] == wanted


@st.composite
def explained(draw: st.DrawFn, there: Zone) -> dict[RecordKey, str]:
    """Draw words about some of the records of a zone."""
    records = [(*rrset.key, rdata) for rrset in there.rrsets.values() for rdata in rrset.rdatas]
    return dict.fromkeys(draw(st.lists(st.sampled_from(records), unique=True)) if records else [], "deleted in NetBox")


@given(st.data(), rrsets(), server_zones(), st.booleans(), st.booleans())
def test_a_second_plan_is_empty(data: st.DataObject, new: list[RRset], old: Zone, dynamic: bool, signed: bool) -> None:
    """After a plan is applied there is nothing to do, whatever was left out; what was held waits on, untouched."""
    wanted = desired(with_soa(Zone.of(ZONE, new), 9), 9, dynamic=dynamic)
    there = observed(with_soa(old, 7), dnssec=signed)
    forced = frozenset({HoldReason.APEX_NS, HoldReason.UNEXPLAINED, HoldReason.EMPTIED})
    refused = data.draw(explained(Zone.of(ZONE, new)))
    told = context(explanations=data.draw(explained(old)), forced=forced, refused=refused)
    plan = plan_zone(wanted, there, told)
    after = applied(plan, there)
    again = plan_zone(wanted, after, told)
    assert again.is_empty, again.changes
    assert not again.changes
    assert again.left_out == plan.left_out


@given(st.data(), rrsets(), server_zones())
def test_what_is_held_stays_in_service(data: st.DataObject, new: list[RRset], old: Zone) -> None:
    """No record that a held change would remove is missing after the plan is applied."""
    wanted = desired(with_soa(Zone.of(ZONE, new), 9), 9)
    there = observed(with_soa(old, 7))
    plan = plan_zone(wanted, there, context(explanations=data.draw(explained(old))))
    after = applied(plan, there).zone
    for held in plan.held:
        for change in held.changes:
            for name, type, rdata in change.removed_records:
                assert rdata in after.rrsets[name, type].rdatas


@given(rrsets(), server_zones(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(new: list[RRset], old: Zone, shuffler: random.Random) -> None:
    """The same content in any order gives the same plan."""
    shuffled, shuffled_old = list(new), list(old.rrsets.values())
    shuffler.shuffle(shuffled)
    shuffler.shuffle(shuffled_old)
    first = plan_zone(desired(with_soa(Zone.of(ZONE, new), 9)), observed(with_soa(old, 7)), context())
    other = plan_zone(
        desired(with_soa(Zone.of(ZONE, shuffled), 9)), observed(with_soa(Zone.of(ZONE, shuffled_old), 7)), context()
    )
    assert first == other
