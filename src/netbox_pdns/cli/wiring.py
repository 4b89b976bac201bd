"""From settings to what works by them: source, targets, engine, probes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.resilience.breaker import BreakerListener, BreakerPolicy, CircuitBreaker
from netbox_pdns.resilience.breaker import silent as unheard
from netbox_pdns.resilience.retry import DEFAULT_POLICY, CallObserver, RetryHook, RetryPolicy, ignore, unobserved
from netbox_pdns.settings import Settings
from netbox_pdns.store.kept import Kept
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.events import Listener, silent
from netbox_pdns.sync.reconcile import Served


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run works with: NetBox, the targets, and what is kept in the data directory."""

    source: NetBoxSource
    targets: tuple[Served, ...]
    kept: Kept


@dataclass(frozen=True, slots=True)
class Breakers:
    """The circuit breaker of each server: of NetBox, and of the targets by their names."""

    source: CircuitBreaker
    targets: Mapping[str, CircuitBreaker]


def make_breakers(
    settings: Settings, listener: BreakerListener = unheard, *, clock: Callable[[], float] = time.monotonic
) -> Breakers:
    """Return closed breakers for all servers, as `settings.keeper` has them.

    A pause doubles up to that of a zone that fails.
    """
    keeper = settings.keeper
    longest = max(keeper.breaker_pause, keeper.retry_longest)
    policy = BreakerPolicy(keeper.breaker_failures, keeper.breaker_pause, longest)
    return Breakers(
        CircuitBreaker("NetBox", policy, listener=listener, clock=clock),
        {
            target.name: CircuitBreaker(f"PowerDNS ({target.name})", policy, listener=listener, clock=clock)
            for target in settings.targets
        },
    )


@asynccontextmanager
async def open_parts(
    settings: Settings,
    *,
    hook: RetryHook = ignore,
    policy: RetryPolicy = DEFAULT_POLICY,
    breakers: Breakers | None = None,
    observe: CallObserver = unobserved,
    asks_ahead: bool = False,
) -> AsyncIterator[Parts]:
    """Yield what a run works with; its connections are closed with the block.

    With *asks_ahead* it is for a single run, and NetBox is asked beforehand for what that will need.
    *breakers* keep calls from servers that do not answer; *observe* is told of each call that has ended.
    Raises `ConfigurationError` for a CA file that cannot be used.
    """
    async with AsyncExitStack() as stack:
        breaker = breakers.source if breakers else None
        theirs = NetBoxSource(
            settings.netbox, hook=hook, policy=policy, breaker=breaker, observe=observe, asks_ahead=asks_ahead
        )
        source = await stack.enter_async_context(theirs)
        targets = []
        for target in settings.targets:
            breaker = breakers.targets[target.name] if breakers else None
            mark = settings.mark(target.name)
            ours = PowerDNSTarget(target, mark, hook=hook, policy=policy, breaker=breaker, observe=observe)
            opened = await stack.enter_async_context(ours)
            targets.append(Served(opened, target))
        kept = await Kept.load(settings.data_dir, time.time(), timedelta(days=settings.removed_days))
        yield Parts(source, tuple(targets), kept)


@asynccontextmanager
async def open_engine(
    settings: Settings,
    *,
    listener: Listener = silent,
    hook: RetryHook = ignore,
    policy: RetryPolicy = DEFAULT_POLICY,
) -> AsyncIterator[Engine]:
    """Yield an engine with its connections, which are closed with the block.

    Raises `ConfigurationError` for a CA file that cannot be used.
    """
    async with open_parts(settings, hook=hook, policy=policy, asks_ahead=True) as parts:
        yield Engine(parts.source, parts.targets, parts.kept, listener)
