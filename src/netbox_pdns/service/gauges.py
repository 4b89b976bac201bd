"""What the board says at the moment when Prometheus asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from netbox_pdns import __version__
from netbox_pdns.service.health import Health, judged
from netbox_pdns.sync.board import Board, BreakerState, Condition, ZoneCounts, ZoneState


class BoardCollector(Collector):
    """Reads the board; *by_zone* adds series that have the zone as a label, *tasks* counts those of the event loop."""

    def __init__(
        self,
        board: Board,
        *,
        by_zone: bool = False,
        clock: Callable[[], float] = time.time,
        tasks: Callable[[], int] = lambda: 0,
    ) -> None:
        self._board = board
        self._by_zone = by_zone
        self._clock = clock
        self._tasks = tasks

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Yield all of it."""
        yield from self._service()
        yield from self._breakers()
        yield from self._queues()
        yield from self._zones()
        if self._by_zone:
            yield from _each(self._board.zones())

    def _service(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        board, now = self._board, self._clock()
        info = _gauge("info", "Always 1; the label says which version this is.", "version")
        info.add_metric([__version__], 1)
        yield info
        health = _gauge("health", "1 for how the service is, 0 for how it is not.", "status")
        is_so = judged(board, now).health
        for each in Health:
            health.add_metric([str(each)], each is is_so)
        yield health
        yield _number("uptime_seconds", "Seconds since the start.", now - board.started)
        yield _number("tasks", "Tasks of the event loop.", self._tasks())
        yield _number("initial_sync_completed", "Whether the first pass is complete.", board.initial_sync.completed)
        yield _number("source_suspect", "Whether all is held because NetBox went back.", board.suspect is not None)
        yield _number("source_readable", "Whether NetBox could be read last.", board.source_error is None)
        if board.last_sync is not None:
            yield _number("last_sync_timestamp_seconds", "When a look last ended well.", board.last_sync)
        working = _gauge("trigger_working", "Whether a trigger works.", "trigger")
        for name, trigger in sorted(board.triggers.items()):
            working.add_metric([name], trigger.working)
        yield working
        contention = CounterMetricFamily("netbox_pdns_lock_contention", "Locks waited for for more than a second.")
        contention.add_metric([], board.tally.contention)
        yield contention

    def _breakers(self) -> Iterator[GaugeMetricFamily]:
        board = self._board
        states = _gauge("breaker_state", "1 for the state that a circuit breaker is in.", "server", "state")
        now = [("netbox", board.source_breaker), *((each.name, each.breaker) for each in board.targets.values())]
        for server, is_so in now:
            for state in BreakerState:
                states.add_metric([server, str(state)], state is is_so)
        yield states

    def _queues(self) -> Iterator[GaugeMetricFamily]:
        depth = _gauge("queue_depth", "Zones that wait or are being looked at.", "target")
        active = _gauge("queue_active", "Zones that are being looked at.", "target")
        waiting = _gauge("queue_backing_off", "Zones that failed and wait for their next try.", "target")
        oldest = _gauge("queue_oldest_seconds", "For how long the oldest of them waits.", "target")
        passed = _gauge("last_pass_timestamp_seconds", "When all zones had last been looked at.", "target")
        for name in sorted(self._board.targets):
            target = self._board.target(name)
            depth.add_metric([name], target.queue.depth)
            active.add_metric([name], target.queue.active)
            waiting.add_metric([name], target.queue.backing_off)
            oldest.add_metric([name], target.queue.oldest)
            if target.last_pass is not None:
                passed.add_metric([name], target.last_pass)
        yield from (depth, active, waiting, oldest, passed)

    def _zones(self) -> Iterator[GaugeMetricFamily]:
        standing = _gauge("zones", "Zones by how they stand.", "target", "condition")
        left_out = _gauge("left_out_records", "Records that cannot be served.", "target")
        held = _gauge("held_changes", "Changes that wait for a word, the deletions of zones among them.", "target")
        drift = _gauge("differing_rrsets", "RRsets that are not as NetBox wants them.", "target")
        unserved = _gauge("not_served_rrsets", "RRsets that were written and that DNS does not show.", "target")
        for target in sorted({*self._board.targets, *self._board.counts}):
            its = self._board.counts.get(target) or ZoneCounts()
            for condition in Condition:
                standing.add_metric([target, str(condition)], its.conditions[condition])
            left_out.add_metric([target], its.left_out)
            held.add_metric([target], its.held)
            drift.add_metric([target], its.differences)
            unserved.add_metric([target], its.not_served)
        yield from (standing, left_out, held, drift, unserved)


class Together(Collector):
    """What several collectors have."""

    def __init__(self, *collectors: Collector) -> None:
        self._collectors = collectors

    def collect(self) -> Iterator[Metric]:
        """Yield all of it."""
        for collector in self._collectors:
            yield from collector.collect()


def _each(zones: Iterable[ZoneState]) -> Iterator[GaugeMetricFamily]:
    standing = _gauge("zone_condition", "1 for how a zone stands.", "target", "zone", "condition")
    looked = _gauge("zone_looked_at_timestamp_seconds", "When a zone was last looked at.", "target", "zone")
    changed = _gauge("zone_changed_at_timestamp_seconds", "When a zone was last written.", "target", "zone")
    for zone in zones:
        standing.add_metric([zone.target, zone.zone, str(zone.condition)], 1)
        if zone.looked_at is not None:
            looked.add_metric([zone.target, zone.zone], zone.looked_at)
        if zone.changed_at is not None:
            changed.add_metric([zone.target, zone.zone], zone.changed_at)
    yield from (standing, looked, changed)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"netbox_pdns_{name}", text, labels=labels)


def _number(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"netbox_pdns_{name}", text, value=float(value))
