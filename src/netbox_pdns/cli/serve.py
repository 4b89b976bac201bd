"""`netbox-pdns serve`: the service, which keeps DNS at what NetBox holds until it is told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Verbose

if TYPE_CHECKING:
    from netbox_pdns.cli.running import Session
    from netbox_pdns.service.running import OpenParts
    from netbox_pdns.settings import Settings


def serve(
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="ADDRESS", help="Listen there, instead of on NETBOX_PDNS_LISTEN_HOST."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help="Listen there, instead of on NETBOX_PDNS_LISTEN_PORT; 0 takes a free one.",
        ),
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Keep each PowerDNS at what NetBox holds: every edit is served about a second later. Ends on SIGTERM."""
    from netbox_pdns.cli.running import run

    async def action(session: Session) -> ExitStatus:
        return await _serve(session, host, port, verbose=verbose)

    run(action, verbose=verbose)


async def _serve(session: Session, host: str | None, port: int | None, *, verbose: bool) -> ExitStatus:
    import os

    from netbox_pdns.cli.logs import Level, make_logger, take_in
    from netbox_pdns.redaction import Secrets
    from netbox_pdns.service.notify import Notifier
    from netbox_pdns.service.running import Surroundings, serve
    from netbox_pdns.settings import load_settings

    settings = _listening(session.settings, host, port)
    level = Level("DEBUG" if verbose else settings.log_level)
    secrets = Secrets(settings.secrets)
    logger = make_logger(level, settings.log_format, secrets)
    take_in(logger)
    around = Surroundings(
        logger=logger,
        reread=lambda: _listening(load_settings(), host, port),
        set_level=(lambda name: None) if verbose else level.set,
        secrets=secrets,
        notifier=Notifier.of(os.environ, os.getpid()),
    )
    await serve(settings, _load_parts, around)
    return ExitStatus.DONE


def _load_parts() -> OpenParts:
    """Return what opens the keeper and all it works with."""
    from importlib import import_module

    found: OpenParts = import_module("netbox_pdns.cli.keeping").open_service
    return found


def _listening(settings: Settings, host: str | None, port: int | None) -> Settings:
    """Return *settings* with what the command line says of the address."""
    from dataclasses import replace

    given = {"listen_host": host, "listen_port": port}
    said = {name: value for name, value in given.items() if value is not None}
    return replace(settings, service=settings.service.model_copy(update=said))
