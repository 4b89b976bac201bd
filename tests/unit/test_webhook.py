"""NetBox's own webhooks: what each says as hints, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hints_noted import NotedHints
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netbox_pdns.errors import DataError
from netbox_pdns.sync.hints import Cause, Depth, Trigger
from netbox_pdns.triggers.webhook import leave_hints, read_webhook
from netbox_pdns.triggers.zone_names import ZoneNames

QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck))
SENT = Path(__file__).parent.parent / "data" / "netbox_webhooks"
CAME = 1_790_000_000.0
EDITED = 1_767_225_600.0
KNOWN = {1: "example.com", 2: "example.net"}
WWW = {"zone": 1, "fqdn": "www.example.com.", "type": "A", "value": "192.0.2.1", "ttl": None, "managed": False}
SOA = {"zone": 1, "fqdn": "example.com.", "type": "SOA", "value": "ns1. h. 7 1 2 3 4", "managed": True}
ZONE = {
    "name": "example.com",
    "view": 1,
    "status": "active",
    "soa_serial": 7,
    "soa_serial_auto": True,
    "nameservers": [1],
}


def body(
    event: str,
    object_type: str,
    data: dict[str, Any] | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    **more: Any,
) -> bytes:
    """Return what NetBox would send."""
    sent = {
        "event": event,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "object_type": f"netbox_dns.{object_type}",
        "data": data,
        "request": {"id": "7f3a", "path": "/", "method": "POST", "GET": {}, "user": "alice"},
        "snapshots": {"prechange": before, "postchange": after},
    }
    return json.dumps({**sent, **more}).encode()


def record(event: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> bytes:
    """Return what NetBox would send of a record: its zone with its name, as it is now."""
    now = after or before or {}
    number = now["zone"]
    zone = {"id": number, "name": KNOWN.get(number, f"zone{number}.example"), "view": {"id": 1, "name": "_default_"}}
    return body(event, "record", {"id": 9, **now, "zone": zone}, before, after)


def zone(event: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> bytes:
    """Return what NetBox would send of a zone."""
    return body(event, "zone", {"id": 1, **(after or before or {})}, before, after)


def told(*bodies: bytes, names: dict[int, str] | None = None) -> list[str]:
    """Return the hints of webhooks that come one after the other, as lines."""
    hints, known = NotedHints(), ZoneNames()
    known.learn_all((names or {}).items())
    counted = sum(leave_hints(read_webhook(each), hints, known, came=CAME) for each in bodies)
    assert counted == len(hints.looks) + len(hints.passes)
    return hints.text


@pytest.mark.parametrize(
    ("sent", "lines"),
    [
        pytest.param(record("created", None, WWW), ["example.com.: www.example.com. A"], id="made"),
        pytest.param(record("deleted", WWW, None), ["example.com.: www.example.com. A"], id="deleted"),
        pytest.param(record("updated", WWW, WWW), ["example.com.: www.example.com. A"], id="without-a-difference"),
        pytest.param(
            record("updated", WWW, {**WWW, "fqdn": "Web.example.com."}),
            ["example.com.: web.example.com. A, www.example.com. A"],
            id="renamed",
        ),
        pytest.param(
            record("updated", WWW, {**WWW, "type": "AAAA", "value": "2001:db8::1"}),
            ["example.com.: www.example.com. A, www.example.com. AAAA"],
            id="another-type",
        ),
        pytest.param(
            record("updated", WWW, {**WWW, "zone": 2, "fqdn": "www.example.net."}),
            ["everywhere content", "example.net.: www.example.net. A"],
            id="moved-from-a-zone-that-was-never-heard-of",
        ),
        pytest.param(record("updated", SOA, {**SOA, "value": "ns1. h. 8 1 2 3 4"}), [], id="soa"),
        pytest.param(record("created", None, SOA), [], id="soa-made"),
        pytest.param(zone("created", None, ZONE), ["example.com."], id="zone-made"),
        pytest.param(zone("deleted", ZONE, None), ["example.com."], id="zone-deleted"),
        pytest.param(zone("updated", ZONE, {**ZONE, "soa_serial": 8}), [], id="zone-with-another-serial-alone"),
        pytest.param(
            zone("updated", ZONE, {**ZONE, "soa_serial": 8, "last_updated": "2026-01-01T00:00:00Z"}),
            [],
            id="zone-with-another-serial-and-time",
        ),
        pytest.param(zone("updated", ZONE, ZONE), [], id="zone-without-a-difference"),
        pytest.param(
            zone("updated", ZONE, {**ZONE, "name": "new.example"}), ["example.com.", "new.example."], id="zone-renamed"
        ),
        pytest.param(zone("updated", ZONE, {**ZONE, "default_ttl": 60}), ["example.com."], id="default-ttl"),
        pytest.param(zone("updated", ZONE, {**ZONE, "nameservers": [2]}), ["example.com."], id="nameservers"),
        pytest.param(zone("updated", ZONE, {**ZONE, "status": "parked"}), ["example.com."], id="status"),
        pytest.param(
            body("updated", "nameserver", {"id": 1}, {"name": "a"}, {"name": "b"}),
            ["everywhere lists"],
            id="nameserver",
        ),
        pytest.param(body("updated", "view", {"id": 1}, {"name": "a"}, {"name": "b"}), ["everywhere lists"], id="view"),
        pytest.param(body("created", "view", {"id": 1}, None, {"name": "b"}), [], id="new-view"),
        pytest.param(
            body("updated", "registrar", {"id": 1}, {"name": "a"}, {"name": "b"}), [], id="another-type-of-object"
        ),
        pytest.param(body("job_completed", "record", None), [], id="another-event"),
        pytest.param(
            body("updated", "record", {"id": 9, **WWW, "zone": {"id": 1, "name": "example.com"}}),
            ["example.com."],
            id="without-snapshots-the-whole-zone",
        ),
        pytest.param(
            body("deleted", "zone", {"id": 1, "name": "example.com"}, snapshots=None),
            ["example.com."],
            id="zone-without-snapshots",
        ),
        pytest.param(
            record("deleted", {**WWW, "zone": 1, "fqdn": "-.x"}, None), ["example.com."], id="a-name-out-of-zone"
        ),
    ],
)
def test_what_a_webhook_means(sent: bytes, lines: list[str]) -> None:
    """A record its RRset, before and after; a zone the whole of it; a serial nothing; of others, all zones are asked for."""
    assert told(sent) == lines


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("record-created", ["demo.example.: www.demo.example. A"]),
        ("record-renamed", ["demo.example.: web.demo.example. A, www.demo.example. A"]),
        ("record-moved", ["demo.example.: t.demo.example. TXT", "two.demo.example.: t.two.demo.example. TXT"]),
        ("record-of-another-type", ["two.demo.example.: t.two.demo.example. A, t.two.demo.example. TXT"]),
        ("record-with-an-aligned-ttl", ["demo.example.: web.demo.example. A"]),
        ("record-deleted", ["new.demo.example.: web.new.demo.example. A"]),
        (
            "pointer-changed",
            ["4.35.10.in-addr.arpa.: 1.4.35.10.in-addr.arpa. PTR, 2.4.35.10.in-addr.arpa. PTR"],
        ),
        ("soa-with-another-serial", []),
        ("soa-with-another-nameserver", ["4.35.10.in-addr.arpa.: 4.35.10.in-addr.arpa. SOA"]),
        ("zone-created", ["demo.example."]),
        ("zone-with-another-serial", []),
        ("zone-with-another-default-ttl", ["demo.example."]),
        ("zone-renamed", ["demo.example.", "new.demo.example."]),
        ("zone-deleted", ["new.demo.example."]),
        ("record-of-a-renamed-zone", ["new.demo.example.: web.new.demo.example. A"]),
        ("nameserver-renamed", ["everywhere lists"]),
        ("view-renamed", ["everywhere lists"]),
        ("view-created", []),
    ],
)
def test_what_netbox_itself_sent(name: str, lines: list[str]) -> None:
    """Payloads of NetBox 4.7.3 with netbox-plugin-dns 1.7.3, each as it came."""
    assert told((SENT / f"{name}.json").read_bytes(), names={1: "demo.example"}) == lines


def test_every_payload_has_its_meaning() -> None:
    """None of those that are kept is left out of the table."""
    (mark,) = test_what_netbox_itself_sent.pytestmark  # type: ignore[attr-defined]  # pytest puts it there
    assert {name for name, _ in mark.args[1]} == {path.stem for path in SENT.glob("*.json")}


def test_a_moved_record_means_both_zones() -> None:
    """The state before has the old zone's id alone: its name is known of whatever was heard before."""
    moved = record("updated", WWW, {**WWW, "zone": 2, "fqdn": "www.example.net."})
    lines = ["example.com.: www.example.com. A", "example.net.: www.example.net. A"]
    assert told(record("created", None, {**WWW, "fqdn": "www.example.com."}), moved) == lines
    assert told(moved, names=KNOWN) == lines


