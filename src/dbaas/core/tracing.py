"""Traces by OpenTelemetry, set up by the environment variables that are usual for it (OTEL_*).

The library is an extra and loaded only where traces are asked for. Nothing is recorded of an error but its reason and
message, which are made for people: what a stack holds is nobody's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

Value = str | int | float | bool
SERVICE_NAME = "OTEL_SERVICE_NAME"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_NANOSECONDS = 1_000_000_000
_EXPORTERS = "opentelemetry_traces_exporter"


class TracesNotSent(DbaasError):
    """Traces are asked for, and what sends them is not installed."""

    reason = "TracesNotSent"


class Tracing:
    """Spans of this process. `exporter` gets them, in batches unless they are wanted `at_once`."""

    def __init__(self, exporter: SpanExporter, clock: Clock, *, service: str, at_once: bool = False) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

        resource = Resource.create({"service.name": service})  # what the environment says of it counts more
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor((SimpleSpanProcessor if at_once else BatchSpanProcessor)(exporter))
        self._tracer = self._provider.get_tracer("dbaas")
        self._clock = clock

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Value], *, client: bool = False) -> Iterator[TracedWork]:
        """Around work; spans that begin within it are its children. Errors pass through and are told in it."""
        from opentelemetry.trace import SpanKind

        kind = SpanKind.CLIENT if client else SpanKind.INTERNAL
        with self._tracer.start_as_current_span(
            name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            yield TracedWork(span)

    def record(self, name: str, seconds: float, attributes: Mapping[str, Value], failure: str = "") -> None:
        """Work that has just ended, within the span that is current."""
        from opentelemetry.trace import SpanKind

        end = int(self._clock.now().timestamp() * _NANOSECONDS)
        begin = end - int(seconds * _NANOSECONDS)
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes, start_time=begin)
        if failure:
            TracedWork(span).fail(failure)
        span.end(end)

    def is_inside(self) -> bool:
        """Whether there is a span around this that is recorded."""
        from opentelemetry.trace import get_current_span

        return get_current_span().is_recording()

    def close(self) -> None:
        """Sends what is left; waits for that as long as OTEL_BSP_EXPORT_TIMEOUT says."""
        self._provider.shutdown()


class TracedWork:
    """What is told of a span while it lasts."""

    def __init__(self, span: Span) -> None:
        self._span = span

    @property
    def ids(self) -> Mapping[str, str]:
        """Of trace and span, as other tools write them: to find a log line by."""
        context = self._span.get_span_context()
        return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}

    def tell(self, attributes: Mapping[str, Value]) -> None:
        self._span.set_attributes(attributes)

    def fail(self, reason: str, message: str = "") -> None:
        from opentelemetry.trace import Status, StatusCode

        self._span.set_attribute("error.type", reason)
        self._span.set_status(Status(StatusCode.ERROR, message or None))


def open_tracing(environment: Mapping[str, str], clock: Clock, service: str) -> Tracing | None:
    """None where the environment asks for no traces. Raises TracesNotSent."""
    name = find_exporter(environment)
    if not name:
        return None
    try:
        import opentelemetry.sdk.trace  # noqa: F401
    except ImportError as error:
        raise TracesNotSent("cannot send traces: install the extra otel (dbaas[otel])") from error
    found = list(entry_points(group=_EXPORTERS, name=name))
    if not found:
        there = ", ".join(sorted(each.name for each in entry_points(group=_EXPORTERS))) or "none"
        raise TracesNotSent(f"cannot send traces: no exporter is called {name!r}; there are: {there}")
    exporter: Any = found[0].load()
    return Tracing(exporter(), clock, service=environment.get(SERVICE_NAME) or service)


def find_exporter(environment: Mapping[str, str]) -> str:
    """The name under which it is installed; empty where no traces are asked for.

    Unlike OpenTelemetry's own setup, which sends to this machine where nothing is said, somebody must ask.
    """
    wanted = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or wanted == "none":
        return ""
    if not wanted and not any(environment.get(name) for name in ENDPOINTS):
        return ""
    if wanted and wanted != "otlp":
        return wanted
    protocol = next(filter(None, (environment.get(name) for name in PROTOCOLS)), "http/protobuf")
    return "otlp_proto_grpc" if protocol == "grpc" else "otlp_proto_http"
