"""From settings to what works by them: source, targets, engine, probes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.resilience.retry import DEFAULT_POLICY, RetryHook, RetryPolicy, ignore
from netbox_pdns.settings import Settings
from netbox_pdns.store.refusals import Refusals
from netbox_pdns.store.removed import RemovedRecords
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.events import Listener, silent
from netbox_pdns.sync.reconcile import Served


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run works with: NetBox, the targets, and what is kept in the data directory."""

    source: NetBoxSource
    targets: tuple[Served, ...]
    removed: RemovedRecords
    refusals: Refusals


@asynccontextmanager
async def open_parts(
    settings: Settings, *, hook: RetryHook = ignore, policy: RetryPolicy = DEFAULT_POLICY
) -> AsyncIterator[Parts]:
    """Yield what a run works with; its connections are closed with the block.

    Raises `ConfigurationError` for a CA file that cannot be used.
    """
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(NetBoxSource(settings.netbox, hook=hook, policy=policy))
        targets = []
        for target in settings.targets:
            ours = PowerDNSTarget(target, settings.mark(target.name), hook=hook, policy=policy)
            opened = await stack.enter_async_context(ours)
            targets.append(Served(opened, target))
        removed = RemovedRecords(settings.data_dir / "removed", timedelta(days=settings.removed_days))
        refusals = await Refusals.load(settings.data_dir, time.time())
        yield Parts(source, tuple(targets), removed, refusals)


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
    async with open_parts(settings, hook=hook, policy=policy) as parts:
        yield Engine(parts.source, parts.targets, parts.removed, parts.refusals, listener)
