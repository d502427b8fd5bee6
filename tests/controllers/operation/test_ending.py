"""How long an operation is kept after its end, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from controllers.make import with_conditions
from controllers.operation.make import CHANGED, ENDED, cluster, request
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.operation import ANNOTATION_OPERATION, OPS_REQUEST
from dbaas.controllers.operation.ending import Ended, Endings
from dbaas.controllers.operation.request import Request
from dbaas.controllers.operation.turn import Turn
from dbaas.core.clock import LoopClock
from fixtures.clients import FakeClient
from fixtures.operating import virtually
from fixtures.operations import OPERATIONS


def endings(client: FakeClient) -> Endings:
    client.provides = {OPS_REQUEST: lambda each: ["operates:default/main"]}
    return Endings(client, LoopClock(), Turn(client, OPERATIONS))


def keep(client: FakeClient, one: Request) -> Request:
    """As the API has it."""
    client.objects[OPS_REQUEST.resource, one.key] = one.resource.body()
    return one


def succeeded(**spec: Any) -> Request:
    return request("one", "Stop", status={**ENDED, **with_conditions(("Ready", "True", "Succeeded"))}, **spec)


@pytest.mark.parametrize(("end", "type_"), [("Succeeded", "Normal"), ("Failed", "Warning"), ("Cancelled", "Warning")])
@virtually
async def test_an_end_is_told_beside_the_operation_and_the_cluster(end: Any, type_: str) -> None:
    client = FakeClient()
    client.objects[DATABASE_CLUSTER.resource, cluster().key] = cluster().body()
    outcome = await endings(client).end(Ended(request("one", status=CHANGED), end, "Because", "it was so"))
    assert (outcome.phase, outcome.conditions[0].reason) == (end, "Because")
    assert outcome.status["completionTime"] == "2026-01-01T00:00:00Z"
    told = [(event.about, event.type, event.reason) for event in client.events]
    assert told == [
        (about, type_, f"Operation{end}") for about in ("OpsRequest default/one", "DatabaseCluster default/main")
    ]


@virtually
async def test_one_whose_time_has_come_is_deleted_and_others_are_looked_at_in_time() -> None:
    client = FakeClient()
    assert (await endings(client).retire(keep(client, succeeded(ttlSecondsAfterFinished=0)))).gone
    assert client.peek(OPS_REQUEST, succeeded().key) is None
    later = await endings(client).retire(keep(client, succeeded(ttlSecondsAfterFinished=110)))
    assert later.requeue_after == pytest.approx(100)
    assert (await endings(client).retire(succeeded())).requeue_after is None


@virtually
async def test_what_somebody_undoes_is_told_once() -> None:
    client = FakeClient()
    undone = cluster(stopped=False, annotations={ANNOTATION_OPERATION: "uid-one"})
    client.objects[DATABASE_CLUSTER.resource, undone.key] = undone.body()
    outcome = await endings(client).retire(keep(client, succeeded()))
    assert outcome.status["undone"] == ["stopped"]
    assert outcome.phase == "Succeeded"
    assert [event.reason for event in client.events] == ["OperationUndone"] * 2
    status = {**ENDED, "undone": ["stopped"], **with_conditions(("Ready", "True", "Succeeded"))}
    await endings(client).retire(keep(client, request("one", "Stop", status=status)))
    assert len(client.events) == 2