def test_a_renamed_zones_records_are_of_its_new_name() -> None:
    """What the zone was called before is forgotten by its own webhook."""
    renamed = zone("updated", ZONE, {**ZONE, "name": "new.example"})
    of_record = record("updated", None, {**WWW, "fqdn": "www.new.example."}).replace(b'"example.com"', b'"new.example"')
    assert told(renamed, of_record, names=KNOWN) == ["example.com.", "new.example."]


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        pytest.param({}, Cause(Trigger.WEBHOOK, CAME, EDITED, "alice", "7f3a"), id="all"),
        pytest.param(
            {"request": None, "username": "bob", "request_id": "1c"},
            Cause(Trigger.WEBHOOK, CAME, EDITED, "bob", "1c"),
            id="older-netbox",
        ),
        pytest.param({"request": {"id": None, "user": None}}, Cause(Trigger.WEBHOOK, CAME, EDITED), id="nobody"),
        pytest.param(
            {"timestamp": "2026-01-01T00:00:00", "request": None}, Cause(Trigger.WEBHOOK, CAME, EDITED), id="no-zone"
        ),
        pytest.param({"timestamp": None, "request": None}, Cause(Trigger.WEBHOOK, CAME), id="no-time"),
    ],
)
def test_the_cause(more: dict[str, Any], cause: Cause) -> None:
    """Who did it, in which request, and when."""
    hints = NotedHints()
    leave_hints(read_webhook(body("created", "zone", {"id": 1}, None, ZONE, **more)), hints, ZoneNames(), came=CAME)
    assert [hint.cause for hint in hints.looks] == [cause]


