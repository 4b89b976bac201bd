"""MQTT without a broker: what a message means, where the broker is, what topics are called."""

from __future__ import annotations

import json
from typing import Any

import pytest
from feed_world import QUIET, Notebook
from pydantic import SecretStr

from netbox_pdns.errors import ConfigurationError, DataError
from netbox_pdns.settings.service import MqttOptions
from netbox_pdns.sync.board import Board
from netbox_pdns.triggers.broker import Broker, broker_of, password_of, topics_of
from netbox_pdns.triggers.messages import LONGEST, take_message
from netbox_pdns.triggers.mqtt import NAME, MqttStatus, MqttTrigger
from netbox_pdns.triggers.standing import Standing
from netbox_pdns.triggers.zone_names import ZoneNames

RECORD = {"zone": 1, "fqdn": "www.example.com.", "type": "A"}


def webhook(type: str, before: Any, after: Any, **data: Any) -> bytes:
    return json.dumps(
        {
            "event": "updated",
            "object_type": f"netbox_dns.{type}",
            "data": data,
            "snapshots": {"prechange": before, "postchange": after},
        }
    ).encode()


A_RECORD = webhook("record", RECORD, RECORD, id=5, zone={"id": 1, "name": "example.com"})
A_ZONE = webhook("zone", {"name": "example.com"}, {"name": "new.example"}, id=1, name="new.example")
MOVED = webhook("record", {**RECORD, "zone": 9}, RECORD, id=5, zone={"id": 1, "name": "example.com"})
COMPATIBLE = b'{"zone": "example.com", "event": "update", "serial": 1, "timestamp": "2001-01-01T00:00:00Z"}'


@pytest.mark.parametrize(
    ("topic", "payload", "zones"),
    [
        pytest.param("example.com/update", COMPATIBLE, ["example.com."], id="compatible"),
        pytest.param("example.com/update", A_RECORD, ["example.com."], id="webhook-of-a-record"),
        pytest.param("new.example/update", A_ZONE, ["example.com.", "new.example."], id="zone-under-its-new-name"),
        pytest.param("example.com/update", A_ZONE, ["example.com.", "new.example."], id="zone-under-its-old-name"),
        pytest.param(
            "old.example/update", MOVED, ["example.com."], id="a-zone-whose-name-is-not-known-may-be-the-topic-s"
        ),
    ],
)
def test_a_message_is_hints(topic: str, payload: bytes, zones: list[str]) -> None:
    """Whether it is the older connector's or NetBox's own."""
    notebook = Notebook()
    made = take_message(f"dns/zones/{topic}", payload, notebook, ZoneNames(), prefix="dns/zones", came=1.0)
    assert sorted(hint.zone for hint in notebook.hints) == zones
    assert made == len(notebook.hints) + len(notebook.everywhere)


@pytest.mark.parametrize(
    ("topic", "payload", "why"),
    [
        pytest.param("dns/zones/example.net/update", COMPATIBLE, "is of zone example.net", id="another-zone"),
        pytest.param("dns/zones/example.com/delete", COMPATIBLE, "event delete", id="another-event"),
        pytest.param(
            "dns/zones/example.net/update", A_RECORD, "the payload of example.com", id="webhook-of-another-zone"
        ),
        pytest.param(
            "dns/zones/example.net/update", A_ZONE, "example.com. and new.example", id="webhook-of-two-others"
        ),
        pytest.param("dns/zones/example.com/update", b"{", "Invalid data", id="no-json"),
        pytest.param("dns/zones/example.com/update", b'{"object_type"', "no webhook", id="half-a-webhook"),
        pytest.param("dns/zones/example.com/update", b"[" * 100_000, "Invalid data", id="deep-nesting"),
        pytest.param("dns/zones/example.com/update", b'{"object_type":' * 50_000, "no webhook", id="deep-webhook"),
        pytest.param("dns/zones/example.com/update", b" " * (LONGEST + 1), "bytes", id="long"),
        pytest.param("dns/zones/example.com", COMPATIBLE, "is no topic", id="no-event"),
        pytest.param("dns/zones/a..b/update", COMPATIBLE, "no domain name", id="no-name"),
    ],
)
def test_a_bad_message_is_named(topic: str, payload: bytes, why: str) -> None:
    """And makes no hint."""
    notebook = Notebook()
    with pytest.raises(DataError, match=why):
        take_message(topic, payload, notebook, ZoneNames(), prefix="dns/zones", came=1.0)
    assert not notebook.hints


