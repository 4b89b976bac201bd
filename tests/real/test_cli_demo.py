"""The demo, on the real PowerDNS and on the sandbox's own: it plays to its end, and stays where that is wished."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netbox_pdns.cli.demo import play
from netbox_pdns.cli.terminal import Terminal

PROGRAM = [sys.executable, "-m", "netbox_pdns"]
LONGEST = 20.0
"""Seconds that it may take on a machine of its own."""
TRIES = 3
"""Others work on this machine, too: of so many tries one must do."""
PATIENCE = 120.0


@pytest.mark.parametrize("is_real", [pytest.param(True, id="pdns_server"), pytest.param(False, id="sandbox")])
def test_the_demo_plays_to_its_end(
    is_real: bool, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every act ends as it should, whichever PowerDNS serves: it asks DNS itself, and raises where an answer is wrong."""
    if is_real:
        request.getfixturevalue("pdns_server")

    async def in_time() -> None:
        async with asyncio.timeout(PATIENCE):
            await play(Terminal(), tmp_path, is_real=is_real)

    began = time.process_time()
    asyncio.run(in_time())
    assert time.process_time() - began < LONGEST
    shown = capsys.readouterr().out
    for act in range(1, 11):
        assert f"\n{act}. " in shown
    assert "15 zones: nothing to apply, 5 left out, 0 held, 0 failed" in shown
    assert 'quote.example.com. 3600 TXT "it \\"is\\" a\\\\b so"' in shown
    assert "staging.example.com. on public, emptied" in shown
    assert "    served: 192.0.2.99\n" in shown
    assert "www.example.com. A is served otherwise" in shown
    assert "questions to 2 servers: all as NetBox wants it" in shown
    assert re.search(r" s  public    www.example.com A 192.0.2.12\n", shown)
    assert "Circuit breaker of PowerDNS (public) is closed: it answers again" in shown
    assert "\nHealthy: netbox-pdns " in shown


def test_the_demo_ends_in_time(tmp_path: Path) -> None:
    """The whole of it, as `make demo` starts it, from the start of the process to its end."""
    assert any(_ends_in_time(tmp_path) for _ in range(TRIES))


def test_the_demo_needs_no_proxy(tmp_path: Path) -> None:
    """Behind a company's proxy it reaches its own servers all the same."""
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    environment = {**os.environ, **proxies, "no_proxy": "", "NO_PROXY": ""}
    done = subprocess.run(
        [*PROGRAM, "demo"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Have programs hear Ctrl-C: what a shell starts in the background is born deaf to it, and so are its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_a_kept_demo_can_be_tried_with_the_commands_that_it_prints(tmp_path: Path) -> None:
    """With --keep it goes on until Ctrl-C, and its settings file leads the other commands to its servers."""
    with subprocess.Popen(
        [*PROGRAM, "demo", "--keep"], stdout=subprocess.PIPE, text=True, cwd=tmp_path, bufsize=1
    ) as demo:
        assert demo.stdout is not None
        config = next(found[1] for line in demo.stdout if (found := re.search(r"NETBOX_PDNS_CONFIG=(\S+)", line)))
        zones, status = (
            subprocess.run(
                [*PROGRAM, *command],
                env={"NETBOX_PDNS_CONFIG": config},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            for command in (("zones", "--zone", "example.com"), ("status",))
        )
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()
    assert zones.returncode == 0, zones.stderr
    assert {line.split()[1] for line in zones.stdout.splitlines() if "example.com." in line} == {"public", "internal"}
    assert status.returncode == 0, status.stderr
    assert status.stdout.startswith("Healthy: netbox-pdns ")
    assert demo.returncode == 0, rest
    assert rest.endswith("stopped\n")


def _ends_in_time(home: Path) -> bool:
    """Play the demo, for as long as it may take; what is not over then is ended, with its servers."""
    with subprocess.Popen([*PROGRAM, "demo"], cwd=home, stdout=subprocess.DEVNULL, start_new_session=True) as demo:
        try:
            assert demo.wait(LONGEST) == 0
        except subprocess.TimeoutExpired:
            os.killpg(demo.pid, signal.SIGKILL)
            return False
    return True
