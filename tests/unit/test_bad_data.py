"""Whatever NetBox holds is served with its meaning or left out and named; no record stops another."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from bad_data import ZONE, records
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planning_text import applied, context, observed

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.dns.rdata import canonical_type
from netbox_pdns.dns.rrset import RRset
from netbox_pdns.errors import DataError
from netbox_pdns.netbox.rrsets import desired_zone, meant
from netbox_pdns.netbox.wire import RecordRow
from netbox_pdns.planning.values import Action, Desired, RecordKey, ZonePlan, ZoneRef
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.powerdns import encoding
from netbox_pdns.powerdns.content import compared, sent
from netbox_pdns.powerdns.forms import SINCE_51, UP_TO_50

REF = ZoneRef(1, ZONE, "_default_", "https://netbox/zones/1/", 7)
URL = "https://netbox/records/{id}/"
SOA = RecordRow(10_000, "@", ZONE, "SOA", "ns1 hostmaster 7 3600 600 86400 300", 300)
FORMS = (UP_TO_50, SINCE_51)
QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck))
THOUSANDS = settings(QUIET, max_examples=5_000)


def wanted(rows: list[RecordRow]) -> Desired:
    """Return what is wanted of *rows*."""
    return desired_zone(REF, rows, 300, URL)


def is_accounted_for(row: RecordRow, plan: ZonePlan) -> bool:
    """Tell whether *row* is served by *plan* as what it means, or named by its id or by what it means."""
    if any(record.record_id == row.id for record in plan.left_out):
        return True
    name, type, rdata = record_of(row)
    return (name, type, rdata) in served(plan) or any(
        record.key == (name, type) and record.value == rdata for record in plan.left_out
    )


def record_of(row: RecordRow) -> RecordKey:
    """Return what *row* means; raises `DataError` where that is nothing."""
    type = canonical_type(row.type)
    return canonical_name(row.fqdn or ""), type, meant(type, row.value, ZONE)


def served(plan: ZonePlan) -> set[RecordKey]:
    """Return the records that are there after *plan*."""
    after = [plan.soa, *(change.after for change in plan.changes)]
    return {(*rrset.key, rdata) for rrset in after if rrset is not None for rdata in rrset.rdatas}


def meanings(rows: list[RecordRow]) -> set[RecordKey]:
    """Return what those of *rows* mean that mean anything."""
    found = set()
    for row in rows:
        with suppress(DataError):
            found.add(record_of(row))
    return found


def law(rows: list[RecordRow]) -> None:
    """See that a zone of *rows* is planned, each accounted for, sent and read back, and that then nothing differs."""
    desired = wanted([*rows, SOA])
    plan = plan_zone(desired, None, context())
    assert plan.action is Action.CREATE
    assert [row for row in rows if row.type != "SOA" and not is_accounted_for(row, plan)] == []
    assert {each for each in served(plan) if each[1] != "SOA"} <= meanings(rows)
    for record in plan.left_out:
        assert record.reason
        assert record.url
    for change in plan.changes:
        assert change.after is not None
        must_come_back(change.after)
    again = plan_zone(desired, applied(plan, observed("")), context())
    assert (again.action, again.changes) == (Action.NOTHING, ())


def must_come_back(rrset: RRset) -> None:
    """See that what is sent of *rrset* is JSON, and compares as equal when the server shows it."""
    for form in FORMS:
        assert msgspec.json.decode(encoding.created(rrset, form))["name"] == rrset.name
    for rdata in rrset.rdatas:
        assert compared(*sent(rrset.type, rdata)) == (rrset.type, rdata)


@given(records())
@QUIET
def test_every_record_is_served_or_named(rows: list[RecordRow]) -> None:
    """Whatever they are, beside a good SOA."""
    law(rows)


@pytest.mark.full
@given(records())
@THOUSANDS
def test_every_record_of_thousands_is_served_or_named(rows: list[RecordRow]) -> None:
    """The same, at length."""
    law(rows)


@given(records(), records(), st.booleans())
@QUIET
def test_a_change_between_any_two_contents_is_planned(
    before: list[RecordRow], after: list[RecordRow], forced: bool
) -> None:
    """What is served for one content is brought to another, whatever of both cannot be served."""
    first = plan_zone(wanted([*before, SOA]), None, context())
    there = applied(first, observed(""))
    plan = plan_zone(wanted([*after, SOA]), there, context())
    assert plan.action in {Action.UPDATE, Action.NOTHING}
    for change in plan.changes:
        for form in FORMS:
            msgspec.json.decode(encoding.changed(change, form))
