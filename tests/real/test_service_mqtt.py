"""The service told by MQTT alone, and its broker restarted: what was published is looked at, once the broker is there."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from fault_proxy import Exchange, Rule, passed_on
from mosquitto import Mosquitto
from servers import eventually
from service_process import PATIENCE
from service_scene import Stage, sandboxed_stage

from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

Wait = Callable[[Coroutine[Any, Any, None]], None]


async def tell(stage: Stage, broker: Mosquitto) -> None:
    """Publish what the last edit was about, as the older connector's users do."""
    round_ = stage.scene.rounds
    about = [("a", "update"), ("b", "update"), (f"z{round_}", "create"), (f"z{round_ - 1}", "delete")]
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for label, event in about:
            zone = stage.world.name(label).rstrip(".")
            said = {"zone": zone, "event": event, "serial": 1, "timestamp": "2001-01-01T00:00:00Z"}
            await client.publish(f"dns/zones/{zone}/{event}", json.dumps(said), qos=1)


def restarted(stage: Stage, broker: Mosquitto, wait: Wait, moment: str) -> None:
    """Restart the broker at *moment*; edit before, meanwhile and after, and see that all converges."""
    go = threading.Event()

    async def held(exchange: Exchange) -> None:
        await asyncio.to_thread(go.wait, PATIENCE)
        await passed_on(exchange)

    with stage.scene.polling(), stage.powerdns.harming(Rule(held)):
        stage.scene.edit()
        if moment == "full":
            stage.service.sync()
        else:
            wait(tell(stage, broker))
        if moment != "idle":
            eventually(lambda: bool(stage.powerdns.harmed), timeout=PATIENCE, what="it is at work")
        else:
            go.set()
            stage.comes_round()
        wait(broker.stop())
        stage.scene.edit()
        stage.service.until(lambda seen: not seen["mqtt"]["connected"], "it has noticed")
        go.set()
        wait(broker.start())
        wait(tell(stage, broker))
        stage.scene.edit()
        wait(tell(stage, broker))
    stage.comes_round()


@pytest.mark.long
@pytest.mark.parametrize("moment", ["idle", "scoped", "full"])
def test_the_broker_is_restarted(powerdns_gsqlite3: RunningPowerDNS, tmp_path: Path, moment: str) -> None:
    """Whatever the service does just then; it connects again by itself, and what was published meanwhile is looked at."""
    broker = Mosquitto(tmp_path / "broker")
    with asyncio.Runner() as runner:
        runner.run(broker.start())
        told = {"mqtt_enabled": True, "mqtt_broker_url": broker.url, "mqtt_reconnect_delay": 1, "feed_interval": 0}
        try:
            with sandboxed_stage(powerdns_gsqlite3, tmp_path, webhooks=False, **told) as stage:
                stage.service.until(lambda seen: bool(seen["mqtt"]["connected"]), "it is connected")
                restarted(stage, broker, runner.run, moment)
        finally:
            runner.run(broker.stop())
