"""From settings to the service at work: store, servers, keeper, triggers, and what the HTTP side stands on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from structlog.typing import FilteringBoundLogger

from netbox_pdns.cli.logs import log_breakers, log_locks, log_retries
from netbox_pdns.cli.reloading import reloading
from netbox_pdns.cli.taking import Compatible, Webhooks
from netbox_pdns.cli.telling import Places, Telling
from netbox_pdns.cli.tracing import Tracing, tracing
from netbox_pdns.cli.wiring import Breakers, Parts, make_breakers, open_parts
from netbox_pdns.errors import ConfigurationError, NetboxPdnsError
from netbox_pdns.netbox.changes import ChangeLog
from netbox_pdns.netbox.updates import Updates
from netbox_pdns.resilience.breaker import BreakerChanged
from netbox_pdns.resilience.locks import KeyedLocks, LockEvent
from netbox_pdns.service.announcing import Announcer
from netbox_pdns.service.documents import MqttState, SchedulerState
from netbox_pdns.service.events import EventBus
from netbox_pdns.service.metrics import CountedHints, Metrics
from netbox_pdns.service.ports import ServiceParts
from netbox_pdns.settings import Settings
from netbox_pdns.store.memory import Memory, Surroundings, Told, remembering
from netbox_pdns.store.removed import writable
from netbox_pdns.store.run_lock import run_lock
from netbox_pdns.store.values import Remark, StoreHealth
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.confirmer import Confirmer
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.events import Event, Listener, PassDone
from netbox_pdns.sync.explainer import Explainer
from netbox_pdns.sync.explanation import Explanation
from netbox_pdns.sync.hints import Cause, Depth, Hints, Trigger
from netbox_pdns.sync.keeper import Keeper
from netbox_pdns.sync.looker import Looker
from netbox_pdns.sync.queue import Backoff, ZoneQueue
from netbox_pdns.sync.reconcile import Served
from netbox_pdns.sync.remembering import Remembering
from netbox_pdns.sync.turns import Turns
from netbox_pdns.sync.worker import Worker
from netbox_pdns.triggers.feed import NAME as FEED
from netbox_pdns.triggers.feed import ChangeFeed
from netbox_pdns.triggers.polling import poll_for_ever
from netbox_pdns.triggers.progress import Cursors, Progress
from netbox_pdns.triggers.schedule import Scheduler, schedules_of
from netbox_pdns.triggers.standing import Standing
from netbox_pdns.triggers.told import Told as Edits
from netbox_pdns.triggers.updated import UpdatedFeed
from netbox_pdns.triggers.zone_names import ZoneNames

if TYPE_CHECKING:
    from netbox_pdns.triggers.mqtt import MqttStatus, MqttTrigger

_SCHEDULE = "schedule"
_CLOSING = 6.0
"""Seconds of the time to stop that are kept for the store and the connections."""


@dataclass(frozen=True, slots=True)
class _Feeds:
    """What polls NetBox."""

    log: ChangeFeed
    updated: UpdatedFeed
    log_standing: Standing
    updated_standing: Standing


@asynccontextmanager
async def open_service(settings: Settings, logger: FilteringBoundLogger) -> AsyncIterator[ServiceParts]:
    """Have the service at work within the block, and yield what its HTTP side stands on.

    Nothing here waits for NetBox or a PowerDNS. At the end work in hand is finished, or broken off at a safe point.
    Raises `ConfigurationError` for a CA file that cannot be used.
    """
    board = Board(started=time.time())
    metrics, bus = Metrics(), EventBus()
    telling = Telling(board, metrics, Announcer(bus, board), logger)
    breakers = make_breakers(settings, _breaker_told(telling, logger))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_alone(settings, logger))
        memory = await stack.enter_async_context(_open_memory(settings, logger))
        parts = await stack.enter_async_context(
            open_parts(settings, hook=log_retries(logger), breakers=breakers, observe=telling.call)
        )
        keeper, confirmer = _make_keeper(settings, parts, breakers, memory, telling, logger)
        hints = CountedHints(keeper, metrics)
        names = ZoneNames(ChangeLog(parts.source.client))
        parts.source.told = names.learn_all
        progress = Progress([served.target.name for served in parts.targets])
        feeds = _make_feeds(settings, parts, memory, keeper, hints, progress, names, board, logger)
        remembering_ = Remembering(memory.zones, memory.receipts, board, tell=telling.announcer.change)
        telling.listeners += [remembering_, Places(progress), _deep_passes(memory), *([confirmer] if confirmer else [])]
        if (provider := tracing()) is not None:
            stack.callback(provider.shutdown)
            telling.listeners.append(Tracing(provider, time.time, confirms=confirmer is not None))
        scheduler = _make_scheduler(settings, memory, hints, board)
        works: list[Coroutine[Any, Any, object]] = [
            scheduler.run(),
            _follow(settings, feeds, keeper, remembering_, memory, progress.names),
        ]
        if confirmer is not None:
            works.append(confirmer.run())
        mqtt = _make_mqtt(settings, hints, names, board, logger)
        if mqtt is not None:
            telling.listeners.append(mqtt.tell)
            works.append(mqtt.run())
        await stack.enter_async_context(_at_work(keeper, works))

        secret = settings.triggers.webhook_secret
        webhooks, compatible = Webhooks(secret, hints, names), Compatible(secret, hints)

        async def explain(name: str, type: str | None) -> Explanation:
            explainer = Explainer(parts.source, parts.targets, parts.kept)
            return await explainer.explain(name, type)

        async def accept_source() -> None:
            await feeds.log.accept()
            memory.source.accept()
            keeper.accept_source()

        yield ServiceParts(
            board=board,
            hints=hints,
            take_webhook=webhooks,
            take_compatible=compatible,
            receipts=memory.receipts,
            explain=explain,
            accept_source=accept_source,
            mqtt=lambda: MqttState() if mqtt is None else _mqtt_state(mqtt.status),
            scheduler=lambda: SchedulerState(True, len(scheduler.schedules)),
            store=lambda: memory.health,
            stop=keeper.stop,
            reload=reloading(keeper, parts.targets, scheduler, webhooks, compatible),
            events=bus,
            metrics=metrics,
        )


@asynccontextmanager
async def _alone(settings: Settings, logger: FilteringBoundLogger) -> AsyncIterator[None]:
    """Hold the lock of the data directory: no cron job syncs beside the service; it can be asked with `sync --remote`.

    Where the directory cannot be written DNS goes on all the same, and whoever starts a second one is not kept from it.
    """
    async with AsyncExitStack() as stack:
        try:
            directory = writable(settings.data_dir)
            await stack.enter_async_context(run_lock(directory, operation="serve", listener=log_locks(logger)))
        except (ConfigurationError, OSError) as error:
            logger.error("the data directory cannot be locked; nothing must run beside this service", error=str(error))
        yield


def _breaker_told(telling: Telling, logger: FilteringBoundLogger) -> Any:
    log = log_breakers(logger)

    def told(event: BreakerChanged) -> None:
        log(event)
        telling.breaker(event)

    return told


@asynccontextmanager
async def _open_memory(settings: Settings, logger: FilteringBoundLogger) -> AsyncIterator[Memory]:
    def health(state: StoreHealth) -> None:
        if state.ok:
            logger.info("store works", behind=state.behind)
        else:
            logger.error("store does not work; DNS goes on without it", error=state.detail, behind=state.behind)

    def remarks(found: Sequence[Remark]) -> None:
        for remark in found:
            logger.warning("store", about=str(remark.kind), text=remark.text, hint=remark.hint or None)

    world = Surroundings(receipt_days=settings.keeper.receipt_days)
    async with remembering(settings.data_dir, settings.netbox.url, told=Told(health, remarks), world=world) as memory:
        remarks(memory.remarks)
        yield memory


def _make_keeper(
    settings: Settings,
    parts: Parts,
    breakers: Breakers,
    memory: Memory,
    telling: Telling,
    logger: FilteringBoundLogger,
) -> tuple[Keeper, Confirmer | None]:
    options, board = settings.keeper, telling.board
    write = log_locks(logger)

    def listen(event: LockEvent) -> None:
        write(event)
        telling.lock(event)

    locks: KeyedLocks[tuple[str, str]] = KeyedLocks(options.lock_timeout, listener=listen)
    backoff = Backoff(longest=options.retry_longest)

    def make_engine(served: Sequence[Served], listener: Listener, turns: Turns) -> Engine:
        return Engine(
            parts.source,
            served,
            parts.kept,
            listener,
            counts=memory.removals,
            turns=turns,
        )

    workers = [
        Worker(
            Looker(parts.source, served, parts.kept, counts=memory.removals),
            ZoneQueue(options.zone_pause, backoff),
            locks.hold,
            board,
            telling,
            gates=(breakers.source, breakers.targets[served.target.name]),
        )
        for served in parts.targets
    ]
    keeper = Keeper(
        parts.source,
        workers,
        make_engine,
        locks.hold,
        board,
        telling,
        patience=max(1.0, options.stop_timeout - _CLOSING),
        drift=options.drift,
        backoff=backoff,
    )
    confirmer = Confirmer(parts.targets, telling, clock=time.time) if options.verify_served else None
    return keeper, confirmer


def _make_feeds(
    settings: Settings,
    parts: Parts,
    memory: Memory,
    keeper: Keeper,
    hints: Hints,
    progress: Progress,
    names: ZoneNames,
    board: Board,
    logger: FilteringBoundLogger,
) -> _Feeds:
    log = ChangeLog(parts.source.client)
    edits, overlap = Edits(), settings.netbox.overlap
    standing, updated_standing = Standing(FEED, board, logger), Standing("updated", board, logger)

    def went_back(detail: str) -> None:
        logger.error("NetBox went back; nothing is written until it is accepted", detail=detail)
        keeper.distrust(detail)

    feed = ChangeFeed(
        log,
        hints,
        progress,
        Cursors(memory.cursors, FEED, progress, time.monotonic),
        standing,
        overlap=overlap,
        gone_back=went_back,
        told=edits,
        names=names,
    )
    updated = UpdatedFeed(
        Updates(parts.source.client),
        hints,
        updated_standing,
        overlap=overlap,
        alone=lambda: not board.triggers[FEED].working,
        told=edits,
    )
    return _Feeds(feed, updated, standing, updated_standing)


def _make_mqtt(
    settings: Settings, hints: Hints, names: ZoneNames, board: Board, logger: FilteringBoundLogger
) -> MqttTrigger | None:
    if not settings.mqtt.mqtt_enabled:
        return None
    from netbox_pdns.triggers.mqtt import MqttTrigger

    return MqttTrigger(settings.mqtt, hints, names, Standing("mqtt", board, logger))


def _mqtt_state(status: MqttStatus) -> MqttState:
    return MqttState(
        enabled=status.enabled,
        connected=status.connected,
        broker=status.broker,
        topic_prefix=status.topic_prefix,
        messages=status.messages,
        refused=status.refused,
        last_message=status.last_message,
        detail=status.detail,
    )


def _make_scheduler(settings: Settings, memory: Memory, hints: Hints, board: Board) -> Scheduler:
    schedules = schedules_of(settings.triggers)
    last: dict[str, datetime] = {}
    for schedule in schedules:
        if isinstance(kept := memory.cursors.load(_SCHEDULE, schedule.name), int | float):
            last[schedule.name] = datetime.fromtimestamp(kept, UTC)

    def told(name: str, at: datetime) -> None:
        memory.cursors.save(_SCHEDULE, name, at.timestamp())

    return Scheduler(schedules, hints, board, last=last, told=told)


async def _follow(
    settings: Settings,
    feeds: _Feeds,
    keeper: Keeper,
    remembering_: Remembering,
    memory: Memory,
    targets: Sequence[str],
) -> None:
    """Find the place in the change log, have everything looked at once, and follow the log from there."""
    keeper.begin()
    recalled = await remembering_.recall(targets)
    known = [name for name in targets if memory.cursors.load(FEED, name) is not None]
    try:
        await feeds.log.begin()
        await feeds.log.poll()
        await feeds.updated.begin()
    except NetboxPdnsError as error:
        feeds.log_standing.ill(str(error), error.hint)
        known = list(targets)
    depth = Depth.LISTS if recalled and memory.source.owed is None else Depth.CONTENT
    for name in known:  # of the others the feed has had everything looked at
        keeper.look_everywhere(depth, Cause(Trigger.START, time.time()), name)
    interval = settings.triggers.feed_interval
    if not interval:
        feeds.log_standing.ill("switched off", "NETBOX_PDNS_FEED_INTERVAL is 0")
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(poll_for_ever(feeds.log.poll, feeds.log_standing, interval))
        group.create_task(poll_for_ever(feeds.updated.poll, feeds.updated_standing, interval))


def _deep_passes(memory: Memory) -> Listener:
    def listen(event: Event) -> None:
        if isinstance(event, PassDone) and event.depth is Depth.CONTENT and event.error is None and not event.dry:
            memory.source.deep_pass_done()

    return listen


@asynccontextmanager
async def _at_work(keeper: Keeper, works: Sequence[Coroutine[Any, Any, object]]) -> AsyncIterator[None]:
    """Have the keeper and *works* run within the block; the keeper gets its time to end."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(keeper.run())
        others = [group.create_task(work) for work in works]
        try:
            yield
        finally:
            keeper.stop()
            await asyncio.wait({running})
            for task in others:
                task.cancel()
