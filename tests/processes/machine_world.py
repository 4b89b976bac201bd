"""The service with its NetBox and two PowerDNS in one process, and everything that may happen to them.

The service is `open_service`, whole, with its store in a directory; the servers are the sandbox's, behind what refuses,
hangs or loses answers as it is told to. All of it is in virtual time (`virtual_time.install` comes before this module).
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from powerdns_watched import TYPES, Wanted, WantedLately, Watched
from starlette.types import ASGIApp, Receive, Scope, Send
from virtual_time import Clock

from netbox_pdns.cli.keeping import open_service
from netbox_pdns.cli.logs import make_logger
from netbox_pdns.cli.wiring import open_engine
from netbox_pdns.sandbox.netbox.access import administrator
from netbox_pdns.sandbox.netbox.application import application
from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.objects import View
from netbox_pdns.sandbox.netbox.webhooks import Delivery
from netbox_pdns.sandbox.powerdns.api import Api
from netbox_pdns.sandbox.powerdns.nameserver import HOST, running_nameserver
from netbox_pdns.sandbox.powerdns.zones import Zones
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.service.ports import ServiceParts
from netbox_pdns.settings import Settings, load_settings
from netbox_pdns.store.file import FILE_NAME
from netbox_pdns.sync.hints import Cause, Depth, Trigger
from netbox_pdns.sync.outcome import SyncRequest
from netbox_pdns.triggers.feed import NAME as FEED
from netbox_pdns.triggers.progress import saved_of

TOKEN = "0123456789abcdef0123456789abcdef01234567"
DNS = "/api/plugins/netbox-dns"
PDNS = "/api/v1/servers/localhost/zones"
SECRET = "of-the-machine"
STAYS = "stays.example"
"""A zone that nobody renames, parks or deletes: of a NetBox without a single one nothing is believed."""
LOOK = 60.0
PROMPT = 60.0
"""Seconds after which an edit is served where nothing fails: the change log, looked at every 30, told of it."""
RECOVERED = 900.0
"""Seconds without a fault after which nothing waits for the end of one any more."""
IN_DOUBT = 120.0
"""Seconds without a fault after which no call goes on that met one: until then it may be made again, and was heard."""
LONGEST = 2 * 3600.0
"""Seconds of virtual time after which both sides are equal, whatever happened: back-off and breakers wait for five minutes
at most, NetBox's transactions for fifteen."""
TARGETS = ("one", "two")
_SETTINGS = {"default-api-rectify": "yes", "webserver-max-bodysize": "2", "also-notify": ""}
_TYPES = ["netbox_dns.view", "netbox_dns.nameserver", "netbox_dns.record", "netbox_dns.zone"]


class Fault(StrEnum):
    """What a server does in the place of its work."""

    REFUSES = "refuses"
    HANGS = "hangs"
    LOSES_ANSWERS = "loses answers"
    """It does what it is asked, and nobody learns of it."""


@dataclass
class Behind:
    """A server behind what may go wrong with it."""

    app: ASGIApp
    fault: Fault | None = None
    healed: asyncio.Event = field(default_factory=asyncio.Event)
    late: float = 0.0
    """Seconds that its answers are on their way: what they say was so when they left."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or not."""
        if scope["type"] != "http" or self.fault is None:
            await self.app(scope, receive, self._late(send) if scope["type"] == "http" and self.late else send)
            return
        if self.fault is Fault.HANGS:
            await self.healed.wait()
        elif self.fault is Fault.LOSES_ANSWERS:
            await self.app(scope, receive, _unheard)
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b"the proxy has no answer"})

    def _late(self, send: Send) -> Send:
        async def on_its_way(message: Any) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(self.late)
            await send(message)

        return on_its_way

    def begin(self, fault: Fault) -> None:
        """Have it go wrong from now on."""
        self.fault = fault
        self.healed.clear()

    def heal(self) -> None:
        """Have it work again."""
        self.fault = None
        self.healed.set()


async def _unheard(message: Any) -> None:
    """Tell nobody."""


