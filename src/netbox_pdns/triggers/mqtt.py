"""MQTT as a source of hints, and as a place to tell what was done. A connection that is lost is made again, for ever.

The session is persistent: what is published while we are away waits at the broker. Messages are taken, and acknowledged,
as fast as they come; hints merge, so nothing piles up here.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from netbox_pdns.errors import DataError
from netbox_pdns.resilience.http import tls_context
from netbox_pdns.settings.service import MqttOptions
from netbox_pdns.sync.events import Event, LookDone
from netbox_pdns.sync.hints import Hints
from netbox_pdns.triggers.broker import broker_of, password_of, topics_of
from netbox_pdns.triggers.messages import take_message
from netbox_pdns.triggers.standing import Standing
from netbox_pdns.triggers.zone_names import ZoneNames

NAME = "mqtt"
"""What it is called on the board."""
SESSION = 7 * 24 * 3600
"""Seconds that the broker keeps what we are to get while we are away (MQTT 5; a broker decides itself with 3.1.1)."""
LONGEST = 60.0
"""Seconds between two tries to connect, at most."""
MOST_UNTOLD = 1_000
"""Changes that wait to be told; of more, the oldest are not: receipts are the store's."""
_FAREWELL = 2.0
_AT_ONCE = 1


@dataclass(frozen=True, slots=True)
class MqttStatus:
    """How it stands with MQTT: the broker without a password, counts since the start, when the last message came."""

    enabled: bool = False
    connected: bool = False
    broker: str | None = None
    topic_prefix: str | None = None
    messages: int = 0
    refused: int = 0
    last_message: datetime | None = None
    detail: str = ""


