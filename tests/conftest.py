"""Fixtures for all tests: the real servers, names that no other test uses, and the seed of what is sampled."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import servers
from hypothesis import settings
from servers import NetBoxServer
from xdist.scheduler import LoadScopeScheduling

from netbox_pdns.sandbox.installation import find_pdns_server
from netbox_pdns.sandbox.running import RunningPowerDNS

T = TypeVar("T")

os.environ["TEST_SEED"] = os.environ.get("TEST_SEED") or str(secrets.randbelow(2**32))  # for pytest's other processes
SEED = int(os.environ["TEST_SEED"])

ONE_IN = 15
"""Of the tests marked `long` a sample runs so many."""
EXAMPLES, SAMPLED_EXAMPLES = 300, 30
"""Of a property, where its test names no number of its own."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--sample`."""
    parser.addoption(
        "--sample",
        action="store_true",
        help=f"of the tests marked `long` run one in {ONE_IN}, picked by TEST_SEED, and fewer examples",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Say how many examples of a property are tried."""
    settings.register_profile("all", max_examples=EXAMPLES)
    settings.register_profile("sample", max_examples=SAMPLED_EXAMPLES)
    settings.load_profile("sample" if config.getoption("--sample") else "all")


def pytest_report_header() -> str:
    """Print the seed, so that a run can be repeated."""
    return f"seed: TEST_SEED={SEED}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not sampled."""
    if config.getoption("--sample"):
        left_out = [item for item in items if item.get_closest_marker("long") and not _picked(item)]
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]


class _Scheduling(LoadScopeScheduling):
    """With `-n`: what shares the real servers stays in one process, one at a time; the other tests go anywhere.

    (The groups of xdist 3.8 are lost with pytest 9.2.)
    """

    def _split_scope(self, nodeid: str) -> str:
        if "test_cli_demo" in nodeid:  # it starts servers of its own
            return "demo"
        folder = nodeid.split("/")[1]
        shared = folder == "real" or (folder == "contract" and "sandbox" not in nodeid)
        return "real" if shared else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Hand tests out so."""
    return _Scheduling(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once what was missing and how to get it, however many tests were skipped for it."""
    for reason, count in Counter(str(each.longrepr[2]) for each in terminalreporter.stats.get("skipped", [])).items():
        terminalreporter.write_line(f"{count} {'test' if count == 1 else 'tests'} {reason[:1].lower()}{reason[1:]}")


def _picked(item: pytest.Item) -> bool:
    return random.Random(f"{SEED} {item.nodeid}").randrange(ONE_IN) == 0


@pytest.fixture(scope="session")
def powerdns_gsqlite3() -> RunningPowerDNS:
    """The real primary on SQLite; every zone of kind Primary is notified to `powerdns_secondary`."""
    return servers.powerdns("powerdns_gsqlite3")


@pytest.fixture(scope="session")
def powerdns_lmdb() -> RunningPowerDNS:
    """The real primary on LMDB; every zone of kind Primary is notified to `powerdns_secondary`."""
    return servers.powerdns("powerdns_lmdb")


@pytest.fixture(scope="session", params=servers.primaries())
def powerdns_primary(request: pytest.FixtureRequest) -> RunningPowerDNS:
    """Each of the real primaries in turn."""
    return servers.powerdns(f"powerdns_{request.param}")


@pytest.fixture(scope="session")
def powerdns_secondary() -> RunningPowerDNS:
    """The real secondary; `servers.follow` tells it of a zone."""
    return servers.powerdns("powerdns_secondary")


@pytest.fixture(scope="session")
def netbox_server() -> NetBoxServer:
    """The real NetBox with its DNS plugin."""
    return servers.netbox()


@pytest.fixture
def netbox_put_back(netbox_server: NetBoxServer) -> Iterator[NetBoxServer]:
    """The real NetBox, whose whole database is put back after the test."""
    with netbox_server.put_back():
        yield netbox_server


@pytest.fixture(scope="session")
def pdns_server() -> Path:
    """The `pdns_server` of this machine, for tests that run one of their own."""
    found = find_pdns_server()
    if found is None:
        servers.missing("pdns_server is not there: apt-get install pdns-server pdns-backend-sqlite3 pdns-backend-lmdb")
    return found


@pytest.fixture
def fresh_zone_name() -> str:
    """A zone name that no other test and no earlier run used, with its final dot."""
    return f"z{secrets.token_hex(6)}.example."


@pytest.fixture
def sampled(request: pytest.FixtureRequest) -> random.Random:
    """Random choices that TEST_SEED repeats, the same whatever other tests run."""
    return random.Random(f"{SEED} {request.node.nodeid}")


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, T]], T]:
    """Run a coroutine to its end: `run(something())`."""
    return asyncio.run
