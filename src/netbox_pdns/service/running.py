"""The life of the service: parts, HTTP, signals; from the first word to systemd to the last.

    SIGTERM, SIGINT   no new work, work in hand is finished or left at a safe point, within `stop_timeout`
    SIGHUP            settings are read again: what can be exchanged at work is, what cannot is named; where they are
                      wrong all stays as it is

HTTP comes first: probes are answered while all the rest is still being loaded.
"""

from __future__ import annotations

import asyncio
import signal
import ssl
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from structlog.typing import FilteringBoundLogger

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.redaction import Secrets
from netbox_pdns.service.door import Door
from netbox_pdns.service.listening import check_listening, listening, load_certificate, tls_of
from netbox_pdns.service.notify import Notifier
from netbox_pdns.service.serving import serving
from netbox_pdns.settings import Settings
from netbox_pdns.settings.reloading import Reread, reread

if TYPE_CHECKING:
    from fastapi import FastAPI

    from netbox_pdns.service.context import Service
    from netbox_pdns.service.ports import ServiceParts

OpenParts: TypeAlias = "Callable[[Settings, FilteringBoundLogger], AbstractAsyncContextManager[ServiceParts]]"
"""Opens all that the HTTP side stands on, without waiting for any server; its end stops the work."""
_GRACE = 3.0
"""Seconds that requests under way get at the end."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the service is told from outside: its log, its secrets, systemd, and how settings are read again.

    `reread` returns the settings as they are now, or raises `NetboxPdnsError`; `set_level` lets the log have that level.
    """

    logger: FilteringBoundLogger
    reread: Callable[[], Settings]
    set_level: Callable[[str], None]
    secrets: Secrets = field(default_factory=Secrets)
    notifier: Notifier = field(default_factory=Notifier)


async def serve(settings: Settings, load_parts: Callable[[], OpenParts], around: Surroundings) -> None:
    """Serve until a signal says to stop. *load_parts* loads what opens the parts; it may take its time.

    Raises `ConfigurationError` where keys, certificate or address are not as they must be; nothing is begun then.
    """
    options, logger = settings.service, around.logger
    check_listening(options.listen_host, options.api_keys)
    tls, stop, door = tls_of(options), asyncio.Event(), Door()
    _on_signal((signal.SIGTERM, signal.SIGINT), stop.set)
    async with AsyncExitStack() as stack:
        with listening(options) as listener:
            async with serving(door, listener, tls, _GRACE) as url, asyncio.TaskGroup() as group:
                open_parts = await asyncio.to_thread(load_parts)
                parts = await stack.enter_async_context(open_parts(settings, logger))
                _on_signal((signal.SIGTERM, signal.SIGINT), lambda: _stop(stop, parts))
                if stop.is_set():
                    parts.stop()
                app = await asyncio.to_thread(_application, settings, parts, around, stop)
                door.open(app)

                def reload() -> None:
                    nonlocal settings
                    settings = _reload(settings, app, tls, around)

                _on_signal((signal.SIGHUP,), reload)
                logger.info("serving", url=url, keys=len(options.api_keys))
                around.notifier.tell(READY=1, STATUS=f"serving on {url}")
                watchdog = group.create_task(around.notifier.keep_alive(parts.alive))
                await stop.wait()
                end = time.monotonic() + settings.keeper.stop_timeout
                logger.info("stopping")
                around.notifier.tell(STOPPING=1)
                watchdog.cancel()
                parts.events.close()
        await _ended(stack, end, logger)


def _application(settings: Settings, parts: ServiceParts, around: Surroundings, stop: asyncio.Event) -> FastAPI:
    """Return the application; loading and building it takes a good part of a second."""
    from netbox_pdns.service.app import create_app
    from netbox_pdns.service.auth import Access
    from netbox_pdns.service.context import Service

    options = settings.service
    signed = settings.triggers.webhook_secret is not None
    access = Access(options.api_keys)
    return create_app(
        Service(parts, options, access, around.secrets, around.logger, webhooks_signed=signed, stopping=stop)
    )


async def _ended(stack: AsyncExitStack, end: float, logger: FilteringBoundLogger) -> None:
    """Let the work in hand end; what is not done at *end* (of the monotonic clock) is left where it is."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(max(0.1, end - began)):
            await stack.aclose()
    except TimeoutError:
        logger.error("work in hand did not end in time and was broken off", seconds=round(time.monotonic() - began, 1))
    else:
        logger.info("stopped", seconds=round(time.monotonic() - began, 2))


def _stop(stop: asyncio.Event, parts: ServiceParts) -> None:
    """Have all end, work first: HTTP may take a while to load, and to finish what it was asked."""
    parts.stop()
    stop.set()


def _on_signal(numbers: tuple[signal.Signals, ...], act: Callable[[], None]) -> None:
    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, act)


def _reload(running: Settings, app: FastAPI, tls: ssl.SSLContext | None, around: Surroundings) -> Settings:
    """Read the settings again, have all go by what can be exchanged of them, and return those that hold from now on."""
    around.notifier.tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
    try:
        found = around.reread()
        new = reread(running, found)
        options = new.settings.service
        check_listening(options.listen_host, options.api_keys)
        if tls is not None and options.tls_cert is not None:
            load_certificate(tls, options.tls_cert, options.tls_key)
    except NetboxPdnsError as error:
        around.logger.error("not reloaded, all stays as it was", error=str(error), hint=error.hint)
        new = Reread(running, (), ())
    else:
        around.secrets.learn(found.secrets)
        around.set_level(new.settings.log_level)
        _show(app, new.settings)
        names = {"applied": ", ".join(new.taken) or None, "needs_restart": ", ".join(new.waiting) or None}
        (around.logger.warning if new.waiting else around.logger.info)("reloaded", **names)
    around.notifier.tell(READY=1)
    return new.settings


def _show(app: FastAPI, settings: Settings) -> None:
    """Have the HTTP side, and all it stands on, go by *settings*."""
    from netbox_pdns.service.app import exchange

    service: Service = app.state.service
    service.access.reload(settings.service.api_keys)
    signed = settings.triggers.webhook_secret is not None
    exchange(app, replace(service, options=settings.service, webhooks_signed=signed))
    service.parts.reload(settings)
