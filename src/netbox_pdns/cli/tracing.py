"""OpenTelemetry traces, where the extra `otel` is installed and its standard variables say where they go.

One trace a change, from the first hint of it to the answer of DNS: how long it waited, the look, until it was served.
The spans are made when their ends are known, so that nothing of the work waits for them.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from netbox_pdns import __version__
from netbox_pdns.planning.values import Action
from netbox_pdns.sync.events import Confirmed, Event, LookDone

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_MOST_OPEN = 1_000
"""Traces that wait for DNS; of more, the oldest end without it."""


def tracing(environ: Mapping[str, str] = os.environ) -> TracerProvider | None:
    """Return what sends traces, as the standard variables say; None without them, or without the extra `otel`."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not any(environ.get(name) for name in _ENDPOINTS):
        return None
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about = Resource.create({"service.name": environ.get("OTEL_SERVICE_NAME", "netbox-pdns")})
    provider = TracerProvider(resource=about)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


@dataclass(frozen=True, slots=True)
class _Open:
    """A change that is written and not yet seen in DNS."""

    root: Span
    written: float


class Tracing:
    """Makes the traces; call it with every event. *confirms* tells whether DNS is asked for what is written."""

    def __init__(self, provider: TracerProvider, clock: Callable[[], float], *, confirms: bool) -> None:
        self._tracer = provider.get_tracer("netbox-pdns", __version__)
        self._clock = clock
        self._confirms = confirms
        self._open: OrderedDict[tuple[str, str], list[_Open]] = OrderedDict()

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case LookDone() if event.outcome is not None and event.outcome.applied:
                self._written(event)
            case Confirmed():
                for waiting in self._open.pop((event.target, event.zone), ()):
                    self._served(waiting, event)
            case _:
                return

    def _written(self, done: LookDone) -> None:
        now = self._clock()
        began, came = now - done.seconds, min((cause.came for cause in done.work.causes), default=now)
        first = min(began, came)
        root = self._tracer.start_span(f"change {done.work.zone}", start_time=_ns(first), attributes=_about(done))
        self._child(root, "wait", first, began)
        self._child(root, "look", began, now)
        if _ends(done):  # nothing of the zone is asked for any more
            for waiting in self._open.pop((done.target, done.work.zone), ()):
                waiting.root.end(_ns(now))
        if not self._confirms or _ends(done):
            root.end(_ns(now))
            return
        self._open.setdefault((done.target, done.work.zone), []).append(_Open(root, now))
        if len(self._open) > _MOST_OPEN:
            for waiting in self._open.popitem(last=False)[1]:
                waiting.root.end(_ns(waiting.written))

    def _served(self, waiting: _Open, event: Confirmed) -> None:
        from opentelemetry.trace import StatusCode

        self._child(waiting.root, "until served", waiting.written, event.at)
        if event.not_served:
            waiting.root.set_status(StatusCode.ERROR, f"not served: {', '.join(event.not_served[:5])}")
        waiting.root.end(_ns(event.at))

    def _child(self, root: Span, name: str, start: float, end: float) -> None:
        from opentelemetry.trace import set_span_in_context

        span = self._tracer.start_span(name, set_span_in_context(root), start_time=_ns(start))
        span.end(_ns(max(start, end)))


def _ends(done: LookDone) -> bool:
    """Tell whether the zone is gone."""
    return done.outcome is not None and done.outcome.plan is not None and done.outcome.plan.action is Action.DELETE


def _about(done: LookDone) -> dict[str, str | int | list[str]]:
    outcome, causes = done.outcome, done.work.causes
    assert outcome is not None
    return {
        "netbox_pdns.target": done.target,
        "netbox_pdns.zone": done.work.zone,
        "netbox_pdns.triggers": sorted({str(cause.trigger) for cause in causes}),
        "netbox_pdns.users": sorted({cause.user for cause in causes if cause.user}),
        "netbox_pdns.requests": sorted({cause.request for cause in causes if cause.request}),
        "netbox_pdns.rrsets": 0 if outcome.plan is None else len(outcome.plan.changes),
        "netbox_pdns.serial": outcome.serial or 0,
    }


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
