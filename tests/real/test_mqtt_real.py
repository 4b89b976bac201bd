"""MQTT against the real mosquitto: events in, status and changes out, and everything that ends a connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import aiomqtt
import mosquitto
import pytest
from mosquitto import Mosquitto, cable, running_mosquitto
from pydantic import SecretStr

from netbox_pdns.cli.logs import make_logger
from netbox_pdns.planning.values import Action, ZonePlan
from netbox_pdns.settings.service import MqttOptions
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.events import LookDone
from netbox_pdns.sync.hints import WHOLE, Cause, Depth, Hint, Scope, Trigger
from netbox_pdns.sync.outcome import ZoneOutcome
from netbox_pdns.sync.queue import Work
from netbox_pdns.triggers.mqtt import NAME, MqttTrigger
from netbox_pdns.triggers.standing import Standing
from netbox_pdns.triggers.zone_names import ZoneNames

pytestmark = pytest.mark.real

Version = Literal["3.1.1", "5"]
BOTH = pytest.mark.parametrize("version", ["3.1.1", "5"])
OLD = "2001-01-01T00:00:00Z"


def compatible(zone: str, event: str, **more: Any) -> str:
    return json.dumps({"zone": zone, "event": event, "serial": 7, "timestamp": OLD, **more})


WEBHOOK = json.dumps(
    {
        "event": "updated",
        "object_type": "netbox_dns.record",
        "data": {"id": 5, "zone": {"id": 1, "name": "example.com"}},
        "request": {"id": "r", "user": "amy"},
        "snapshots": {
            "prechange": {"zone": 1, "fqdn": "www.example.com.", "type": "A"},
            "postchange": {"zone": 1, "fqdn": "www.example.com.", "type": "A"},
        },
    }
)


@dataclass
class Listener:
    """A trigger at work, its hints and its line on the board."""

    options: MqttOptions
    hints: list[Hint] = field(default_factory=list)
    board: Board = field(default_factory=Board)

    def __post_init__(self) -> None:
        standing = Standing(NAME, self.board, make_logger("CRITICAL", "console"))
        # Once a loop is enough to wait for a broker that is to come.
        self.trigger = MqttTrigger(self.options, self, ZoneNames(), standing, sleep=lambda _: asyncio.sleep(0.02))

    def look(self, hint: Hint) -> None:
        self.hints.append(hint)

    def look_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        pytest.fail("nothing said so")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Listener]:
        """Run it within the block, from when it is connected."""
        task = asyncio.create_task(self.trigger.run())
        try:
            await until(lambda: task.done() or self.trigger.status.connected, "a connection")
            if task.done():
                task.result()
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def hinted(self, *zones: str) -> None:
        """Wait until there were hints for *zones*, in that order."""
        await until(lambda: [hint.zone for hint in self.hints] == [*zones], f"hints for {zones}, not {self.hints}")


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until *condition* holds."""
    try:
        async with asyncio.timeout(mosquitto.SECONDS):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"did not come: {what}")


def options(broker: Mosquitto, version: Version = "5", **more: Any) -> MqttOptions:
    return MqttOptions(
        mqtt_enabled=True, mqtt_broker_url=broker.url, mqtt_version=version, mqtt_reconnect_delay=1, **more
    )


async def publish(broker: Mosquitto, *messages: tuple[str, str], retain: bool = False) -> None:
    """Publish as somebody else."""
    async with aiomqtt.Client("localhost", broker.port) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos=1, retain=retain)


@asynccontextmanager
async def overhearing(broker: Mosquitto) -> AsyncIterator[list[tuple[str, Any]]]:
    """Yield what is published below `dns/` and beside it, what is retained first."""
    heard: list[tuple[str, Any]] = []

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            heard.append((str(message.topic), json.loads(message.payload)))

    async with aiomqtt.Client("localhost", broker.port) as client:
        await client.subscribe("dns/#", qos=1)
        task = asyncio.create_task(listen(client))
        try:
            yield heard
        finally:
            task.cancel()


def states(heard: list[tuple[str, Any]]) -> list[str]:
    return [payload["status"] for topic, payload in heard if topic == "dns/zones/status"]


@BOTH
def test_events_are_hints_and_bad_ones_are_named(tmp_path: Path, version: Version) -> None:
    """The older connector's payload, however old, and NetBox's own; what is bad ends nothing."""

    async def story() -> None:
        async with running_mosquitto(tmp_path) as broker, Listener(options(broker, version)).running() as listener:
            await publish(
                broker,
                ("dns/zones/Example.com/update", compatible("example.com", "update")),
                ("dns/zones/0/28.2.0.192.in-addr.arpa/create", compatible("0/28.2.0.192.in-addr.arpa", "create")),
                ("dns/zones/example.com/update", WEBHOOK),
                ("dns/zones/example.com/update", "{"),
                ("dns/zones/example.com/update", compatible("example.com", "delete")),
                ("dns/zones/example.net/update", WEBHOOK),
                ("dns/zones/example.com", "x"),
                ("dns/zones/example.org/delete", compatible("example.org", "delete")),
                ("dns/zones/example.com/explode", compatible("example.com", "explode")),
            )
            await listener.hinted("example.com.", "0/28.2.0.192.in-addr.arpa.", "example.com.", "example.org.")
            await until(lambda: listener.trigger.status.refused == 5, "five bad ones")
            assert [hint.scope for hint in listener.hints[:3]] == [
                WHOLE,
                WHOLE,
                Scope(frozenset({("www.example.com.", "A")})),
            ]
            first, webhook = listener.hints[0].cause, listener.hints[2].cause
            assert (first.trigger, first.edited) == (Trigger.MQTT, 978307200.0)
            assert (webhook.trigger, webhook.user, webhook.request) == (Trigger.MQTT, "amy", "r")
            status = listener.trigger.status
            assert (status.connected, status.broker, status.messages) == (True, broker.url, 9)
            assert "dns/zones/example.com/explode" in status.detail
            assert listener.board.triggers[NAME].working
            assert listener.board.triggers[NAME].hints == 4

    asyncio.run(story())


