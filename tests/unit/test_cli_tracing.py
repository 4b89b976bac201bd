"""One trace a change, from its first hint to DNS; and none unless the standard variables ask for them."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from netbox_pdns.cli.tracing import Tracing, tracing
from netbox_pdns.dns.rrset import RRset
from netbox_pdns.planning.values import Action, Change, ZonePlan
from netbox_pdns.sync.events import Confirmed, Event, LookDone
from netbox_pdns.sync.hints import WHOLE, Cause, Trigger
from netbox_pdns.sync.outcome import ZoneOutcome
from netbox_pdns.sync.queue import Work

A = "a.example."
CAUSES = (Cause(Trigger.WEBHOOK, 10.0, edited=9.0, user="ada", request="r-1"), Cause(Trigger.FEED, 12.0))


def look(action: Action = Action.UPDATE, *, applied: bool = True) -> LookDone:
    change = Change(None, RRset.of(f"www.{A}", "A", 60, ["192.0.2.1"]))
    outcome = ZoneOutcome("one", A, ZonePlan(A, "one", action, (change,)), applied=applied, serial=8)
    return LookDone("one", Work(A, WHOLE, CAUSES, frozenset(), 1.0), outcome, None, 2.0)


def spans(*events: Event, confirms: bool = True) -> list[ReadableSpan]:
    """Return the spans that *events* make, at 20 s, in the order of their starts."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    listen = Tracing(provider, lambda: 20.0, confirms=confirms)
    for event in events:
        listen(event)
    return sorted(exporter.get_finished_spans(), key=lambda span: (span.start_time or 0, -(span.end_time or 0)))


def times(found: list[ReadableSpan]) -> list[tuple[str, float, float]]:
    return [(span.name, (span.start_time or 0) / 1e9, (span.end_time or 0) / 1e9) for span in found]


def test_a_change_is_one_trace_from_its_first_hint_to_dns() -> None:
    found = spans(look(), Confirmed("one", A, CAUSES, 23.0, 14.0))
    assert times(found) == [
        (f"change {A}", 10.0, 23.0),
        ("wait", 10.0, 18.0),
        ("look", 18.0, 20.0),
        ("until served", 20.0, 23.0),
    ]
    assert len({span.context.trace_id for span in found}) == 1
    root = found[0]
    assert root.attributes is not None
    assert root.attributes["netbox_pdns.users"] == ("ada",)
    assert root.attributes["netbox_pdns.triggers"] == ("feed", "webhook")


def test_what_is_not_served_is_an_error_of_its_trace() -> None:
    root = spans(look(), Confirmed("one", A, CAUSES, 23.0, None, (f"www.{A} A",)))[0]
    assert root.status.description == f"not served: www.{A} A"


def test_where_dns_is_not_asked_the_trace_ends_with_the_look() -> None:
    assert times(spans(look(), confirms=False))[0] == (f"change {A}", 10.0, 20.0)


def test_traces_of_a_zone_end_with_it() -> None:
    """Nothing of it is asked for any more."""
    found = times(spans(look(), look(Action.DELETE)))
    assert [each for each in found if each[0].startswith("change")] == [(f"change {A}", 10.0, 20.0)] * 2


def test_a_look_that_writes_nothing_makes_no_trace() -> None:
    assert spans(look(applied=False), Confirmed("one", A, CAUSES, 23.0, None)) == []


@pytest.mark.parametrize(
    ("environ", "traced"),
    [
        pytest.param({}, False, id="not-asked-for"),
        pytest.param({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, True, id="asked-for"),
        pytest.param(
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, False, id="switched-off"
        ),
    ],
)
def test_the_standard_variables_say_whether_there_are_traces(environ: dict[str, str], traced: bool) -> None:
    provider = tracing(environ)
    assert (provider is not None) is traced
    if provider is not None:
        provider.shutdown()
