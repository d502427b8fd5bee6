"""Whether an operation may begin: in order of creation, alone where it must be, on a cluster that is as it needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbaas.api.operation import OPS_REQUEST
from dbaas.api.resource import Resource, is_paused
from dbaas.contracts.client import Client
from dbaas.contracts.operation import Operation
from dbaas.contracts.reconcile import Waiting
from dbaas.controllers.conditions import is_ready, ready_message
from dbaas.controllers.operation.record import dump_status, note_turn
from dbaas.controllers.operation.request import Request, queue_token, read_request


class Turn:
    """Asks for one operation after another."""

    def __init__(self, client: Client, operations: Mapping[str, Operation]) -> None:
        self._client = client
        self._operations = operations

    async def wait_for(self, request: Request) -> None:
        """Raises Waiting while another one of its cluster is before it. Asks the API: a cache may be a moment old."""
        token = queue_token(request.resource)
        others = await self._client.list(OPS_REQUEST, namespace=request.key.namespace, token=token, fresh=True)
        for other in (read_request(each, self._operations) for each in others):
            if other.uid != request.uid and (why := explain_order(request, other)):
                raise wait(request, "Queued", why)

    async def find_later(self, request: Request) -> Sequence[Request]:
        """Those of its cluster that have changed something after it did."""
        token = queue_token(request.resource)
        others = await self._client.list(OPS_REQUEST, namespace=request.key.namespace, token=token)
        found = (read_request(each, self._operations) for each in others if each.metadata.uid != request.uid)
        generation = request.status.cluster_generation or 0
        return [each for each in found if (each.status.cluster_generation or 0) >= generation and each.has_changed]


def explain_order(request: Request, other: Request) -> str:
    """Why one waits for another; empty where it need not.

    While one has begun and not noted that its change was made, no other changes anything: the mark on the cluster by
    which it finds out tells of the last change alone.
    """
    if other.is_finished or other.resource.metadata.is_deleting:
        return ""
    if other.has_begun and not other.has_changed:
        return f"OpsRequest {other.key.name!r} is changing the cluster's spec"
    if request.excludes(other) and (other.has_begun or other.is_before(request)):
        word = "goes on" if other.has_begun else "is before it"
        return f"OpsRequest {other.key.name!r} ({other.spec.type}) {word}"
    return ""


def require_well(request: Request, cluster: Resource) -> None:
    """Raises Waiting where nothing would happen, or where it needs a cluster that serves."""
    if is_paused(cluster):
        raise wait(request, "ClusterPaused", f"DatabaseCluster {cluster.key.name!r} is paused by its annotation")
    needs = request.operation is not None and request.operation.waits_for_ready
    if needs and not request.spec.force and not is_ready(cluster):
        why = ready_message(cluster) or "nothing has looked at it yet"
        raise wait(
            request, "ClusterNotReady",
            f"DatabaseCluster {cluster.key.name!r} is not Ready: {why}; to begin all the same, make an OpsRequest with "
            "spec.force",
        )  # fmt: skip


def wait(request: Request, reason: str, message: str, requeue_after: float | None = None) -> Waiting:
    """With its place in the queue noted."""
    return Waiting(reason, message, requeue_after=requeue_after, status=dump_status(note_turn(request)))