@pytest.mark.parametrize(
    ("url", "broker", "password"),
    [
        ("mqtt://localhost", Broker("localhost", 1883, False, "mqtt://localhost:1883"), None),
        ("mqtts://b.example:1", Broker("b.example", 1, True, "mqtts://b.example:1"), None),
        ("mqtts://b.example", Broker("b.example", 8883, True, "mqtts://b.example:8883"), None),
        ("mqtt://amy:p%40ss@[::1]:7/", Broker("::1", 7, False, "mqtt://[::1]:7", "amy"), "p@ss"),
    ],
)
def test_where_the_broker_is(url: str, broker: Broker, password: str | None) -> None:
    """The port is the scheme's where none is given; user and password may be in the URL, and are not shown."""
    options = MqttOptions(mqtt_broker_url=url)
    assert (broker_of(options), password_of(options)) == (broker, password)
    asked = MqttOptions(mqtt_broker_url=url, mqtt_username="bob", mqtt_password=SecretStr("x"))
    assert (broker_of(asked).username, password_of(asked)) == ("bob", "x")


@pytest.mark.parametrize(
    "url", ["", "localhost", "http://b.example", "mqtt://", "mqtt://amy:secret@b:port", "mqtt://b/x"]
)
def test_a_url_that_names_no_broker_is_refused(url: str) -> None:
    """With the setting's name, and without what may be a password."""
    with pytest.raises(ConfigurationError) as raised:
        broker_of(MqttOptions(mqtt_broker_url=url))
    assert raised.value.setting == "NETBOX_PDNS_MQTT_BROKER_URL"
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("prefix", ["", "/", "dns/+", "dns/#/x", "$SYS/x"])
def test_a_prefix_that_no_topic_begins_with_is_refused(prefix: str) -> None:
    """With the setting's name."""
    with pytest.raises(ConfigurationError) as raised:
        topics_of(MqttOptions(mqtt_topic_prefix=prefix))
    assert raised.value.setting == "NETBOX_PDNS_MQTT_TOPIC_PREFIX"


def test_our_topics_are_no_events() -> None:
    """Our state is one level below the prefix, an event is two; changes are told beside it."""
    topics = topics_of(MqttOptions(mqtt_topic_prefix="dns/zones/"))
    assert (topics.events, topics.status) == ("dns/zones/#", "dns/zones/status")
    assert topics.done("a.example.") == "dns/zones-done/a.example"
    assert topics.done(".") == "dns/zones-done/."


def _trigger(**more: Any) -> MqttTrigger:
    return MqttTrigger(MqttOptions(**more), Notebook(), ZoneNames(), Standing(NAME, Board(), QUIET))


def test_tries_to_connect_become_rarer_up_to_a_minute() -> None:
    """A delay of more than a minute stays as it is set."""
    assert [_trigger().delay(failures) for failures in (1, 2, 3, 4, 5, 1000)] == [5, 10, 20, 40, 60, 60]
    assert _trigger(mqtt_reconnect_delay=300).delay(3) == 300


def test_the_status_before_the_first_connection() -> None:
    """Enabled, not connected."""
    status = _trigger(mqtt_broker_url="mqtt://amy:secret@b.example").status
    assert status == MqttStatus(True, False, "mqtt://b.example:1883", "dns/zones", detail="not begun")
