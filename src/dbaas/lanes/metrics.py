"""What lanes count, for Prometheus: connections, questions and statements by engine, never by server."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram

from dbaas.lanes.metering import LaneEvent

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SUCCESS, FAILURE = "success", "failure"


class LaneMetrics:
    """A meter for `ServerLanes`, in the registry that is given. Of `engines` there are series from the start."""

    def __init__(self, registry: CollectorRegistry, engines: Iterable[str] = ()) -> None:
        self._attempts = Counter(
            "dbaas_connection_attempts", "Attempts to log in to a server.", ["engine", "status"], registry=registry
        )
        self._latency = Histogram(
            "dbaas_connection_latency_seconds", "How long it took to log in to a server, or to fail.", ["engine"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._work = Histogram(
            "dbaas_server_request_duration_seconds", "How long servers took to answer questions and statements.",
            ["engine", "work"], buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._statements = Counter(
            "dbaas_statements", "Statements that were sent to servers.", ["engine", "status"], registry=registry
        )
        self._opened = Counter(
            "dbaas_circuits_opened", "Times that a server was found away, and left alone but for probes.",
            ["engine", "reason"], registry=registry,
        )  # fmt: skip
        for engine in engines:
            self._latency.labels(engine)
            for status in (SUCCESS, FAILURE):
                self._attempts.labels(engine, status)
                self._statements.labels(engine, status)

    def __call__(self, event: LaneEvent) -> None:
        status = FAILURE if event.failure else SUCCESS
        match event.work:
            case "connect":
                self._attempts.labels(event.engine, status).inc()
                self._latency.labels(event.engine).observe(event.seconds)
            case "open":
                self._opened.labels(event.engine, event.failure).inc()
            case "observe" | "execute":
                self._work.labels(event.engine, event.work).observe(event.seconds)
                if event.work == "execute":
                    self._statements.labels(event.engine, status).inc(event.count)
            case "close":
                pass
