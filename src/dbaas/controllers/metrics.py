"""What controllers count about things inside servers; no label of a counter names a single object."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from dbaas.api.resource import Key

OPERATIONS = ("apply", "correct", "delete")
STATUSES = ("success", "failure")
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Operation(NamedTuple):
    """What was done to a thing inside a server: `noun` is what people call the thing."""

    noun: str
    operation: str
    engine: str


class ControllerCounts:
    """Counters in the registry that is given; each process has one of these.

    Of the `nouns` and `engines` that are named the counters are there from the start, with zero.
    """

    def __init__(self, registry: CollectorRegistry, nouns: Iterable[str] = (), engines: Iterable[str] = ()) -> None:
        self._registry = registry
        self._operations: dict[str, tuple[Counter, Histogram]] = {}
        self._drift = Counter(
            "dbaas_drift_detections", "Differences that were not our own changes.", ["kind", "engine"],
            registry=registry,
        )  # fmt: skip
        self._corrections = Counter(
            "dbaas_drift_corrections", "Differences that were put right, or could not be.",
            ["kind", "engine", "status"], registry=registry,
        )  # fmt: skip
        self._passes = Histogram(
            "dbaas_drift_pass_seconds", "Time of one drift pass over a server.", registry=registry, buckets=_SECONDS
        )
        self._scans = Counter(
            "dbaas_discovery_scans", "Looks at what there is on a server.", ["engine", "status"], registry=registry
        )
        self._adoptions = Counter(
            "dbaas_adoptions", "Objects made for what was found on a server.", ["kind"], registry=registry
        )
        self._checked = Gauge(
            "dbaas_instance_last_health_check_timestamp_seconds", "When a server was last asked how it is.",
            ["namespace", "server"], registry=registry,
        )  # fmt: skip
        known = [*dict.fromkeys(engines)]
        for noun in dict.fromkeys(nouns):
            counter, _ = self._find(noun)
            for operation, engine, status in product(OPERATIONS, known, STATUSES):
                counter.labels(operation, engine, status)
        for engine, status in product(known, STATUSES):
            self._scans.labels(engine, status)

    def count_operation(self, done: Operation, seconds: float, *, succeeded: bool) -> None:
        counter, histogram = self._find(done.noun)
        counter.labels(done.operation, done.engine, _status(succeeded)).inc()
        histogram.labels(done.operation, done.engine).observe(seconds)

    def count_drift(self, kind: str, engine: str) -> None:
        self._drift.labels(kind, engine).inc()

    def count_correction(self, kind: str, engine: str, *, succeeded: bool) -> None:
        self._corrections.labels(kind, engine, _status(succeeded)).inc()

    def time_pass(self, seconds: float) -> None:
        self._passes.observe(seconds)

    def count_scan(self, engine: str, *, succeeded: bool) -> None:
        self._scans.labels(engine, _status(succeeded)).inc()

    def count_adoption(self, kind: str) -> None:
        self._adoptions.labels(kind).inc()

    def note_health_check(self, server: Key, timestamp: float) -> None:
        """Whatever the answer was."""
        self._checked.labels(server.namespace, server.name).set(timestamp)

    def forget(self, server: Key) -> None:
        """For a server that is gone."""
        self._checked.labels(server.namespace, server.name)  # one that is not there cannot be removed
        self._checked.remove(server.namespace, server.name)

    def _find(self, noun: str) -> tuple[Counter, Histogram]:
        if noun not in self._operations:
            self._operations[noun] = (
                Counter(
                    f"dbaas_{noun}_operations", f"Attempts to apply, correct or delete a {noun} inside a server.",
                    ["operation", "engine", "status"], registry=self._registry,
                ),
                Histogram(
                    f"dbaas_{noun}_operation_duration_seconds", f"How long the statements about a {noun} took.",
                    ["operation", "engine"], registry=self._registry, buckets=_SECONDS,
                ),
            )  # fmt: skip
        return self._operations[noun]


def _status(succeeded: bool) -> str:
    return STATUSES[0] if succeeded else STATUSES[1]
