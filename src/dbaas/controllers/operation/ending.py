"""The end of an operation: told once, said again as often as somebody looks, and forgotten when its time has come."""

from __future__ import annotations

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.operation import OPS_REQUEST, OpsRequestStatus
from dbaas.contracts.client import Client, EventType
from dbaas.contracts.reconcile import Outcome
from dbaas.controllers.operation import record
from dbaas.controllers.operation.record import End
from dbaas.controllers.operation.request import Request
from dbaas.controllers.operation.turn import Turn
from dbaas.controllers.operation.watching import describe_undone, find_undone
from dbaas.core.clock import Clock, format_time, parse_time

SHORTEST_SECONDS = 1.0
STRETCH = 1.1  # by so much the runtime may stretch a pause


class Ended(Exception):
    """An operation has come to its end. `reason` is that of its `Ready`, `message` a sentence for people."""

    def __init__(self, request: Request, end: End, reason: str, message: str) -> None:
        super().__init__(message)
        self.request, self.end, self.reason, self.message = request, end, reason, message


class Endings:
    """Ends one operation after another."""

    def __init__(self, client: Client, clock: Clock, turn: Turn) -> None:
        self._client = client
        self._clock = clock
        self._turn = turn

    async def end(self, ended: Ended) -> Outcome:
        """Tells of it, also beside the cluster that it is about."""
        request, message = ended.request, ended.message
        status = record.note_end(request.status, ended.end, message, format_time(self._clock.now()))
        type_: EventType = "Normal" if ended.end == "Succeeded" else "Warning"
        self._client.event(request.resource, type_, f"Operation{ended.end}", message)
        cluster = await self._client.get(DATABASE_CLUSTER, request.cluster)
        if cluster is not None and request.status.cluster_uid == cluster.metadata.uid:
            note = f"OpsRequest {request.key.name!r}: {message}"
            self._client.event(cluster, type_, f"Operation{ended.end}", note)
        again = self._find_rest(request, status.completion_time)
        return record.build_end(status, ended.end, ended.reason, message, again)

    async def retire(self, request: Request) -> Outcome:
        """Deletes it when its time has come, and tells meanwhile where somebody undoes what it has done."""
        rest = self._find_rest(request, request.status.completion_time)
        if rest == 0 and not request.resource.metadata.is_deleting:
            await self._client.delete(OPS_REQUEST, request.key, uid=request.uid)
            return Outcome(gone=True)
        status = request.status
        if record.has_succeeded(request) and not status.undone:
            status = await self._look_after(request)
        return record.repeat_end(request, status, rest or None)

    async def _look_after(self, request: Request) -> OpsRequestStatus:
        cluster = await self._client.get(DATABASE_CLUSTER, request.cluster)
        if cluster is None:
            return request.status
        undone = find_undone(request, cluster, await self._turn.find_later(request))
        if undone:
            note = describe_undone(request, undone)
            self._client.event(cluster, "Warning", "OperationUndone", note)
            self._client.event(request.resource, "Warning", "OperationUndone", note)
        return request.status.model_copy(update={"undone": undone})

    def _find_rest(self, request: Request, ended: str | None) -> float | None:
        """Seconds until it may go; None where it stays. A little early, because a pause may be stretched."""
        after = request.spec.ttl_seconds_after_finished
        if after is None or ended is None:
            return None
        left = after - (self._clock.now() - parse_time(ended)).total_seconds()
        return 0 if left <= 0 else max(SHORTEST_SECONDS, left / STRETCH)
