"""What of an operator is traced: each reconcile, and within it the API requests and the work on servers.

Only its size is told of SQL, never its text. What happens outside of reconciles (watches, leases) is not traced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import structlog
from structlog.contextvars import bind_contextvars, get_contextvars

from dbaas.api.resource import Resource
from dbaas.contracts.client import WriteConflict
from dbaas.contracts.reconcile import Conflict, Controller, Outcome, Reconcile, Refused, Waiting
from dbaas.contracts.transport import Request, Response, Transport
from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError
from dbaas.core.offload import ThreadOffload
from dbaas.core.tracing import TracedWork, TracesNotSent, Tracing, Value, open_tracing
from dbaas.lanes.metering import LaneEvent, Meter

log = structlog.get_logger(__name__)
RECONCILE_ID = "reconcile_id"
TRACED_WORK = ("connect", "observe", "execute")


class Traces:
    """Puts spans around parts of an operator; without `tracing` each part stays what it is, and costs nothing."""

    def __init__(self, tracing: Tracing | None) -> None:
        self._tracing = tracing

    def transport(self, transport: Transport) -> Transport:
        """Each request within a reconcile."""
        return transport if self._tracing is None else TracedTransport(transport, self._tracing)

    def controller(self, controller: Controller) -> Controller:
        """Each reconcile."""
        if self._tracing is None:
            return controller
        return replace(controller, reconcile=_TracedReconcile(controller, self._tracing))

    def meter(self, meter: Meter) -> Meter:
        """Work on a server within a reconcile, when it has ended."""
        tracing = self._tracing
        if tracing is None:
            return meter

        def listen(event: LaneEvent) -> None:
            meter(event)
            if event.work in TRACED_WORK and tracing.is_inside():
                attributes: dict[str, Value] = {
                    "db.system.name": event.engine,
                    "dbaas.server": event.lane,
                    "dbaas.count": event.count,
                }
                tracing.record(f"server {event.work}", event.seconds, attributes, event.failure)

        return listen

    async def close(self) -> None:
        """Sends what is left, for so long as the environment allows."""
        if self._tracing is not None:
            await ThreadOffload(1, "traces").run(self._tracing.close)


def open_traces(environment: Mapping[str, str], clock: Clock) -> Traces:
    """As the environment asks. Where traces are asked for and cannot be sent, that is said, and the work goes on."""
    try:
        return Traces(open_tracing(environment, clock, "dbaas-operator"))
    except TracesNotSent as error:
        log.warning("traces_not_sent", error=error.message)
        return Traces(None)


class TracedTransport:
    """Implements `contracts.transport.Transport`: a request within a reconcile is a span."""

    def __init__(self, transport: Transport, tracing: Tracing) -> None:
        self._transport = transport
        self._tracing = tracing

    async def request(self, request: Request) -> Response:
        if not self._tracing.is_inside():
            return await self._transport.request(request)
        attributes = {"http.request.method": request.method, "url.path": request.path}
        with self._tracing.span(f"api {request.method}", attributes, client=True) as work:
            try:
                response = await self._transport.request(request)
            except DbaasError as error:
                work.fail(error.reason, error.message)
                raise
            work.tell({"http.response.status_code": response.status})
            if response.status >= 400:
                work.fail(str(response.status))
            return response


class _TracedReconcile:
    """Around the reconcile of a controller."""

    def __init__(self, controller: Controller, tracing: Tracing) -> None:
        self._reconcile: Reconcile = controller.reconcile
        self._kind = controller.kind
        self._tracing = tracing

    async def __call__(self, resource: Resource, /) -> Outcome:
        attributes: dict[str, Value] = {
            "dbaas.kind": self._kind.resource,
            "dbaas.object": str(resource.key),
            "dbaas.generation": resource.metadata.generation,
            "dbaas.reconcile_id": str(get_contextvars().get(RECONCILE_ID, "")),
        }
        with self._tracing.span(f"reconcile {self._kind.kind}", attributes) as work:
            bind_contextvars(**work.ids)  # until the next run: what follows from this one is logged after it
            try:
                outcome = await self._reconcile(resource)
            except asyncio.CancelledError:
                work.tell({"dbaas.outcome": "cancelled"})
                raise
            except Exception as error:
                _tell_failure(work, error)
                raise
            result = "success" if outcome.requeue_after is None else "requeue_after"
            reason = next((each.reason for each in outcome.conditions if each.type == "Ready"), "")
            pause = outcome.requeue_after or 0.0
            work.tell({"dbaas.outcome": result, "dbaas.reason": reason, "dbaas.requeue_seconds": pause})
            return outcome


def _tell_failure(work: TracedWork, error: Exception) -> None:
    """Waiting and conflicts are no errors."""
    match error:
        case Waiting():
            work.tell({"dbaas.outcome": "waiting", "dbaas.reason": error.reason})
        case Conflict() | WriteConflict():
            work.tell({"dbaas.outcome": "conflict"})
        case Refused():
            work.tell({"dbaas.outcome": "refused"})
            work.fail(error.reason, error.message)
        case DbaasError():
            work.tell({"dbaas.outcome": "error"})
            work.fail(error.reason, error.message)
        case _:
            work.tell({"dbaas.outcome": "error"})
            work.fail(type(error).__name__)
