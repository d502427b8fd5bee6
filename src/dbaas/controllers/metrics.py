"""What controllers count about things inside servers; no label names a single object."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram


class ControllerCounts:
    """Counters in the registry that is given; each process has one of these."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._operations = Counter(
            "dbaas_operations", "Attempts to apply, correct or delete things inside servers",
            ["kind", "operation", "engine", "status"], registry=registry,
        )  # fmt: skip
        self._drift = Counter(
            "dbaas_drift_detections", "Differences that were not our own changes", ["kind", "engine"], registry=registry
        )
        self._passes = Histogram(
            "dbaas_drift_pass_seconds", "Time of one drift pass over a server", registry=registry,
            buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60),
        )  # fmt: skip

    def count_operation(self, kind: str, operation: str, engine: str, *, succeeded: bool) -> None:
        self._operations.labels(kind, operation, engine, "success" if succeeded else "failure").inc()

    def count_drift(self, kind: str, engine: str) -> None:
        self._drift.labels(kind, engine).inc()

    def time_pass(self, seconds: float) -> None:
        self._passes.observe(seconds)
