"""Reconciles an OpsRequest: its turn, the note, the change, the cluster's answer, its end."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.operation import ANNOTATION_OPERATION, OPERATION_MANAGER, OPS_REQUEST
from dbaas.api.resource import Resource
from dbaas.contracts.client import Invalid, NotFound
from dbaas.contracts.operation import ClusterState, complete_change
from dbaas.contracts.reconcile import Condition, Controller, Outcome, Refused
from dbaas.controllers.conditions import READY
from dbaas.controllers.finalizers import hold, let_go
from dbaas.controllers.operation import record
from dbaas.controllers.operation.acting import LOOK_SECONDS, Actions
from dbaas.controllers.operation.customs import Customs
from dbaas.controllers.operation.ending import SHORTEST_SECONDS, Ended, Endings
from dbaas.controllers.operation.noting import write_note
from dbaas.controllers.operation.record import dump_status
from dbaas.controllers.operation.request import Request, cluster_token, queue_token, read_request
from dbaas.controllers.operation.runs import Runs
from dbaas.controllers.operation.turn import Turn, require_well, wait
from dbaas.controllers.refusing import refuse_invalid
from dbaas.controllers.surroundings import Surroundings
from dbaas.core.clock import format_time, parse_time

PATIENCE_SECONDS = 60.0  # a cluster that was made together with its operation is there by then


class OperationController:
    """One for all operations."""

    def __init__(self, surroundings: Surroundings) -> None:
        client, registry = surroundings.client, surroundings.registry
        self._client = client
        self._operations = registry.operations
        self._admission = surroundings.admission
        self._clock = surroundings.clock
        self._actions = Actions(client, registry)
        self._runs = Runs()
        self._customs = Customs(surroundings, self._runs)
        self._turn = Turn(client, registry.operations)
        self._endings = Endings(client, self._clock, self._turn)

    def build(self) -> Controller:
        """The controller for the runtime."""
        return Controller(OPS_REQUEST, self.reconcile, references=_refer, provides=_provide, beside=self._runs.keep)

    async def reconcile(self, resource: Resource) -> Outcome:
        """Raises Waiting while its turn has not come."""
        request = read_request(resource, self._operations)
        if request.is_finished:
            await let_go(self._client, resource)
            return await self._endings.retire(request)
        try:
            await self._require_wanted(request)
            if not request.has_begun:
                request = await self._begin(request)
            if request.runs:
                return await self._customs.advance(request, await self._find_cluster(request))
            if request.acts:
                return await self._act(request)
            if not request.has_changed:
                request = await self._change(request)
            return await self._follow(request)
        except Ended as ended:
            return await self._end(ended)

    async def _end(self, ended: Ended) -> Outcome:
        """What it has asked for, and what goes on, ends with it."""
        if ended.request.has_begun and ended.end != "Succeeded":
            if ended.request.runs:
                ended = await self._customs.close(ended)
            else:
                await self._actions.withdraw(ended.request)
        await let_go(self._client, ended.request.resource)
        return await self._endings.end(ended)

    async def _require_wanted(self, request: Request) -> None:
        is_deleting = request.resource.metadata.is_deleting
        if not request.spec.cancel and not is_deleting:
            return
        if request.has_begun and not request.has_changed:
            cluster = await self._find_cluster(request, fresh=True)
            if request.acts:
                has_changed = await self._actions.has_begun(request, cluster)
            else:
                has_changed = cluster.metadata.annotations.get(ANNOTATION_OPERATION) == request.uid
            if has_changed:
                request = await self._note_change(request, cluster)
        text = f"it {'is being deleted' if is_deleting else 'was cancelled'}; {_way_back(request)}"
        raise Ended(request, "Cancelled", record.CANCELLED, text)

    async def _begin(self, request: Request) -> Request:
        """Notes what the fields are. Raises Waiting, and WriteConflict where somebody has changed the request."""
        await self._find_cluster(request)
        await self._turn.wait_for(request)
        cluster = await self._find_cluster(request, fresh=True)
        try:
            await refuse_invalid(self._admission, request.resource)
        except Refused as refused:
            raise Ended(request, "Failed", "OperationRefused", refused.message) from refused
        if request.operation is not None and request.operation.needs_running and record.is_stopped(cluster):
            text = f"DatabaseCluster {cluster.key.name!r} is stopped: start it first, and make another OpsRequest"
            raise Ended(request, "Failed", "ClusterStopped", text)
        require_well(request, cluster)
        noted = await self._note_beginning(request, cluster)
        note = f"{request.spec.type} of DatabaseCluster {cluster.key.name!r} begins"
        self._client.event(request.resource, "Normal", "OperationStarted", note)
        return noted

    async def _note_beginning(self, request: Request, cluster: Resource) -> Request:
        """What runs statements is held from then on: its deletion ends what goes on."""
        if not request.runs:
            status = record.note_beginning(request, cluster, self._now())
            return await write_note(self._client, request, status, request.resource.metadata.resourceVersion)
        try:
            script = await self._customs.find_script(request, cluster)
        except Refused as refused:
            raise Ended(request, "Failed", "OperationRefused", refused.message) from refused
        held = await hold(self._client, request.resource)
        request = Request(held, request.spec, request.status, request.operation)
        status = record.note_script(request, cluster, [step.name for step in script.steps], script.digest, self._now())
        return await write_note(self._client, request, status, held.metadata.resourceVersion)

    async def _act(self, request: Request) -> Outcome:
        """Lets the provider go on with it. What it has begun is noted, and is in the API all the same."""
        cluster = await self._find_cluster(request, fresh=True)
        try:
            move = await self._actions.advance(request, cluster)
        except Refused as refused:
            raise Ended(request, "Failed", refused.reason, refused.message) from refused
        if (move.writes or move.has_begun) and not request.has_changed:
            request = await self._note_change(request, cluster)
        if move.is_done:
            return await self._follow(request)
        self._require_time(request, move.waits)
        return _go_on(request, self._clock.now(), "Running", move.waits)

    async def _change(self, request: Request) -> Request:
        """Changes the spec, if no earlier life of ours has: the mark is written by the same write.

        Raises WriteConflict where somebody has written to the cluster in between.
        """
        cluster = await self._find_cluster(request, fresh=True)
        if cluster.metadata.annotations.get(ANNOTATION_OPERATION) != request.uid:
            self._require_time(request, "its change could not be made")
            cluster = await self._write(request, cluster)
        return await self._note_change(request, cluster)

    async def _write(self, request: Request, cluster: Resource) -> Resource:
        """A merge patch: an apply would take away what earlier operations have stated and this one does not."""
        patch = {
            "metadata": {"annotations": {ANNOTATION_OPERATION: request.uid}},
            "spec": complete_change(cluster.spec, request.change),
        }
        key, version = cluster.key, cluster.metadata.resourceVersion
        try:
            return await self._client.patch(DATABASE_CLUSTER, key, patch, version=version, manager=OPERATION_MANAGER)
        except Invalid as error:
            text = f"DatabaseCluster {key.name!r} was not changed: {error.message}"
            raise Ended(request, "Failed", "ChangeRefused", text) from error
        except NotFound as error:
            raise Ended(request, "Failed", "ClusterDeleted", _deleted(request)) from error

    async def _follow(self, request: Request) -> Outcome:
        """Whether the cluster has become what was asked for."""
        assert request.operation is not None and request.status.cluster_generation is not None
        cluster = await self._find_cluster(request)
        name = f"DatabaseCluster {cluster.key.name!r}"
        state = record.read_state(cluster, request.status.cluster_generation)
        if state.is_current and state.waits and request.operation.minds_windows:
            return _await_window(request, state, self._clock.now())
        if state.is_current and request.operation.has_succeeded(state):
            raise Ended(request, "Succeeded", record.SUCCEEDED, f"{request.spec.type} of {name} is done")
        if state.is_current and (state.is_stalled or state.reason in request.operation.hopeless):
            text = f"{name} cannot become what was asked for: {state.message}; {_way_back(request)}"
            raise Ended(request, "Failed", state.reason or "ClusterStalled", text)
        why = state.message if state.is_current else "its controller has not looked at the change yet"
        self._require_time(request, f"{name} is not as it should be: {why}")
        return _go_on(request, self._clock.now(), "Running", f"{name}: {why}")

    def _require_time(self, request: Request, why: str) -> None:
        if request.is_overdue(self._clock.now()):
            text = f"it was not done within {request.spec.timeout}: {why}; {_way_back(request)}"
            raise Ended(request, "Failed", "TimedOut", text)

    async def _find_cluster(self, request: Request, *, fresh: bool = False) -> Resource:
        """The very one that it began with. Raises Waiting where it may still come."""
        cluster = await self._client.get(DATABASE_CLUSTER, request.cluster, fresh=fresh)
        began_with = request.status.cluster_uid
        if cluster is not None and not cluster.metadata.is_deleting and began_with in (None, cluster.metadata.uid):
            return cluster
        if began_with is not None or cluster is not None:
            raise Ended(request, "Failed", "ClusterDeleted", _deleted(request))
        created = parse_time(request.resource.metadata.creationTimestamp)
        left = PATIENCE_SECONDS - (self._clock.now() - created).total_seconds()
        message = f"there is no DatabaseCluster {request.cluster.name!r}"
        if left <= 0:
            text = f"{message}: make it first, and then another OpsRequest"
            raise Ended(request, "Failed", "ClusterNotFound", text)
        raise wait(request, "ClusterNotFound", message, max(SHORTEST_SECONDS, left))

    async def _note_change(self, request: Request, cluster: Resource) -> Request:
        generation = cluster.metadata.generation
        status = record.note_change(request.status, generation, self._now(), acts=request.acts)
        return await write_note(self._client, request, status)

    def _now(self) -> str:
        return format_time(self._clock.now())


def _await_window(request: Request, state: ClusterState, now: datetime) -> Outcome:
    """However long that takes."""
    waiting = Request(request.resource, request.spec, record.note_wait(request.status, state), request.operation)
    return _go_on(waiting, now, "WindowAwaited", state.waits)


def _go_on(request: Request, now: datetime, reason: str, message: str) -> Outcome:
    """Called again when its time is over, and before that where not all that it waits for wakes it."""
    most_seconds = LOOK_SECONDS if request.acts else math.inf
    return Outcome(
        conditions=(Condition(READY, "False", reason, message),),
        status=dump_status(request.status),
        phase="Running",
        requeue_after=min(most_seconds, max(SHORTEST_SECONDS, request.remaining_seconds(now))),
    )


def _refer(resource: Resource) -> Iterable[str]:
    """Its cluster; until it has ended also the others of that cluster."""
    yield cluster_token(resource)
    if not resource.status.get("completionTime"):
        yield queue_token(resource)


def _provide(resource: Resource) -> Iterable[str]:
    yield queue_token(resource)


def _deleted(request: Request) -> str:
    return f"DatabaseCluster {request.cluster.name!r} was deleted meanwhile"


def _way_back(request: Request) -> str:
    if not request.has_changed:
        return "nothing was changed"
    if request.runs:
        return "no more statements are sent"
    if request.acts:
        return "what has begun goes on"
    return "what it has changed stays, and status.previous has what was there before"
