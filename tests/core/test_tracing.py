"""Tests of `core.tracing`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from dbaas.core.clock import SystemClock
from dbaas.core.tracing import TracesNotSent, Tracing, find_exporter, open_tracing

COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.test:4318"}


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(spans: InMemorySpanExporter) -> Iterator[Tracing]:
    made = Tracing(spans, SystemClock(), service="tests", at_once=True)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("environment", "exporter"),
    [
        ({}, ""),
        (COLLECTOR, "otlp_proto_http"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector.test"}, "otlp_proto_http"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp_proto_http"),
        ({**COLLECTOR, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "otlp_proto_grpc"),
        ({**COLLECTOR, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"},
         "otlp_proto_http"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({**COLLECTOR, "OTEL_TRACES_EXPORTER": "none"}, ""),
        ({**COLLECTOR, "OTEL_SDK_DISABLED": "TRUE"}, ""),
    ],
)  # fmt: skip
def test_the_environment_says_whether_and_how_traces_are_sent(environment: Mapping[str, str], exporter: str) -> None:
    assert find_exporter(environment) == exporter


def test_nothing_is_set_up_unless_somebody_asks() -> None:
    assert open_tracing({}, SystemClock(), "tests") is None


def test_an_exporter_that_is_not_installed_is_named_with_those_that_are() -> None:
    with pytest.raises(TracesNotSent, match="no exporter is called 'pigeon'; there are: console, otlp_proto_http"):
        open_tracing({"OTEL_TRACES_EXPORTER": "pigeon"}, SystemClock(), "tests")


def test_without_the_extra_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)  # as if it were not installed
    with pytest.raises(TracesNotSent, match=r"install the extra otel \(dbaas\[otel\]\)"):
        open_tracing(COLLECTOR, SystemClock(), "tests")


def test_a_collector_that_is_named_is_sent_to() -> None:
    made = open_tracing(COLLECTOR, SystemClock(), "tests")
    assert made is not None
    assert not made.is_inside()
    made.close()


def test_work_within_work_is_its_child(tracing: Tracing, spans: InMemorySpanExporter) -> None:
    with tracing.span("outer", {"a": 1}) as outer:
        assert tracing.is_inside()
        with tracing.span("inner", {}, client=True):
            tracing.record("past", 2.0, {"count": 3}, failure="Unreachable")
    assert not tracing.is_inside()
    past, inner, last = spans.get_finished_spans()
    assert [past.name, inner.name, last.name] == ["past", "inner", "outer"]
    assert (past.parent, inner.parent) == (inner.get_span_context(), last.get_span_context())
    assert inner.kind is SpanKind.CLIENT
    assert dict(last.attributes or {}) == {"a": 1}
    assert f"{last.get_span_context().trace_id:032x}" == outer.ids["trace_id"]
    assert past.start_time is not None
    assert past.end_time is not None
    assert past.end_time - past.start_time == pytest.approx(2_000_000_000, abs=1000)
    assert (past.status.status_code, dict(past.attributes or {})["error.type"]) == (StatusCode.ERROR, "Unreachable")


def test_an_error_passes_through_and_leaves_no_stack(tracing: Tracing, spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="hunter2"), tracing.span("it", {}):
        raise ValueError("hunter2")
    (span,) = spans.get_finished_spans()
    assert "hunter2" not in span.to_json()


def test_the_service_has_our_name_unless_the_environment_gives_it_another(spans: InMemorySpanExporter) -> None:
    made = Tracing(spans, SystemClock(), service="tests", at_once=True)
    with made.span("it", {}):
        pass
    made.close()
    (span,) = spans.get_finished_spans()
    assert span.resource.attributes["service.name"] == "tests"
