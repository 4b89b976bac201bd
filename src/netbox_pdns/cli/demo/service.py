"""The demo's last acts: the service at work, told of edits by NetBox itself, and what an outage comes to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from netbox_pdns.cli.demo.acts import Show
from netbox_pdns.cli.demo.company import INTERNAL
from netbox_pdns.cli.keeping import open_service
from netbox_pdns.cli.remote import Remote, open_remote
from netbox_pdns.cli.status import print_status
from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.errors import TransientError
from netbox_pdns.netbox.administration import Administration
from netbox_pdns.netbox.setup import SetupRequest, Step, find, of_webhook, steps_to_make, take
from netbox_pdns.redaction import Secrets
from netbox_pdns.service.app import create_app
from netbox_pdns.service.auth import Access
from netbox_pdns.service.context import Service
from netbox_pdns.service.serving import serving

_PATIENCE = 60.0
"""Seconds that anything may take, on a machine that has much else to do."""
_BETWEEN = 0.01
"""Seconds between two questions."""
_GRACE = 1.0
_TELLING = frozenset({"warning", "error"})
_TOLD = ("Function ", "Circuit breaker ")
"""How the lines begin that are shown of its log."""


@dataclass(frozen=True, slots=True)
class AtWork:
    """The service at `url`, as whoever calls its API sees it."""

    url: str
    remote: Remote

    async def status(self) -> dict[str, Any]:
        """Return what `/status` says."""
        return await self.remote.get("/status", "uptime_seconds")


ServiceAct = Callable[[Show, AtWork], Awaitable[None]]


@asynccontextmanager
async def at_work(show: Show) -> AsyncIterator[AtWork]:
    """Have the service at work within the block, its first pass over; what it logs about servers is shown."""
    show.act(9, "The service: edits are served as they are made")
    show.command("serve")
    settings, started = show.stage.settings, time.monotonic()
    async with open_service(settings, _shown_log(show.terminal)) as parts:
        options = settings.service
        service = Service(
            parts,
            options,
            Access(options.api_keys),
            Secrets(settings.secrets),
            _shown_log(show.terminal),
            webhooks_signed=True,
        )
        assert show.stage.listener is not None
        async with serving(create_app(service), show.stage.listener, None, _GRACE) as url, open_remote(settings) as api:
            work = AtWork(url, api)
            answering = time.monotonic() - started
            found = await _until(work, lambda found: found["initial_sync"]["completed"], "the first pass is over")
            show.say(
                f"  {url} answers after {answering:.1f} s; the first pass is complete after "
                f"{time.monotonic() - started:.1f} s: {sum(found['zones'].values())} zones, nothing to do"
            )
            yield work


async def edits_arrive(show: Show, work: AtWork) -> None:
    """NetBox tells the service of each edit; DNS is asked until it answers it."""
    show.command(f"setup netbox --url {work.url} --no-user --yes")
    await _set_up(show, work.url)
    show.terminal.line()
    show.say("  somebody edits NetBox, and DNS is asked until it shows the edit:")
    user = show.user
    await _timed(
        show,
        "www.example.com gets another address",
        user.change("example.com", "www", "A", value="192.0.2.12"),
        ("public", "www.example.com", "A", "192.0.2.12"),
        ("public", "12.2.0.192.in-addr.arpa", "PTR", "www.example.com."),
    )
    await _timed(
        show,
        "pages.example.net gets another one, too",
        user.change("example.net", "pages", "A", value="198.51.100.81"),
        ("public", "pages.example.net", "A", "198.51.100.81"),
    )
    await _timed(
        show,
        "chat.example.com comes, inside only",
        user.add("example.com", "chat", "A", "10.0.0.12", view=INTERNAL),
        ("internal", "chat.example.com", "A", "10.0.0.12"),
    )
    await _timed(
        show,
        "status.example.com goes",
        user.remove("example.com", name="status"),
        ("public", "status.example.com", "TXT", None),
    )


async def outage(show: Show, work: AtWork) -> None:
    """A PowerDNS dies and comes back: the other one goes on, and nothing is lost."""
    show.act(10, "A PowerDNS dies: the other goes on, and nothing is lost")
    machine = show.stage.machines["public"]
    show.say("  the public PowerDNS is killed, and people go on editing; out of the service's log:")
    await machine.stop()
    died = time.monotonic()
    for zone, name, value in (("example.com", "www", "192.0.2.13"), ("example.net", "pages", "198.51.100.82")):
        await show.user.change(zone, name, "A", value=value)
    await _timed(
        show,
        "news.example.com comes, inside only",
        show.user.add("example.com", "news", "A", "10.0.0.13", view=INTERNAL),
        ("internal", "news.example.com", "A", "10.0.0.13"),
    )
    found = await _until(work, lambda found: _target(found, "public")["breaker"] == "open", "the breaker opens")
    show.say(f"  {time.monotonic() - died:.1f} s after its end the service leaves it alone, and says so:")
    show.say(f"    {found['status']}: {found['reasons'][0]}")
    await machine.start()
    back = time.monotonic()
    show.say("  it is started again:")
    for name, value in (("www.example.com", "192.0.2.13"), ("pages.example.net", "198.51.100.82")):
        await _until_answered(show, "public", name, "A", value)
        show.say(f"    {name} A {value} is answered {time.monotonic() - back:.1f} s after it is back")
    show.terminal.line()
    show.command("status")
    print_status(show.terminal, work.url, await _until(work, _is_well, "all is well again"))


async def _set_up(show: Show, url: str) -> None:
    """Make webhook and event rule in NetBox, as `setup netbox` does."""
    settings = show.stage.settings
    secret = settings.triggers.webhook_secret
    assert secret is not None

    def done(step: Step) -> None:
        show.say(f"  added {step.wish.kind} {step.wish.name}: {step.wish.told}")

    wishes = of_webhook(SetupRequest(settings.instance, url, secret.get_secret_value()))
    async with Administration(settings.netbox, show.stage.netbox.token_v2) as netbox:
        found = await find(netbox, wishes)
        await take(netbox, steps_to_make(wishes, found), found, done)


async def _timed(show: Show, words: str, edit: Awaitable[object], *expected: tuple[str, str, str, str | None]) -> None:
    """Make *edit*, and say how soon after NetBox took it DNS shows what is *expected*: target, name, type, value or None."""
    await edit
    made = time.monotonic()
    for target, name, type, value in expected:
        await _until_answered(show, target, name, type, value)
        seconds = time.monotonic() - made
        answer = f"no {type} any more" if value is None else f"{type} {value}"
        show.terminal.line(f"  {words:<42}{seconds:5.2f} s  {target:<9} {name} {answer}", "green")
        words = ""


async def _until_answered(show: Show, target: str, name: str, type: str, value: str | None) -> None:
    """Ask a target's DNS until it answers *value* for that name and type, None for nothing at all."""
    end = time.monotonic() + _PATIENCE
    wanted = set() if value is None else {value}
    while True:
        answer = await show.ask(target, name, type)
        found = {rdata.to_text() for rrset in answer.answer for rdata in rrset}
        if found == wanted:
            return
        if time.monotonic() > end:
            raise TransientError(f"{name} {type} on {target}: DNS answers {sorted(found)} after {_PATIENCE:.0f} s")
        await asyncio.sleep(_BETWEEN)


async def _until(work: AtWork, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
    """Return what `/status` says when *holds* is true of it."""
    end = time.monotonic() + _PATIENCE
    while not holds(found := await work.status()):
        if time.monotonic() > end:
            raise TransientError(f"not within {_PATIENCE:.0f} s: {what}; {found['status']}: {found['reasons']}")
        await asyncio.sleep(_BETWEEN)
    return found


def _target(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return what `/status` says of a target."""
    return next(dict(each) for each in found["targets"] if each["name"] == name)


def _is_well(found: Mapping[str, Any]) -> bool:
    return found["status"] == "Healthy" and not any(each["queue_depth"] for each in found["targets"])


def _shown_log(terminal: Terminal) -> FilteringBoundLogger:
    """Return a logger whose warnings and errors about servers are lines of the demo."""

    def show(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if method in _TELLING and event["event"].startswith(_TOLD):
            terminal.prose(f"    {method.upper():<8}{event['event']}", "yellow")
        raise structlog.DropEvent

    bound = structlog.make_filtering_bound_logger(0)
    logger: FilteringBoundLogger = structlog.wrap_logger(None, processors=[show], wrapper_class=bound)
    return logger


SERVICE_ACTS: tuple[ServiceAct, ...] = (edits_arrive, outage)
