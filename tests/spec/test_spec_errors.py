"""Errors: what each class comes to, conflicts, causes, circuit breakers."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import netbox_pdns
from netbox_pdns.errors import ConfigurationError, ConflictError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.powerdns.client import PowerDNSClient
from netbox_pdns.resilience.breaker import BreakerChanged, BreakerPolicy, BreakerState, CircuitBreaker, CircuitOpenError
from netbox_pdns.resilience.retry import RetryDetails, retrying
from netbox_pdns.sandbox.powerdns import running_powerdns
from netbox_pdns.settings.models import TargetSettings

SOURCE = Path(netbox_pdns.__file__).parent


@pytest.mark.parametrize(
    ("error", "kind", "attempts"),
    [
        pytest.param(TransientError("a time-out"), "transient", 3, id="transient: retried with back-off"),
        pytest.param(ConflictError("it exists"), "conflict", 1, id="conflict: another look"),
        pytest.param(ConfigurationError("a wrong key"), "configuration", 1, id="configuration: fails fast"),
        pytest.param(DataError("no address"), "data", 1, id="logic: named, and the rest goes on"),
    ],
)
def test_each_class_has_its_handling(error: NetboxPdnsError, kind: str, attempts: int) -> None:
    """The class of an error is what should be done about it: only what may pass is tried again."""
    calls: list[None] = []

    async def call() -> None:
        calls.append(None)
        raise error

    async def no_time(seconds: float) -> None:
        assert seconds > 0

    with pytest.raises(type(error)):
        asyncio.run(retrying(call, name="call", sleep=no_time))
    assert (error.kind, len(calls)) == (kind, attempts)


def test_a_zone_that_exists_already_is_a_conflict_and_not_tried_again() -> None:
    """PowerDNS's 409 is an answer: the zone is looked at, and no attempt has failed."""
    told: list[RetryDetails] = []
    body = b'{"name": "example.com.", "kind": "Native", "nameservers": []}'

    async def twice() -> None:
        async with running_powerdns() as server:
            settings = TargetSettings(url=server.url, token=server.api_key)
            async with PowerDNSClient(settings, hook=told.append) as client:
                await client.create_zone(body)
                with pytest.raises(ConflictError, match="409"):
                    await client.create_zone(body)

    asyncio.run(twice())
    assert told == []


def _raised_while_handling(tree: ast.AST) -> Iterator[ast.Raise]:
    """Yield what is raised in an `except` block, functions that are only defined there aside."""
    for handler in (each for each in ast.walk(tree) if isinstance(each, ast.ExceptHandler)):
        for node in ast.walk(handler):
            if isinstance(node, ast.Raise) and node.exc is not None:
                yield node


def test_every_error_that_comes_of_another_names_its_cause() -> None:
    """`raise … from …`, wherever one is raised while another is handled: the log can show the whole chain."""
    unchained = [
        f"{path.relative_to(SOURCE)}:{each.lineno}"
        for path in sorted(SOURCE.rglob("*.py"))
        for each in _raised_while_handling(ast.parse(path.read_text(encoding="utf-8")))
        if each.cause is None
    ]
    assert unchained == []


def test_a_breaker_goes_round_its_three_states() -> None:
    """Closed until calls fail in a row, open for its pause, half-open for one call, closed when that is answered."""
    told: list[BreakerChanged] = []
    now = 0.0
    breaker = CircuitBreaker("PowerDNS", BreakerPolicy(failures=2, pause=30.0), listener=told.append, clock=lambda: now)

    async def down() -> None:
        raise TransientError("connection refused")

    async def up() -> str:
        return "an answer"

    async def go_round() -> None:
        nonlocal now
        for _ in range(2):
            with pytest.raises(TransientError, match="connection refused"):
                await breaker.call(down)
        with pytest.raises(CircuitOpenError):
            await breaker.call(up)
        now = 30.0
        assert await breaker.call(up) == "an answer"

    assert breaker.state is BreakerState.CLOSED
    asyncio.run(go_round())
    assert [str(event.after) for event in told] == ["open", "half-open", "closed"]
