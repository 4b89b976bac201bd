"""What the older connector was told, over HTTP and MQTT, as hints."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from netbox_pdns.errors import DataError
from netbox_pdns.sync.hints import Cause, Hint, Trigger
from netbox_pdns.triggers.compatible import hint_of_body, hint_of_message, signature_of
from netbox_pdns.triggers.signatures import is_signed

CAME = 1_790_000_000.0


@pytest.mark.parametrize(
    ("body", "zone"),
    [
        pytest.param({"id": 12, "name": "example.com", "serial": 7}, "example.com.", id="all"),
        pytest.param({"id": 12, "name": "example.com"}, "example.com.", id="without-serial"),
        pytest.param({"id": 12, "name": "example.com", "serial": None}, "example.com.", id="no-serial"),
        pytest.param({"id": "12", "name": "Example.COM.", "serial": "7"}, "example.com.", id="as-templates-write-it"),
        pytest.param({"id": 12, "name": "example.com", "more": []}, "example.com.", id="with-more"),
        pytest.param({"id": 1, "name": "0/28.2.0.192.in-addr.arpa"}, "0/28.2.0.192.in-addr.arpa.", id="rfc2317"),
    ],
)
def test_a_body_means_the_whole_zone(body: dict[str, Any], zone: str) -> None:
    """Whatever happened to it."""
    assert hint_of_body(json.dumps(body).encode(), came=CAME) == Hint(zone, Cause(Trigger.COMPATIBLE, CAME))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b"", "EOF while parsing a value at line 1 column 0", id="empty"),
        pytest.param(b'{"id": 1', "EOF while parsing an object at line 1 column 8", id="cut-off"),
        pytest.param(b"[1]", "should be an object", id="list"),
        pytest.param(b'{"name": "example.com"}', "id: field required", id="no-id"),
        pytest.param(b'{"id": 1}', "name: field required", id="no-name"),
        pytest.param(
            b'{"id": "x", "name": 3}', "id: should be a valid integer.*; name: should be a valid string", id="both"
        ),
        pytest.param(b'{"id": 1, "name": ""}', "name: string should have at least 1 character", id="empty-name"),
        pytest.param(b'{"id": 1, "name": "a..b"}', "name: is no domain name", id="no-domain-name"),
        pytest.param(b'{"id": 1, "name": "a", "serial": "x"}', "serial: should be a valid integer", id="serial"),
        pytest.param(b'{"id": 1, "name": "\xff"}', "invalid unicode", id="no-utf-8"),
        pytest.param(b"[" * 100_000, "recursion limit exceeded", id="deep"),
    ],
)
def test_a_bad_body_is_refused_in_words(body: bytes, why: str) -> None:
    """Every field that is wrong is named."""
    with pytest.raises(DataError, match=f"^.*{why}") as caught:
        hint_of_body(body, came=CAME)
    assert not str(caught.value).startswith("Invalid data")  # whoever answers the call says so


def _message(**more: Any) -> bytes:
    return json.dumps({"zone": "example.com", "serial": 7, "event": "update", **more}).encode()


@pytest.mark.parametrize(
    ("timestamp", "edited"),
    [
        pytest.param("2026-01-01T00:00:00Z", 1_767_225_600.0, id="iso"),
        pytest.param("2026-01-01T01:00:00+01:00", 1_767_225_600.0, id="with-a-zone"),
        pytest.param("2026-01-01T00:00:00", 1_767_225_600.0, id="without-one-it-is-utc"),
        pytest.param(1_767_225_600, 1_767_225_600.0, id="seconds"),
        pytest.param("1999-01-01T00:00:00Z", 915_148_800.0, id="however-old"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_message_means_the_whole_zone(timestamp: Any, edited: float | None) -> None:
    """However old it is."""
    found = hint_of_message(
        "dns/zones/Example.com/update", _message(timestamp=timestamp), prefix="dns/zones", came=CAME
    )
    assert found == Hint("example.com.", Cause(Trigger.MQTT, CAME, edited=edited))


@pytest.mark.parametrize("event", ["create", "update", "delete"])
def test_the_topic_of_a_zone_with_a_slash(event: str) -> None:
    """Zones below an RFC 2317 delegation have such names."""
    zone = "0/28.2.0.192.in-addr.arpa"
    found = hint_of_message(f"a/{zone}/{event}", _message(zone=zone, event=event), prefix="a/", came=CAME)
    assert found.zone == f"{zone}."


@pytest.mark.parametrize(
    ("topic", "payload", "why"),
    [
        pytest.param("dns/zones/example.net/update", _message(), "payload of example.com.", id="another-zone"),
        pytest.param(
            "dns/zones/example.com/delete", _message(), "event delete; the payload .* update", id="another-event"
        ),
        pytest.param(
            "dns/zones/example.com/done", _message(), "is no topic of the form dns/zones/ZONE/create", id="no-event"
        ),
        pytest.param("dns/zones/update", _message(), "is no topic", id="no-zone"),
        pytest.param("dns/other/example.com/update", _message(), "is no topic", id="another-prefix"),
        pytest.param("dns/zones/a..b/update", _message(), "is no domain name", id="no-domain-name"),
        pytest.param("dns/zones/example.com/update", b"{}", "zone: field required; event: field required", id="empty"),
        pytest.param("dns/zones/example.com/update", _message(timestamp="soon"), "timestamp", id="no-time"),
        pytest.param(
            "dns/zones/example.com/update", _message(event="renamed"), "'create', 'update' or 'delete'", id="event"
        ),
    ],
)
def test_a_bad_message_is_refused_in_words(topic: str, payload: bytes, why: str) -> None:
    """Zone and event are the topic's, and the payload's too."""
    with pytest.raises(DataError, match=why):
        hint_of_message(topic, payload, prefix="dns/zones", came=CAME)


@pytest.mark.parametrize(
    ("given", "good"),
    [
        pytest.param("{}", True, id="bare"),
        pytest.param("sha256={}", True, id="prefixed"),
        pytest.param("SHA256={}", True, id="upper-case-prefix"),
        pytest.param(" {} ", True, id="blanks"),
        pytest.param("sha512={}", False, id="another-hash"),
        pytest.param("{}0", False, id="longer"),
        pytest.param("", False, id="empty"),
        pytest.param("ünïcode", False, id="no-ascii"),
        pytest.param(None, False, id="none"),
    ],
)
def test_signatures(given: str | None, good: bool) -> None:
    """The HMAC of the raw body, in hex."""
    body, secret = b'{"id": 1}', "s3cret"
    right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    shown = None if given is None else given.format(right)
    assert is_signed(body, secret, shown, "sha256") is good
    assert not is_signed(body + b" ", secret, shown, "sha256")
    assert not is_signed(body, "other", shown, "sha256")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"x-hub-signature-256": "a"}, "a"),
        ({"x-signature-256": "b"}, "b"),
        ({"x-signature-256": "b", "x-hub-signature-256": "a"}, "a"),
        ({"x-hook-signature": "c"}, None),
    ],
)
def test_the_header_of_a_signature(headers: dict[str, str], found: str | None) -> None:
    """Either of two."""
    assert signature_of(headers) == found