@dataclass
class World:
    """The servers, the service, and the webhooks that are on their way."""

    directory: Path
    clock: Clock
    inventory: Inventory = field(default_factory=Inventory)
    zones: dict[str, Zones] = field(default_factory=lambda: {name: Zones() for name in TARGETS})
    servers: dict[str, Behind] = field(default_factory=dict)
    mail: list[Delivery] = field(default_factory=list)
    options: Mapping[str, str] = field(default_factory=dict)
    """Further lines of the settings file."""
    undelivered: list[Delivery] = field(default_factory=list)
    """The webhooks that did not arrive yet."""
    starts: int = 0
    touched: bool = False
    """Whether somebody wrote to a PowerDNS by hand, which no edit of NetBox's tells of."""
    service: ServiceParts | None = None
    traces: list[str] = field(default_factory=list)
    """What nobody caught."""
    wrongs: list[str] = field(default_factory=list)
    """What was written to a PowerDNS and should not have been."""
    troubled: float = float("-inf")
    """When a fault was there last."""
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.wanted_lately = WantedLately(self.clock.monotonic)

    async def open(self) -> None:
        """Start the servers, with a nameserver and a webhook, and the service."""
        asyncio.get_running_loop().set_exception_handler(lambda _, context: self.traces.append(str(context)))
        self.inventory.views.put(View(id=self.inventory.views.next_id(), name="_default_", default_view=True))
        netbox = Behind(application(self.inventory, (administrator(TOKEN),), self._post))
        self.servers["netbox"] = netbox
        self.netbox_url = await self.stack.enter_async_context(serving(netbox))
        self.netbox = self._client(netbox.app, {"Authorization": f"Token {TOKEN}"})
        self.powerdns, targets = {}, []
        for name in TARGETS:
            _, port = await self.stack.enter_async_context(running_nameserver(self.zones[name]))

            async def tell(zone: Any) -> None:
                """Nobody follows."""

            api = Api(self.zones[name], name, _SETTINGS, tell).application()
            self.servers[name] = Behind(Watched(api, self.zones[name], self._lately, self._exact, self.wrongs.append))
            url = await self.stack.enter_async_context(serving(self.servers[name]))
            self.powerdns[name] = self._client(api, {"X-API-Key": name})
            targets.append(f'{{name="{name}", url="{url}", token="{name}", dns_address="{HOST}:{port}"}}')
        self._targets = ", ".join(targets)
        hook = await self.edit("POST", "/api/extras/webhooks/", name="h", payload_url="http://h", secret=SECRET)
        await self.edit(
            "POST",
            "/api/extras/event-rules/",
            name="r",
            object_types=_TYPES,
            event_types=["object_created", "object_updated", "object_deleted"],
            action_type="webhook",
            action_object_type="extras.webhook",
            action_object_id=hook["id"],
        )
        self.nameserver = (await self.edit("POST", f"{DNS}/nameservers/", name="ns.example.org"))["id"]
        made = await self.edit("POST", f"{DNS}/zones/", name=STAYS, **self.zone_fields())
        self.stays = made["id"]
        await self.start()

    def zone_fields(self) -> dict[str, Any]:
        """Return what a new zone needs."""
        return {"nameservers": [self.nameserver], "soa_mname": self.nameserver, "soa_rname": "h.example.org"}

    async def close(self) -> None:
        """Stop everything."""
        await self.stop()
        await self.netbox.aclose()
        for client in self.powerdns.values():
            await client.aclose()
        await self.stack.aclose()

    @property
    def home(self) -> Path:
        """The data directory of the service as it was started last."""
        return self.directory / f"start-{self.starts}"

    def settings(self) -> Settings:
        """Return what is written in a settings file: nothing is held, and the schedules do nothing."""
        given = {
            "nb_url": f'"{self.netbox_url}"',
            "nb_token": f'"{TOKEN}"',
            "nb_read_timeout": "20",
            "webhook_secret": f'"{SECRET}"',
            "data_dir": f'"{self.home}"',
            "sync_crontab": '"never"',
            "drift_crontab": '"never"',
            "feed_interval": "30",
            "targets": f"[{self._targets}]",
            "unexplained": '"remove"',
            "emptied_rrsets": "1000",
            "zones_deleted": "1000",
            "zones_deleted_percent": "100",
            **self.options,
        }
        file = self.directory / "netbox-pdns.toml"
        file.write_text("".join(f"{name} = {value}\n" for name, value in given.items()))
        return load_settings({"NETBOX_PDNS_CONFIG": str(file), "HOME": str(self.directory)}, None)

    async def start(self) -> None:
        """Start the service on its data directory."""
        self.home.mkdir(exist_ok=True)
        self._ending = asyncio.Event()
        ready: asyncio.Future[ServiceParts] = asyncio.get_running_loop().create_future()
        self._serving = asyncio.create_task(self._serve(ready))
        await asyncio.wait({ready, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            self._serving.result()
        self.service = ready.result()

    async def stop(self) -> None:
        """End the service as SIGTERM does."""
        if self.service is not None:
            self.service = None
            self._ending.set()
            await self._serving

    async def kill(self) -> None:
        """End the service as SIGKILL does: what it goes on with reaches neither a server nor the disk that is used then."""
        before, faults = self.home, {name: server.fault for name, server in self.servers.items()}
        self.starts += 1
        shutil.copytree(before, self.home)
        for server in self.servers.values():
            server.heal()
            server.begin(Fault.REFUSES)
        await self.stop()
        for name, fault in faults.items():
            self.servers[name].heal() if fault is None else self.servers[name].begin(fault)

    async def lose_memory(self) -> None:
        """End the service, and take away all that it kept."""
        await self.stop()
        self.starts += 1

    async def edit(self, method: str, path: str, **body: Any) -> Any:
        """Send NetBox a request, whatever goes wrong with it for the service; None where it refuses it."""
        answer = await self.netbox.request(method, path, json=body)
        assert answer.status_code < 500, answer.text
        return answer.json() if answer.is_success and answer.content else None

    async def write(self, target: str, method: str, path: str, **body: Any) -> None:
        """Write to a PowerDNS by hand."""
        answer = await self.powerdns[target].request(method, f"{PDNS}{path}", json=body)
        assert answer.status_code < 500, answer.text
        self.touched = True

    def make_late(self, seconds: float) -> None:
        """Have the answers of all servers be so late from now on."""
        for server in self.servers.values():
            server.late = seconds

    def begin_fault(self, server: str, fault: Fault) -> None:
        """Have a server go wrong from now on."""
        self.heal(server)
        self.servers[server].begin(fault)

    def heal(self, server: str) -> None:
        """Have it work again."""
        self.note_trouble()
        self.servers[server].heal()

    def deliver(self, numbers: Sequence[int]) -> None:
        """Have webhooks arrive: those of *numbers* in that order. What does not arrive while nobody listens is lost."""
        for number in numbers:
            self._arrive(self.mail[number % len(self.mail)])

    def deliver_the_rest(self, order: Sequence[int] = ()) -> None:
        """Have all webhooks arrive that did not yet: those of *order* first, all others as they were sent."""
        first = [self.undelivered[number % len(self.undelivered)] for number in order if self.undelivered]
        for post in [*first, *self.undelivered]:
            self._arrive(post)

    def _arrive(self, post: Delivery) -> None:
        if post in self.undelivered:
            self.undelivered.remove(post)
        if self.service is not None:
            self.service.take_webhook(post.body, {name.lower(): value for name, value in post.headers.items()})

    async def settle(self) -> None:
        """Let time pass until both sides are equal; raises `AssertionError` where they do not become so."""
        for name in self.servers:
            self.heal(name)
        if self.service is None:
            await self.start()
        assert self.service is not None
        if self.touched:  # no edit tells of it: that is what the drift check is for
            self.service.hints.look_everywhere(Depth.CONTENT, Cause(Trigger.SCHEDULE, self.clock.time()))
        await asyncio.sleep(LOOK)
        await self.become_equal(LONGEST, LOOK)
        if any(each.next_try is not None for each in self.service.board.zones()):
            await asyncio.sleep(RECOVERED)  # an address that came and went again leaves a serial that is behind
        self.see_no_wrong()
        assert not (planned := await self.planned()), "\n".join((*planned, *self._told()))

    async def become_equal(self, seconds: float, step: float) -> None:
        """Let time pass until both sides are equal, at most *seconds*; raises `AssertionError` where they are not then."""
        differs = self.differences()
        for _ in range(int(seconds / step)):
            if not differs:
                break
            await asyncio.sleep(step)
            differs = self.differences()
        assert not differs, "\n".join((*differs, *self._told()))

    def see_no_wrong(self) -> None:
        """See that up to now nothing went wrong that is right again, or has not had its consequences yet."""
        assert not self.traces
        assert not self.wrongs, "\n".join(self.wrongs)
        if self.service is not None and not self.touched:
            assert not (passed := self.passed_over()), "\n".join((*passed, *self._told()))

    async def planned(self) -> Sequence[str]:
        """Return what a run would do that looks at everything; a zone with something that is held counts for nothing."""
        async with open_engine(self.settings()) as engine:
            report = await engine.run(SyncRequest(dry_run=True))
        return [
            f"{each.target} {each.zone}: {each.error or each.plan}"
            for each in report.outcomes
            if each.error is not None or (each.has_changes and each.zone not in self._held(each.target))
        ]

    def differences(self) -> Sequence[str]:
        """Return where what people edited in NetBox is not what a PowerDNS has, found without a line of the product's.

        Zones with something that is held count for nothing: so many are deleted here that the guard of zones may wake up.
        """
        return [each for target in self.zones for each in self._differences(target)]

    def passed_over(self) -> Sequence[str]:
        """Return where the store says that a target is done with all of the change log, and it is not.

        Whoever is killed now goes on from there, and nothing would tell him of the rest.
        """
        found = []
        newest = max(self.inventory.changes.ids, default=0)
        with closing(sqlite3.connect(f"file:{self.home / FILE_NAME}?mode=ro", uri=True)) as store:
            rows = store.execute("SELECT target, position FROM feed_cursor WHERE feed = ?", (FEED,)).fetchall()
        for target, position in rows:
            saved = saved_of(msgspec.json.decode(position))
            if saved is not None and saved.top >= newest and not (saved.gaps or saved.open or saved.owes):
                found += [f"done with the change log up to {saved.top}: {each}" for each in self._differences(target)]
        return found

    def is_well(self, seconds: float) -> bool:
        """Tell whether no server was at fault in the last *seconds*."""
        self.note_trouble()
        return self.clock.monotonic() - self.troubled > seconds

    def note_trouble(self) -> None:
        """Take note of it where a server is at fault now."""
        if any(server.fault is not None for server in self.servers.values()):
            self.troubled = self.clock.monotonic()

    def wanted(self) -> Wanted:
        """Return what NetBox wants now."""
        rrsets: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
        for record in self.inventory.records:
            if record.type in TYPES and self.inventory.active(record):
                zone = self.inventory.zones[record.zone]
                rrsets[f"{zone.name}.", record.fqdn.lower(), record.type].add(record.value.lower())
        zones = frozenset(f"{zone.name}." for zone in self.inventory.zones if zone.active)
        return Wanted(zones, {key: frozenset(values) for key, values in rrsets.items()})

    def _differences(self, target: str) -> Sequence[str]:
        found, held, wanted = [], self._held(target), self.wanted()
        there = {
            (zone.name, name, type): frozenset(rrset.contents)
            for zone in self.zones[target]
            for name, types in zone.rrsets.items()
            for type, rrset in types.items()
            if type in TYPES and zone.name not in held
        }
        zones = {zone.name for zone in self.zones[target]} - held
        if zones != wanted.zones - held:
            found.append(f"{target} has the zones {sorted(zones)}")
        rrsets = {key: values for key, values in wanted.rrsets.items() if key[0] not in held}
        found += [
            f"{target} has {sorted(there.get(key, ()))} at {key[1]} {key[2]} in place of {sorted(rrsets.get(key, ()))}"
            for key in sorted(there.keys() | rrsets.keys())
            if there.get(key) != rrsets.get(key)
        ]
        return found

    def _held(self, target: str) -> set[str]:
        assert self.service is not None
        return {each.zone for each in self.service.board.zones() if each.target == target and each.held}

    def _post(self, deliveries: Sequence[Delivery]) -> None:
        if deliveries:  # an edit was made
            self.mail += deliveries
            self.undelivered += deliveries
            self.wanted_lately.note(self.wanted())

    def _lately(self) -> Sequence[Wanted]:
        return self.wanted_lately.within(PROMPT if self.is_well(IN_DOUBT) else RECOVERED)

    def _exact(self) -> bool:
        return self.is_well(IN_DOUBT) and not self.touched

    def _told(self) -> Sequence[str]:
        assert self.service is not None
        board = self.service.board
        return [*map(str, board.zones()), *map(str, board.triggers.values()), f"suspect: {board.suspect}"]

    async def _serve(self, ready: asyncio.Future[ServiceParts]) -> None:
        async with open_service(self.settings(), make_logger("CRITICAL", "console")) as parts:
            ready.set_result(parts)
            await self._ending.wait()

    @staticmethod
    def _client(app: ASGIApp, headers: Mapping[str, str]) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://sandbox", headers=dict(headers), timeout=None
        )