class MqttTrigger:
    """Takes events from a broker, and tells it what was done. `run` goes on until it is cancelled.

    Raises `ConfigurationError` for a URL, a topic prefix or a CA file that cannot be used.
    """

    def __init__(
        self,
        options: MqttOptions,
        hints: Hints,
        names: ZoneNames,
        standing: Standing,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._options = options
        self._broker = broker_of(options)
        self._topics = topics_of(options)
        self._tls = _tls(options) if self._broker.tls else None
        self._hints = hints
        self._names = names
        self._standing = standing
        self._sleep = sleep
        self._clock = clock
        self._connected = False
        self._messages = 0
        self._refused = 0
        self._last: float | None = None
        self._untold: deque[tuple[str, bytes]] = deque(maxlen=MOST_UNTOLD)
        self._to_tell = asyncio.Event()

    @property
    def status(self) -> MqttStatus:
        """How it stands."""
        return MqttStatus(
            enabled=True,
            connected=self._connected,
            broker=self._broker.url,
            topic_prefix=self._topics.prefix,
            messages=self._messages,
            refused=self._refused,
            last_message=None if self._last is None else datetime.fromtimestamp(self._last, UTC),
            detail=self._standing.state.detail,
        )

    def tell(self, event: Event) -> None:
        """Tell the broker of a change that was applied; a listener. Nothing is kept while there is no connection."""
        if not isinstance(event, LookDone) or event.outcome is None or not event.outcome.applied or not self._connected:
            return
        outcome = event.outcome
        action = None if outcome.plan is None else str(outcome.plan.action)
        told = {"target": event.target, "zone": outcome.zone, "action": action, "serial": outcome.serial}
        self._untold.append((self._topics.done(outcome.zone), self._json(**told)))
        self._to_tell.set()

    async def run(self) -> None:
        """Stay connected for as long as it runs; at the end say that we go."""
        failures = 0
        while True:
            begun = asyncio.get_running_loop().time()
            try:
                await self._one_connection()
            except* aiomqtt.MqttError as group:
                # Its text alone: an error that is kept keeps the socket open that it is about.
                why = _reason(_first(group))
                # A connection that lived for a while was a good one; two clients of one name end each other's at once.
                lived = asyncio.get_running_loop().time() - begun
                failures = 1 if lived > LONGEST else failures + 1
                hint = "the broker's log tells more; see NETBOX_PDNS_MQTT_BROKER_URL and docs/mqtt.md"
                self._standing.ill(f"{self._broker.url}: {why}", hint)
            await self._sleep(self.delay(failures))

    def delay(self, failures: int) -> float:
        """Return the seconds until the next try after so many in a row that failed."""
        first = self._options.mqtt_reconnect_delay
        return max(first, min(LONGEST, first * 2.0 ** min(failures - 1, 16)))

    async def _one_connection(self) -> None:
        async with self._client() as client:
            await self._subscribe(client)
            await client.publish(self._topics.status, self._state("online"), qos=_AT_ONCE, retain=True)
            self._connected = True
            self._standing.well()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen(client))
                    group.create_task(self._speak(client))
            finally:
                self._connected = False
                self._untold.clear()
                # What is published for a lost connection is the last will's.
                with suppress(aiomqtt.MqttError):
                    state = self._state("offline")
                    await client.publish(self._topics.status, state, qos=_AT_ONCE, retain=True, timeout=_FAREWELL)

    def _client(self) -> aiomqtt.Client:
        options, is_5 = self._options, self._options.mqtt_version == "5"
        properties = None
        if is_5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.username,
            password=password_of(options),
            identifier=options.mqtt_client_id,
            protocol=aiomqtt.ProtocolVersion.V5 if is_5 else aiomqtt.ProtocolVersion.V311,
            clean_session=None if is_5 else False,
            clean_start=False if is_5 else MQTT_CLEAN_START_FIRST_ONLY,
            properties=properties,
            keepalive=options.mqtt_keepalive,
            tls_context=self._tls,
            will=aiomqtt.Will(self._topics.status, self._will(), _AT_ONCE, retain=True),
        )

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        qos, topic = self._options.mqtt_qos, self._topics.events
        if self._options.mqtt_version == "5":
            granted = await client.subscribe(topic, options=SubscribeOptions(qos=qos, noLocal=True))
        else:
            granted = await client.subscribe(topic, qos=qos)
        for code in granted:
            # 128 and beyond are refusals, in either version (MQTT 5.0, section 3.9.3; MQTT 3.1.1, section 3.9.3).
            if (code if isinstance(code, int) else code.value) >= 0x80:
                raise aiomqtt.MqttError(f"the subscription of {topic} is refused ({code})")

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            self._take(str(message.topic), message.payload)

    def _take(self, topic: str, payload: Any) -> None:
        if topic == self._topics.status:
            return
        self._messages += 1
        self._last = self._clock()
        body = payload if isinstance(payload, bytes) else str(payload or "").encode()
        try:
            made = take_message(topic, body, self._hints, self._names, prefix=self._topics.prefix, came=self._last)
        except DataError as error:
            self._refused += 1
            self._standing.remark(f"{topic}: {error}")
        else:
            self._standing.well()
            self._standing.hinted(made)

    async def _speak(self, client: aiomqtt.Client) -> None:
        while True:
            await self._to_tell.wait()
            self._to_tell.clear()
            while self._untold:
                topic, payload = self._untold.popleft()
                await client.publish(topic, payload, qos=_AT_ONCE)

    def _state(self, state: str) -> bytes:
        return self._json(status=state, client=self._options.mqtt_client_id)

    def _will(self) -> bytes:
        """Return what the broker says when we are gone: when that will be nobody knows."""
        return json.dumps({"status": "offline", "client": self._options.mqtt_client_id}).encode()

    def _json(self, **facts: Any) -> bytes:
        now = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        return json.dumps({**facts, "timestamp": now.replace("+00:00", "Z")}).encode()


def _tls(options: MqttOptions) -> ssl.SSLContext:
    context = tls_context(options.mqtt_ca_file, verify=True, setting="NETBOX_PDNS_MQTT_CA_FILE")
    assert isinstance(context, ssl.SSLContext)
    return context


def _reason(error: aiomqtt.MqttError) -> str:
    """Return what the broker said, where it said something."""
    return str(error) if error.__cause__ is None else f"the connection was lost: {error.__cause__}"


def _first(group: BaseExceptionGroup[aiomqtt.MqttError]) -> aiomqtt.MqttError:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
