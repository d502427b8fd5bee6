"""What the runtime counts, under the names that controller-runtime and client-go have made usual.

No label names an object: the number of series does not grow with the fleet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dbaas.contracts.transport import Request, Response, Transport, TransportError
from dbaas.runtime.cache import Cache
from dbaas.runtime.fleet import FleetCollector
from dbaas.runtime.queue import Queue
from dbaas.runtime.reflector import Progress

SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
RESULTS = ("success", "requeue_after", "waiting", "refused", "conflict", "error")


class Measured(Protocol):
    """What is read when somebody scrapes."""

    def queues(self) -> Sequence[tuple[str, int, Queue]]:
        """Name, number of workers and queue of each controller."""
        ...

    def reflectors(self) -> Sequence[tuple[Cache, Progress]]: ...

    def fleets(self) -> Sequence[Cache]:
        """Of the kinds that have a controller."""
        ...

    def dropped_events(self) -> int: ...


class ControllerMetrics:
    """Of one controller; every series exists from the start with value zero."""

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._totals = {result: metrics.reconciles.labels(name, result) for result in RESULTS}
        self._errors = metrics.reconcile_errors.labels(name)
        self._refusals = metrics.terminal_errors.labels(name)
        self._seconds = metrics.reconcile_seconds.labels(name)
        self._waited = metrics.queue_seconds.labels(name, name)
        self._worked = metrics.work_seconds.labels(name, name)

    def record(self, result: str, waited_seconds: float, seconds: float) -> None:
        self._totals[result].inc()
        if result == "error":
            self._errors.inc()
        elif result == "refused":
            self._refusals.inc()
        self._seconds.observe(seconds)
        self._waited.observe(waited_seconds)
        self._worked.observe(seconds)


class Metrics:
    """Registers itself in the registry that is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        prefix = "controller_runtime_reconcile"
        self.reconciles = Counter(
            f"{prefix}_total", "Reconciles by controller and result.", ["controller", "result"], registry=registry
        )
        self.reconcile_errors = Counter(
            f"{prefix}_errors_total", "Reconciles that ended in an error.", ["controller"], registry=registry
        )
        self.terminal_errors = Counter(
            "controller_runtime_terminal_reconcile_errors_total", "Reconciles that are not tried again.",
            ["controller"], registry=registry,
        )  # fmt: skip
        self.reconcile_seconds = Histogram(
            f"{prefix}_time_seconds", "Duration of a reconcile.", ["controller"], buckets=SECONDS, registry=registry
        )
        self.queue_seconds = Histogram(
            "workqueue_queue_duration_seconds", "How long a key waited for a worker.", ["name", "controller"],
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.work_seconds = Histogram(
            "workqueue_work_duration_seconds", "How long a worker had a key.", ["name", "controller"],
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.requests = Counter(
            "rest_client_requests_total", "Requests to the API server.", ["code", "method"], registry=registry
        )

    def controller(self, name: str) -> ControllerMetrics:
        return ControllerMetrics(self, name)

    def watch(self, measured: Measured) -> None:
        """What is counted elsewhere is read from there at each scrape."""
        self._registry.register(_ScrapeTime(measured))
        self._registry.register(FleetCollector(measured.fleets))


class MeteredTransport:
    """Counts what goes through it; `code` is `<error>` where no answer came."""

    def __init__(self, transport: Transport, metrics: Metrics) -> None:
        self._transport = transport
        self._requests = metrics.requests

    async def request(self, request: Request) -> Response:
        try:
            response = await self._transport.request(request)
        except TransportError:
            self._requests.labels("<error>", request.method).inc()
            raise
        self._requests.labels(str(response.status), request.method).inc()
        return response


class _ScrapeTime(Collector):
    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        yield from self._queues()
        yield from self._caches()
        yield CounterMetricFamily(
            "dbaas_events_dropped", "Events that were not written.", value=self._measured.dropped_events()
        )

    def _queues(self) -> Iterator[Metric]:
        of_queue, of_controller = ["name", "controller"], ["controller"]
        depth = GaugeMetricFamily("workqueue_depth", "Keys that wait for a worker.", labels=of_queue)
        adds = CounterMetricFamily("workqueue_adds", "Keys that were added.", labels=of_queue)
        retries = CounterMetricFamily("workqueue_retries", "Keys that came back after a failure.", labels=of_queue)
        longest = GaugeMetricFamily(
            "workqueue_longest_running_processor_seconds", "Age of the oldest run.", labels=of_queue
        )
        unfinished = GaugeMetricFamily("workqueue_unfinished_work_seconds", "Age of all runs.", labels=of_queue)
        active = GaugeMetricFamily("controller_runtime_active_workers", "Workers at work.", labels=of_controller)
        most = GaugeMetricFamily(
            "controller_runtime_max_concurrent_reconciles", "Workers in all.", labels=of_controller
        )
        for name, workers, queue in self._measured.queues():
            ages = queue.running_seconds()
            depth.add_metric([name, name], len(queue))
            adds.add_metric([name, name], queue.added_total)
            retries.add_metric([name, name], queue.retried_total)
            longest.add_metric([name, name], max(ages, default=0.0))
            unfinished.add_metric([name, name], sum(ages))
            active.add_metric([name], len(ages))
            most.add_metric([name], workers)
        yield from (depth, adds, retries, longest, unfinished, active, most)

    def _caches(self) -> Iterator[Metric]:
        of_kind = ["kind"]
        objects = GaugeMetricFamily("dbaas_cache_objects", "Objects in a cache.", labels=of_kind)
        sizes = GaugeMetricFamily("dbaas_cache_bytes", "Bytes of JSON in a cache.", labels=of_kind)
        lists = CounterMetricFamily("dbaas_lists", "Whole lists that were fetched.", labels=of_kind)
        watches = CounterMetricFamily("dbaas_watches", "Watches that were begun.", labels=of_kind)
        failures = CounterMetricFamily("dbaas_watch_failures", "Lists and watches that failed.", labels=of_kind)
        for cache, progress in self._measured.reflectors():
            kind = [cache.kind.resource]
            objects.add_metric(kind, len(cache.objects))
            sizes.add_metric(kind, cache.objects.size_bytes)
            lists.add_metric(kind, progress.lists)
            watches.add_metric(kind, progress.watches)
            failures.add_metric(kind, progress.failures)
        yield from (objects, sizes, lists, watches, failures)
