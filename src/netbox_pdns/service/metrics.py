"""What is counted and measured while the service works, for Prometheus; docs/monitoring.md lists all of it.

Whoever wires the service hands these methods to those who know: the keeper, retries, locks, breakers. What can be read off
the board at any moment is in `gauges`. Labels are targets, servers, triggers and the like: bounded, never names of zones.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from netbox_pdns.errors import (
    ConfigurationError,
    ConflictError,
    DataError,
    NetboxPdnsError,
    TransientError,
    UnexpectedError,
)
from netbox_pdns.sync.events import Event, LookDone, TargetFailed
from netbox_pdns.sync.hints import Cause, Depth, Hint, Hints

LAG = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800)
WORK = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)
LOCKS = (0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60)
"""Bounds of histograms, in seconds."""


class Metrics:
    """Counters and histograms in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"netbox_pdns_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, bounds: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"netbox_pdns_{name}", text, labels, buckets=bounds, registry=registry)

        self._calls = counter("calls", "Calls to a server that are done, well or not.", "server")
        self._retried = counter("calls_retried", "Calls that were tried more than once.", "server")
        self._retries = counter("retries", "Tries beyond a call's first.", "server")
        self._failed = counter("calls_failed", "Calls that failed after all tries.", "server", "kind")
        self._call_seconds = histogram("call_seconds", "Seconds that calls took, with all their tries.", WORK, "server")
        self._waited = histogram("lock_wait_seconds", "Seconds that a lock was waited for.", LOCKS, "operation")
        self._held = histogram("lock_hold_seconds", "Seconds that a lock was held.", LOCKS, "operation")
        self._timeouts = counter("lock_timeouts", "Locks that were not had in time.", "operation")
        self._syncs = counter("syncs", "Looks at a zone of a target, by how they ended.", "target", "outcome")
        self._sync_seconds = histogram("sync_seconds", "Seconds that a look at a zone took.", WORK, "target")
        self._changes = counter("changes_applied", "Changes of a zone that were applied.", "target")
        self._rrsets = counter("rrsets_applied", "RRsets that were written, SOAs aside.", "target")
        self._errors = counter("errors", "Errors that ended a look, by what is to be done about them.", "kind")
        self._breakers = counter("breaker_changes", "Changes of a circuit breaker's state.", "server", "state")
        self._applied = histogram("edit_to_applied_seconds", "Seconds from edit to written.", LAG, "target")
        self._served = histogram("edit_to_served_seconds", "Seconds from edit to answered by DNS.", LAG, "target")
        self._hints = counter("hints", "Hints to look somewhere, by what made them.", "trigger")
        self._webhooks = counter("webhooks", "Webhooks that came, by what became of them.", "interface", "outcome")
        self._requests = counter("http_requests", "Requests to the service.", "method", "status")
        for each in _KINDS:  # from 0 on: of a series that begins with 1 Prometheus never sees the first
            self._errors.labels(each)

    def __call__(self, event: Event) -> None:
        """Take note of an event of the reconciler."""
        match event:
            case LookDone():
                self.sync_done(event.target, event.seconds, event.error)
                done = event.outcome
                if done is not None and done.applied:
                    self._changes.labels(done.target).inc()
                    self._rrsets.labels(done.target).inc(0 if done.plan is None else len(done.plan.changes))
            case TargetFailed():
                self._errors.labels(event.error.kind).inc()
            case _:
                pass

    def sync_done(self, target: str, seconds: float, error: NetboxPdnsError | None) -> None:
        """Count a look at a zone."""
        for outcome, is_so in (("success", error is None), ("error", error is not None)):
            self._syncs.labels(target, outcome).inc(is_so)
        self._sync_seconds.labels(target).observe(seconds)
        if error is not None:
            self._errors.labels(error.kind).inc()

    def call_done(self, server: str, attempts: int, seconds: float, error: NetboxPdnsError | None) -> None:
        """Count a call to *server* (`netbox`, or a target's name) that is done after *attempts* tries."""
        self._calls.labels(server).inc()
        self._retried.labels(server).inc(attempts > 1)
        self._retries.labels(server).inc(max(0, attempts - 1))
        self._call_seconds.labels(server).observe(seconds)
        if error is not None:
            self._failed.labels(server, error.kind).inc()

    def lock_had(self, operation: str, waited: float) -> None:
        """Count a lock that was had after *waited* seconds; *operation* names a kind of work, not a zone."""
        self._waited.labels(operation).observe(waited)

    def lock_released(self, operation: str, held: float) -> None:
        """Count a lock that was held for so many seconds."""
        self._held.labels(operation).observe(held)

    def lock_timed_out(self, operation: str, waited: float) -> None:
        """Count a lock that was not had in time."""
        self._timeouts.labels(operation).inc()
        self._waited.labels(operation).observe(waited)

    def breaker_changed(self, server: str, state: str) -> None:
        """Count a breaker that is now in *state*."""
        self._breakers.labels(server, state).inc()

    def edit_applied(self, target: str, seconds: float) -> None:
        """Count an edit that was written so many seconds after it was made."""
        self._applied.labels(target).observe(seconds)

    def edit_served(self, target: str, seconds: float) -> None:
        """Count an edit that DNS showed so many seconds after it was made."""
        self._served.labels(target).observe(seconds)

    def webhook(self, interface: str, outcome: str) -> None:
        """Count a webhook (*interface* `netbox` or `compatible`) that was `accepted`, `refused` or `bad`."""
        self._webhooks.labels(interface, outcome).inc()

    def request(self, method: str, status: int) -> None:
        """Count a request to the service; a method that nobody knows is `other`."""
        self._requests.labels(method if method in _METHODS else "other", str(status)).inc()

    def hint(self, cause: Cause) -> None:
        """Count a hint."""
        self._hints.labels(str(cause.trigger)).inc()


_KINDS = tuple(each.kind for each in (TransientError, ConflictError, ConfigurationError, DataError, UnexpectedError))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class CountedHints:
    """Hints that are counted on their way."""

    def __init__(self, hints: Hints, metrics: Metrics) -> None:
        self._hints = hints
        self._metrics = metrics

    def look(self, hint: Hint) -> None:
        """Have one zone looked at."""
        self._metrics.hint(hint.cause)
        self._hints.look(hint)

    def look_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        """Have all zones looked at."""
        self._metrics.hint(cause)
        self._hints.look_everywhere(depth, cause, target)
