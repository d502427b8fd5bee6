"""Metrics for Prometheus and the two health questions of Kubernetes, over HTTP.

`/livez` (and `/healthz`, its older name) asks whether a restart would help, `/readyz` whether to count on us now; both
name what is wrong.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

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


def _answer_metrics(registry: CollectorRegistry) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return answer


def _answer_health(problems: Problems) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        found = problems()
        return web.Response(status=503, text="\n".join(found)) if found else web.Response(text="ok")

    return answer
