"""`netbox-pdns demo`: the whole product on a sandbox of its own, in a few seconds."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.request import getproxies

import typer

from netbox_pdns.cli.demo.acts import ACTS, Show
from netbox_pdns.cli.demo.netbox import NetBoxUser
from netbox_pdns.cli.demo.stage import Stage, open_stage
from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.sandbox.pdns_server import can_run_pdns_server

_PAST_PROXIES: Mapping[str, str] = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
"""No proxy leads to the sandbox, which is this machine's own."""


def demo(*, keep: bool, verbose: bool) -> None:
    """Play the demo and exit: 0 where all went as it should, 1 where not; with *keep* it goes on until Ctrl-C."""
    terminal = Terminal(verbose=verbose)
    os.environ.update(_PAST_PROXIES)
    try:
        with tempfile.TemporaryDirectory(prefix="netbox-pdns-demo-") as directory:
            asyncio.run(play(terminal, Path(directory), is_real=can_run_pdns_server(), keep=keep))
    except NetboxPdnsError as error:
        terminal.error(error)
        raise typer.Exit(ExitStatus.NOT_RUN) from error
    except KeyboardInterrupt:
        terminal.line("stopped")


async def play(terminal: Terminal, directory: Path, *, is_real: bool, keep: bool = False) -> None:
    """Play all acts with the servers' state in *directory*; raises `DataError` where one does not end as it should."""
    started = time.monotonic()
    async with open_stage(directory, is_real=is_real) as stage, NetBoxUser(stage.netbox) as user:
        _print_stage(terminal, stage)
        show = Show(terminal, stage, user)
        for act in ACTS:
            await act(show)
        from netbox_pdns.cli.demo.service import SERVICE_ACTS, at_work  # late: the first act is not to wait for it

        async with at_work(show) as service:
            for service_act in SERVICE_ACTS:
                await service_act(show, service)
            terminal.line()
            terminal.line(f"That was netbox-pdns, in {time.monotonic() - started:.1f} s.", "bold")
            if keep:
                _print_addresses(terminal, stage, service.url)
                await asyncio.Event().wait()
        terminal.line("With --keep (make demo ARGS=--keep) it stays, for you to try; README.md says how to use it.")


def _print_stage(terminal: Terminal, stage: Stage) -> None:
    terminal.line("netbox-pdns keeps PowerDNS equal to what NetBox DNS holds.", "bold")
    terminal.line(f"The stage is a NetBox DNS API in this process, and two PowerDNS servers: {stage.powerdns}.")


def _print_addresses(terminal: Terminal, stage: Stage, service: str) -> None:
    name, server = next(iter(stage.targets.items()))
    terminal.line()
    terminal.line("It stays until Ctrl-C. The addresses:", "bold")
    terminal.line(f"  NetBox API    {stage.netbox.url}/api/  (Authorization: Token {stage.netbox.token})")
    for target, each in stage.targets.items():
        terminal.line(f"  {target:<13} {each.url}/api/v1/  (X-API-Key: {each.api_key}), DNS {each.dns_address}")
    (key,) = stage.settings.service.api_keys
    terminal.line(f"  the service   {service}/  (X-NetBox-PDNS-API-Key: {key})")
    terminal.line()
    terminal.line("Try, in another terminal:", "bold")
    if getproxies():
        terminal.line(f"  export {' '.join(f'{name}={value}' for name, value in _PAST_PROXIES.items())}")
    terminal.line(f"  export NETBOX_PDNS_CONFIG={stage.config}")
    for command in ("status", "watch", "check", "zones", "plan", "verify", "sync --remote", "settings"):
        terminal.line(f"  netbox-pdns {command}")
    terminal.line(f"  dig @{server.dns_host} -p {server.dns_port} www.example.com  # {name}")
    edit = f"curl -H 'Authorization: Token {stage.netbox.token}' -H 'Content-Type: application/json' -X PATCH"
    terminal.line(f'  {edit} -d \'{{"value": "192.0.2.77"}}\' {stage.netbox.url}/api/plugins/netbox-dns/records/ID/')
