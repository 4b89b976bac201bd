"""From settings to what works by them: each server has a circuit breaker of its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from netbox_pdns.cli.wiring import Breakers, make_breakers, open_parts
from netbox_pdns.errors import TransientError
from netbox_pdns.resilience.breaker import BreakerState
from netbox_pdns.resilience.retry import CallDetails, RetryPolicy
from netbox_pdns.settings import Settings, load_settings

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there (the port of `discard`, RFC 863)."""
TOML = f"""
[[targets]]
name = "a"
url = "{NOWHERE}"
token = "x"

[[targets]]
name = "b"
url = "{NOWHERE}"
token = "x"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two targets; two calls without an answer open a breaker, for 7 seconds at first."""
    (tmp_path / "c.toml").write_text(TOML, encoding="ascii")
    environ = {
        "NETBOX_PDNS_CONFIG": str(tmp_path / "c.toml"),
        "NETBOX_PDNS_NB_URL": NOWHERE,
        "NETBOX_PDNS_NB_TOKEN": "x",
        "NETBOX_PDNS_BREAKER_FAILURES": "2",
        "NETBOX_PDNS_BREAKER_PAUSE": "7",
        "NETBOX_PDNS_RETRY_LONGEST": "20",
        "NETBOX_PDNS_DATA_DIR": str(tmp_path),
    }
    return load_settings(environ, None)


def _states(breakers: Breakers) -> dict[str, BreakerState]:
    return {breaker.name: breaker.state for breaker in (breakers.source, *breakers.targets.values())}


@pytest.mark.parametrize(
    ("longest", "pauses"),
    [pytest.param(20.0, [7, 14, 20, 20], id="doubles"), pytest.param(5.0, [7, 7], id="never-less-than-its-own")],
)
def test_breakers_are_as_the_settings_have_them(settings: Settings, longest: float, pauses: list[int]) -> None:
    """So many failures, such a pause; it doubles up to that of a zone that fails."""
    keeper = settings.keeper.model_copy(update={"retry_longest": longest})
    now = 0.0
    breaker = make_breakers(replace(settings, keeper=keeper), clock=lambda: now).source
    breaker.failed(breaker.admit(), "why")
    for pause in pauses:
        breaker.failed(breaker.admit(), "why")
        assert breaker.until_trial() == pause
        now += pause


def test_each_server_has_its_own(settings: Settings) -> None:
    """That one target is away keeps nothing from the others, nor from NetBox; who counts calls is told of all."""
    breakers = make_breakers(settings)
    told: list[CallDetails] = []

    async def work() -> None:
        once = RetryPolicy(attempts=1)
        async with open_parts(settings, policy=once, breakers=breakers, observe=told.append) as parts:
            for _ in range(2):
                with pytest.raises(TransientError):
                    await parts.targets[1].target.zones()
            with pytest.raises(TransientError):
                await parts.source.client.status()

    asyncio.run(work())
    assert _states(breakers) == {
        "NetBox": BreakerState.CLOSED,
        "PowerDNS (a)": BreakerState.CLOSED,
        "PowerDNS (b)": BreakerState.OPEN,
    }
    assert [(details.server, details.attempts) for details in told] == [
        ("PowerDNS (b)", 1), ("PowerDNS (b)", 1), ("NetBox", 1),
    ]  # fmt: skip
