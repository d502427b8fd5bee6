"""Metrics for Prometheus and the two health questions of Kubernetes, over HTTP.

`/livez` (and `/healthz`, its older name) asks whether a restart would help, `/readyz` whether to count on us now; both
name what is wrong.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dbaas.core.clock import LoopClock
from dbaas.core.errors import DbaasError

Problems = Callable[[], Sequence[str]]
Answer = Callable[[web.Request], Awaitable[web.Response]]


class PortInUse(DbaasError):
    """Somebody else listens there."""

    reason = "PortInUse"


class MetricsServer:
    """Listens from the moment it is made by `serve_metrics` until `close`."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        self.port = port
        self._runner = runner

    async def close(self) -> None:
        await self._runner.cleanup()


async def serve_metrics(
    registry: CollectorRegistry, unhealthy: Problems, unready: Problems, *, host: str = "127.0.0.1", port: int = 0
) -> MetricsServer:
    """Port 0 takes a free one, an empty host all addresses. Raises PortInUse."""
    app = web.Application()
    app.router.add_get("/metrics", _answer_metrics(registry))
    for path in ("/livez", "/healthz"):
        app.router.add_get(path, _answer_health(unhealthy))
    app.router.add_get("/readyz", _answer_health(unready))
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host or None, port).start()
    except OSError as error:
        await runner.cleanup()
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortInUse(f"cannot serve metrics on {host}:{port}: the port is in use") from error
    return MetricsServer(runner, runner.addresses[0][1])


def describe_process(registry: CollectorRegistry) -> None:
    """What this process is and what it takes of its machine, under the names that all programs use.

    From here on no series of this process is doubled by one that says when it was made.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]
    ProcessCollector(registry=registry)
    build = Gauge("dbaas_build_info", "1; which version runs.", ["version"], registry=registry)
    build.labels(version("dbaas")).set(1)


def _answer_metrics(registry: CollectorRegistry) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        text, clock = bytearray(), LoopClock()
        for metric in registry.collect():
            text += generate_latest(_Only(metric))
            await clock.sleep(0)  # thousands of series of a large fleet must not hold up the loop in one piece
        return web.Response(body=bytes(text), headers={"content-type": CONTENT_TYPE_LATEST})

    return answer


@dataclass(frozen=True)
class _Only(Collector):
    """A registry with one metric, which it has collected already."""

    metric: Metric

    def collect(self) -> Iterable[Metric]:
        return (self.metric,)


def _answer_health(problems: Problems) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        found = problems()
        return web.Response(status=503, text="\n".join(found)) if found else web.Response(text="ok")

    return answer