@BOTH
def test_what_was_published_while_we_were_away_is_told_afterwards(tmp_path: Path, version: Version) -> None:
    """The broker keeps our session, over a restart of its own too."""

    async def story() -> None:
        async with running_mosquitto(tmp_path) as broker:
            async with Listener(options(broker, version)).running():
                pass
            await publish(broker, ("dns/zones/a.example/update", compatible("a.example", "update")))
            await broker.stop()
            await broker.start()
            async with Listener(options(broker, version)).running() as listener:
                await listener.hinted("a.example.")

    asyncio.run(story())


@BOTH
def test_a_broker_that_goes_and_comes_back_is_found_again(tmp_path: Path, version: Version) -> None:
    """Meanwhile the board says so, with the broker's address."""

    async def story() -> None:
        async with running_mosquitto(tmp_path) as broker, Listener(options(broker, version)).running() as listener:
            await broker.stop()
            await until(lambda: not listener.board.triggers[NAME].working, "word of it")
            assert not listener.trigger.status.connected
            assert broker.url in listener.trigger.status.detail
            await broker.start()
            await until(lambda: listener.trigger.status.connected, "a connection")
            await publish(broker, ("dns/zones/a.example/update", compatible("a.example", "update")))
            await listener.hinted("a.example.")
            assert listener.trigger.status.detail == ""

    asyncio.run(story())


@BOTH
def test_our_state_is_retained_and_true(tmp_path: Path, version: Version) -> None:
    """Online while we are there, offline when we went, and when we were cut off: that is the last will's word."""

    async def story() -> None:
        async with running_mosquitto(tmp_path) as broker, overhearing(broker) as heard:
            async with Listener(options(broker, version)).running():
                await until(lambda: states(heard) == ["online"], "online")
            await until(lambda: states(heard) == ["online", "offline"], "offline")
            async with cable(broker.port) as (port, _):
                far = options(broker, version).model_copy(update={"mqtt_broker_url": f"mqtt://127.0.0.1:{port}"})
                running = Listener(far).running()
                listener = await running.__aenter__()
                await until(lambda: states(heard)[2:] == ["online"], "online")
            await until(lambda: states(heard)[2:] == ["online", "offline"], "the last will")
            await running.__aexit__(None, None, None)
            async with overhearing(broker) as retained:
                await until(lambda: states(retained) == ["offline"], "the retained state")
            assert not listener.hints

    asyncio.run(story())


@BOTH
def test_what_was_applied_is_told_and_does_not_come_back(tmp_path: Path, version: Version) -> None:
    """On a topic of its own, so that nobody takes it for an event; what changed nothing is not told."""

    def done(zone: str, *, applied: bool) -> LookDone:
        plan = ZonePlan(zone, "one", Action.UPDATE)
        work = Work(zone, WHOLE, (), frozenset(), 0.0)
        return LookDone("one", work, ZoneOutcome("one", zone, plan, applied=applied, serial=9), None, 0.1)

    async def story() -> None:
        async with (
            running_mosquitto(tmp_path) as broker,
            overhearing(broker) as heard,
            Listener(options(broker, version)).running() as listener,
        ):
            listener.trigger.tell(done("b.example.", applied=False))
            listener.trigger.tell(done("a.example.", applied=True))
            await publish(broker, ("dns/zones/c.example/update", compatible("c.example", "update")))
            await listener.hinted("c.example.")
            await until(lambda: any("done" in topic for topic, _ in heard), "word of the change")
            told = [(topic, payload) for topic, payload in heard if "done" in topic]
            assert [topic for topic, _ in told] == ["dns/zones-done/a.example"]
            del told[0][1]["timestamp"]
            assert told[0][1] == {"target": "one", "zone": "a.example.", "action": "update", "serial": 9}
            assert (listener.trigger.status.messages, listener.trigger.status.refused) == (1, 0)

    asyncio.run(story())


# After a failed handshake paho leaves its socket to Python, which closes it at once, and complains.
@pytest.mark.filterwarnings("ignore:unclosed .*SSLSocket:ResourceWarning")
def test_tls_and_a_user(tmp_path: Path) -> None:
    """With the authority's file; without it, and with another password, the board says why there is no connection."""

    async def story() -> None:
        async with running_mosquitto(tmp_path / "broker", users={"amy": "secret"}, tls=True) as broker:
            right = {"mqtt_username": "amy", "mqtt_password": SecretStr("secret"), "mqtt_ca_file": broker.ca_file}
            async with Listener(options(broker, **right)).running() as listener:
                assert listener.trigger.status.broker == f"mqtts://localhost:{broker.port}"
            for wrong, why in (
                ({"mqtt_ca_file": None}, "certificate verify failed"),
                ({"mqtt_password": None}, "uthori"),
            ):
                listener = Listener(options(broker, **{**right, **wrong}))
                task = asyncio.create_task(listener.trigger.run())
                await until(lambda why=why, it=listener: why in it.board.triggers[NAME].detail, why)
                assert "secret" not in str(listener.trigger.status)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    (tmp_path / "broker").mkdir()
    asyncio.run(story())
