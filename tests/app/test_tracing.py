"""Tests of `app.tracing`: what an operator tells of its work, and what never."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from structlog.testing import capture_logs

from dbaas.api.resource import Resource
from dbaas.app.tracing import Traces, open_traces
from dbaas.contracts.reconcile import Condition, Conflict, Controller, Outcome, Refused, Waiting
from dbaas.contracts.transport import Request, Response, TransportError
from dbaas.core.clock import SystemClock
from dbaas.core.errors import DbaasError
from dbaas.core.tracing import Tracing
from dbaas.lanes.metering import LaneEvent, no_meter
from fixtures.operating import WIDGET, Operator, operating, virtually

READY = Outcome([Condition("Ready", "True", "Done")], requeue_after=30)


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(spans: InMemorySpanExporter) -> Iterator[Traces]:
    tracing = Tracing(spans, SystemClock(), service="tests", at_once=True)
    yield Traces(tracing)
    tracing.close()


class Answering:
    """Implements `contracts.transport.Transport`."""

    def __init__(self, status: int) -> None:
        self._status = status

    async def request(self, request: Request) -> Response:
        if not self._status:
            raise TransportError("nobody listens")
        return Response(self._status, b"{}")


def _attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


async def _reconcile(traces: Traces, ends: Outcome | Exception) -> None:
    """Once, on an operator of a toy kind."""

    async def reconcile(resource: Resource) -> Outcome:
        if isinstance(ends, Exception):
            raise ends
        return ends

    async with operating() as operator:
        operator.start(traces.controller(Controller(WIDGET, reconcile)))
        await operator.make("one", size=1)
        await _until_done(operator)


async def _until_done(operator: Operator) -> None:
    await operator.clock.sleep(0.3)


@pytest.mark.parametrize(
    ("ends", "outcome", "failure"),
    [
        (READY, "requeue_after", ""),
        (Outcome([Condition("Ready", "True", "Done")]), "success", ""),
        (Waiting("NotYet", "it is not there"), "waiting", ""),
        (Conflict("somebody else wrote"), "conflict", ""),
        (Refused("Wrong", "it cannot be"), "refused", "Wrong"),
        (DbaasError("broken", reason="Broken"), "error", "Broken"),
        (ValueError("hunter2"), "error", "ValueError"),
    ],
)
def test_each_reconcile_is_a_span_that_says_how_it_ended(
    traces: Traces, spans: InMemorySpanExporter, ends: Outcome | Exception, outcome: str, failure: str
) -> None:
    virtually(_reconcile)(traces, ends)
    span = spans.get_finished_spans()[0]
    told = _attributes(span)
    assert span.name == "reconcile Widget"
    assert (told["dbaas.kind"], told["dbaas.object"]) == ("widgets.tests.dbaas.io", "default/one")
    assert (told["dbaas.outcome"], told.get("error.type", "")) == (outcome, failure)
    assert str(told["dbaas.reconcile_id"]).startswith("widget-")
    assert (span.status.status_code is StatusCode.ERROR) == bool(failure)
    assert "hunter2" not in span.to_json()


def test_log_lines_of_a_run_carry_its_trace_and_the_next_run_has_another(
    traces: Traces, spans: InMemorySpanExporter
) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        virtually(_reconcile)(traces, DbaasError("broken", reason="Broken"))
    told = [line["trace_id"] for line in lines if line["event"] == "reconcile_failed"]
    known = [f"{span.get_span_context().trace_id:032x}" for span in spans.get_finished_spans()]
    assert told
    assert told == known[: len(told)]
    assert len(set(known)) == len(known)


@pytest.mark.parametrize(("status", "failure"), [(200, ""), (409, "409"), (0, "Unreachable")])
async def test_a_request_within_a_reconcile_is_a_span_without_what_it_carries(
    spans: InMemorySpanExporter, status: int, failure: str
) -> None:
    tracing = Tracing(spans, SystemClock(), service="tests", at_once=True)
    transport = Traces(tracing).transport(Answering(status))
    request = Request("PATCH", "/api/v1/namespaces/a/secrets/b", {"q": "hunter2"}, {"h": "hunter2"}, b"hunter2")
    with tracing.span("reconcile", {}):
        try:
            assert (await transport.request(request)).status == status
        except TransportError:
            assert not status
    span = spans.get_finished_spans()[0]
    told = _attributes(span)
    assert (span.name, told["url.path"]) == ("api PATCH", "/api/v1/namespaces/a/secrets/b")
    assert told.get("http.response.status_code", 0) == status
    assert told.get("error.type", "") == failure
    assert "hunter2" not in span.to_json()


async def test_watches_and_leases_are_no_traces(traces: Traces, spans: InMemorySpanExporter) -> None:
    await traces.transport(Answering(200)).request(Request("GET", "/api/v1/secrets", {}, {}, b""))
    traces.meter(no_meter)(LaneEvent("default/main", "observe", 0.1))
    assert spans.get_finished_spans() == ()


def test_work_on_a_server_is_told_by_its_size(spans: InMemorySpanExporter) -> None:
    tracing = Tracing(spans, SystemClock(), service="tests", at_once=True)
    heard: list[LaneEvent] = []
    meter = Traces(tracing).meter(heard.append)
    events: Sequence[LaneEvent] = [
        LaneEvent("default/main", "execute", 0.5, 3, "Denied", "basalt"),
        LaneEvent("default/main", "open"),
    ]
    with tracing.span("reconcile", {}):
        for event in events:
            meter(event)
    assert heard == events
    span, _ = spans.get_finished_spans()
    assert span.name == "server execute"
    assert _attributes(span) == {
        "db.system.name": "basalt", "dbaas.server": "default/main", "dbaas.count": 3, "error.type": "Denied",
    }  # fmt: skip


async def test_without_traces_every_part_stays_what_it_is() -> None:
    async def reconcile(resource: Resource) -> Outcome:
        return READY

    off, transport, controller = open_traces({}, SystemClock()), Answering(200), Controller(WIDGET, reconcile)
    assert off.transport(transport) is transport
    assert off.controller(controller) is controller
    assert off.meter(no_meter) is no_meter
    await off.close()


def test_traces_that_cannot_be_sent_are_said_once_and_the_work_goes_on() -> None:
    with capture_logs() as lines:
        off = open_traces({"OTEL_TRACES_EXPORTER": "pigeon"}, SystemClock())
    assert [line["event"] for line in lines] == ["traces_not_sent"]
    assert off.meter(no_meter) is no_meter