def test_a_webhook_over_mqtt_is_a_hint_of_mqtt() -> None:
    """Whoever hands it in says what told it; where the place is unknown the content of all zones is looked at."""
    hints = NotedHints()
    event = read_webhook(record("deleted", {**WWW, "zone": 3}, None).replace(b"zone3.example", b"a..b"))
    assert leave_hints(event, hints, ZoneNames(), came=CAME, trigger=Trigger.MQTT) == 1
    assert hints.passes == [(Depth.CONTENT, Cause(Trigger.MQTT, CAME, EDITED, "alice", "7f3a"))]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        pytest.param(b"", "Input data was truncated", id="empty"),
        pytest.param(b"{", "Input data was truncated", id="cut-off"),
        pytest.param(b"[]", "Expected `object`, got `array`", id="list"),
        pytest.param(b"{}", "missing required field `event`", id="no-event"),
        pytest.param(b'{"event": "created"}', "missing required field `object_type`", id="no-object-type"),
        pytest.param(body("created", "zone", None, timestamp="soon"), r"Invalid RFC3339.*\$.timestamp", id="no-time"),
        pytest.param(body("created", "zone", None).replace(b"null", b"3"), r"got `int` - at `\$.data`", id="data"),
        pytest.param(b'{"event": "\xff"}', "can't decode byte", id="no-utf-8"),
        pytest.param(b'{"data": ' + b'{"a": ' * 100_000, "nested too deeply", id="deep"),
    ],
)
def test_what_is_no_webhook_is_refused_in_words(sent: bytes, why: str) -> None:
    """With the place where it is wrong."""
    with pytest.raises(DataError, match=f"the body is no webhook of NetBox: .*{why}"):
        read_webhook(sent)


_NAMES = st.sampled_from(["id", "name", "zone", "fqdn", "type", "value", "soa_serial", "soa_serial_auto", "status"])
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aZ.\\ é", max_size=5)
    | st.just("www.a."),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=5,
)
_STATES = st.none() | st.dictionaries(_NAMES, _VALUES, max_size=6)


@QUIET
@given(
    event=st.sampled_from(["created", "updated", "deleted", "other"]),
    object_type=st.sampled_from(["record", "zone", "nameserver", "view", "other"]),
    data=_STATES,
    before=_STATES,
    after=_STATES,
)
def test_whatever_objects_are_like_they_are_hints_or_none(
    event: str, object_type: str, data: Any, before: Any, after: Any
) -> None:
    """Attributes that are not as NetBox has them raise nothing."""
    hints = NotedHints()
    found = leave_hints(read_webhook(body(event, object_type, data, before, after)), hints, ZoneNames(), came=CAME)
    assert found == len(hints.looks) + len(hints.passes)


def test_names_are_bounded() -> None:
    """Those that were heard of last are kept; what is no domain name is none."""
    names = ZoneNames(most=3)
    names.learn_all([(1, "a"), (2, "B.example."), (3, "c"), (4, "x..y"), (1, "a2"), (5, "e")])
    assert dict(names) == {3: "c.", 1: "a2.", 5: "e."}
