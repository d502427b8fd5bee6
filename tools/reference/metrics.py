"""metrics.md: the series of the metrics endpoint, read from a registry that is filled as the operator fills its own."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from dbaas.admission import RuleAdmission
from dbaas.api.resource import Key
from dbaas.app.cluster import Sources, find_cluster_registry
from dbaas.app.definitions import Definitions
from dbaas.contracts.transport import Request, Response, TransportError
from dbaas.controllers.assembly import build_controllers
from dbaas.controllers.servers import Servers
from dbaas.core.fuse import ProcessFuse
from dbaas.kube.published import Published
from dbaas.kube.verbs import RestClient
from dbaas.lanes.lanes import ServerLanes
from dbaas.lanes.metrics import LaneMetrics
from dbaas.runtime.election import Candidate, Elector
from dbaas.runtime.health import LeaderMetrics
from dbaas.runtime.manager import Manager
from dbaas.runtime.metrics import Metrics
from dbaas.runtime.watchdog import Watchdog
from dbaas.server.metrics import describe_process
from dbaas.server.webhooks import Webhooks
from reference.markdown import code, document, table

INTRODUCTION = """
Served in the Prometheus text format by the metrics endpoint: on a laptop `dbaas status` prints its address, on
Kubernetes it is port 8080 of the Service `dbaas-metrics`. Alerts and dashboards that use them:
[watch over dbaas](../how-to/watch-over-dbaas.md).

Servers and clusters are named by labels. What is inside them is counted by namespace and never named, so that tens of
thousands of objects do not become as many series; only of the largest databases each has its own. Counters have no
namespaces: those would stay for as long as the process lives. Every replica of the operator tells how the fleet is, so
queries take `max` over the replicas before they add up.
"""
Row = tuple[str, str, str, str]


class _Nowhere:
    """The way to an API for parts that are only asked what they count."""

    async def request(self, request: Request) -> Response:
        raise TransportError(f"cannot send {request.method} {request.path}: there is no API")


def page() -> str:
    rows = sorted({row for row in series() if not row[0].startswith("`process_")})
    note = "Beside these there are those of every process: `process_cpu_seconds_total`, `process_resident_memory_bytes`"
    note += ", `process_open_fds` and so on."
    return document("Metrics", INTRODUCTION, table(("Series", "Type", "Labels", "What it counts"), rows), note)


def series() -> Iterator[Row]:
    """Name, type, labels and meaning of each."""
    for collector in fill()._collector_to_names:
        if isinstance(collector, MetricWrapperBase):
            yield _row(collector._name, collector._type, collector._labelnames, collector._documentation)
        else:
            for metric in collector.collect():
                yield _row(metric.name, metric.type, getattr(metric, "_labelnames", ()), metric.documentation)


def fill() -> CollectorRegistry:
    """Everything that an operator registers."""
    collected, registry, sources = CollectorRegistry(), find_cluster_registry(), Sources()
    clock, randomness, rest = sources.clock, sources.randomness, RestClient(_Nowhere())
    describe_process(collected)
    elector = Elector(rest, Candidate(Key("", ""), ""), clock, randomness, ProcessFuse())
    collected.register(LeaderMetrics(elector, ""))
    manager = Manager(rest, clock, randomness, Metrics(collected))
    servers = Servers(manager.client, ServerLanes(clock, randomness, meter=LaneMetrics(collected, registry.engines)))
    admission = RuleAdmission(registry, manager.client.get)
    build_controllers(manager, servers, registry, sources, admission, collected)
    Watchdog(clock, collected)
    Definitions(Published(rest), registry, manager, clock, collected)
    Webhooks(admission, clock, collected)
    return collected


def _row(name: str, kind: str, labels: tuple[str, ...], says: str) -> Row:
    series_name = f"{name}_total" if kind == "counter" else name
    return code(series_name), kind, ", ".join(map(code, labels)), says
