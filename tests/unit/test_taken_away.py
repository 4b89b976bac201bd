"""What an edit took away is explained by the edit itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from netbox_pdns.sync.hints import WHOLE, Cause, Hint, Scope, Trigger
from netbox_pdns.sync.queue import Backoff, ZoneQueue
from netbox_pdns.triggers.taken_away import taken_away

NAMES = {1: "a.example.", 2: "b.example."}
CAUSE = Cause(Trigger.WEBHOOK, 0.0, edited=0.0, user="ada")
WWW: Mapping[str, Any] = {
    "zone": 1, "fqdn": "WWW.a.example.", "type": "A", "value": "192.0.2.1", "status": "active", "ttl": 60
}  # fmt: skip
KEY = ("www.a.example.", "A", "192.0.2.1")
BY = "in NetBox by ada at 1970-01-01 00:00:00 UTC (webhook)"


def state(**fields: Any) -> Mapping[str, Any]:
    """Return the record's state with other *fields*."""
    return {**WWW, **fields}


@pytest.mark.parametrize(
    ("after", "why"),
    [
        pytest.param(None, "deleted", id="deleted"),
        pytest.param(state(value="192.0.2.2"), "changed to A 192.0.2.2", id="another-value"),
        pytest.param(state(type="TXT"), "changed to TXT 192.0.2.1", id="another-type"),
        pytest.param(state(fqdn="w.a.example."), "renamed to w.a.example.", id="renamed"),
        pytest.param(state(zone=2, fqdn="www.b.example."), "moved to another zone", id="moved"),
        pytest.param(state(status="inactive"), "its status became inactive", id="out-of-service"),
    ],
)
def test_what_is_no_longer_there_is_explained(after: Mapping[str, Any] | None, why: str) -> None:
    assert taken_away("netbox_dns.record", WWW, after, NAMES, CAUSE) == {"a.example.": ((KEY, f"{why} {BY}"),)}


@pytest.mark.parametrize(
    ("object_type", "before", "after"),
    [
        pytest.param("netbox_dns.record", None, WWW, id="made"),
        pytest.param("netbox_dns.record", WWW, state(ttl=90), id="another-ttl"),
        pytest.param("netbox_dns.record", WWW, state(fqdn="www.A.example."), id="another-case"),
        pytest.param("netbox_dns.record", state(zone=7), None, id="unknown-zone"),
        pytest.param("netbox_dns.record", state(zone=[1]), None, id="no-zone"),
        pytest.param("netbox_dns.record", state(value="x"), None, id="no-rdata"),
        pytest.param("netbox_dns.zone", {"zone": 1, "name": "a.example"}, None, id="another-object"),
    ],
)
def test_nothing_else_is(object_type: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
    assert taken_away(object_type, before, after, NAMES, CAUSE) == {}


def test_explanations_of_merged_hints_go_together_and_outlive_a_failure() -> None:
    queue = ZoneQueue(0.0, Backoff(), chance=lambda: 1.0)
    other = ("mail.a.example.", "A", "192.0.2.9")
    for record in (KEY, other):
        hint = Hint("a.example.", CAUSE, Scope(frozenset({record[:2]})), gone=((record, "deleted"),))
        queue.add(hint.zone, hint.scope, [hint.cause], 0.0, gone=hint.gone)
    work = queue.take(0.0)
    assert work is not None
    assert dict(work.gone) == {KEY: "deleted", other: "deleted"}
    delay = queue.failed(work, 0.0)
    queue.add("a.example.", WHOLE, [CAUSE], 0.0)
    again = queue.take(delay)
    assert again is not None
    assert again.gone == work.gone
