"""Starting: the service is there at once, and says how its first pass goes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netbox_pdns.cli.keeping import open_service
from netbox_pdns.cli.logs import make_logger
from netbox_pdns.sandbox.netbox import running_netbox
from netbox_pdns.sandbox.powerdns import running_powerdns
from netbox_pdns.service.ports import ServiceParts
from netbox_pdns.service.status import InitialSync, Status, status
from netbox_pdns.settings import Settings, load_settings


def _settings(home: Path, netbox: tuple[str, str], powerdns: tuple[str, str]) -> Settings:
    """Return settings that lead to servers by URL and key."""
    return load_settings(
        {
            "NETBOX_PDNS_NB_URL": netbox[0],
            "NETBOX_PDNS_NB_TOKEN": netbox[1],
            "NETBOX_PDNS_PDNS_URL": powerdns[0],
            "NETBOX_PDNS_PDNS_TOKEN": powerdns[1],
            "NETBOX_PDNS_DATA_DIR": str(home),
            "NETBOX_PDNS_STOP_TIMEOUT": "7",
        },
        None,
    )


@pytest.fixture
def hanging() -> Iterator[str]:
    """The URL of a server that takes connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def _status_when(parts: ServiceParts, holds: Callable[[InitialSync], bool]) -> Status:
    while True:
        found = status(parts, parts.board.clock())
        if holds(found.initial_sync):
            return found
        await asyncio.sleep(0.01)


def test_it_is_at_work_while_no_server_answers(hanging: str, tmp_path: Path) -> None:
    """Its first pass waits for NetBox, and the service for nothing: started, not completed, no error, Healthy."""

    async def begin() -> Status:
        settings = _settings(tmp_path, (hanging, "0" * 40), (hanging, "key-of-powerdns"))
        async with open_service(settings, make_logger("CRITICAL", "console")) as parts:
            return await _status_when(parts, lambda first: first.started)

    found = asyncio.run(begin())
    assert found.initial_sync == InitialSync(started=True, completed=False, error=None)
    assert (found.status, found.reasons) == ("Healthy", ())
    assert 0 <= found.uptime_seconds < 300


def test_how_the_first_pass_goes_is_kept(tmp_path: Path) -> None:
    """With its servers there it is completed, without an error."""

    async def begin() -> Status:
        async with running_netbox() as netbox, running_powerdns() as powerdns:
            settings = _settings(tmp_path, (netbox.url, netbox.token_v2), (powerdns.url, powerdns.api_key))
            async with open_service(settings, make_logger("CRITICAL", "console")) as parts:
                return await _status_when(parts, lambda first: first.completed)

    found = asyncio.run(begin())
    assert found.initial_sync == InitialSync(started=True, completed=True, error=None)
    assert found.targets[0].last_pass is not None
