"""What a pooler finds on the server, and what its cluster says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Resource, build_resource
from dbaas.contracts.engine import Denied
from dbaas.contracts.lane import Lane
from dbaas.contracts.pooling import Pooler, PoolerFacts, pooler_login
from dbaas.contracts.provider import Instance, ServerImage
from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.contracts.statement import Statement
from dbaas.controllers.cluster.pooling import Poolers, Pooling, choose_pooler, no_lane
from dbaas.controllers.cluster.subject import Cluster, read_cluster
from fixtures.registries import granite_registry, granite_spec

KEY = Key("default", "main")
OUTCOME = Outcome((Condition("Ready", "True", "Ready"),), {"a": 1}, "Ready")
SERVING = PoolerFacts(1, 1, "127.0.0.1:6432", "it serves")
INSTANCE = Instance("main-pooler", ("pool",))
STRICT = replace(INSTANCE, command=("pool", "--strict"))
IMAGE = ServerImage("registry.test/pool:1", 1, 1)
POOLER = Pooler(INSTANCE, "pool", pooler_login("main"), {"username": "pool"}, IMAGE, STRICT)
MISSING = (Statement(cast(Any, "CREATE FUNCTION")),)


class OneLane:
    """Answers `found` to whoever looks, and keeps what is executed."""

    def __init__(self, found: Sequence[Statement] | Denied | None) -> None:
        self.found = found
        self.executed: list[Statement] = []

    async def visit(self, database: str | None, work: Callable[[Any, Any], Awaitable[Any]]) -> Any:
        return await work(self, None)

    async def execute(self, statements: Sequence[Statement]) -> None:
        self.executed += statements

    async def prepare(self, session: Any) -> Sequence[Statement] | None:
        assert session is self
        if isinstance(self.found, Denied):
            raise self.found
        return self.found


def declared(lane: OneLane, *, pooler: Pooler | None = POOLER, phase: str = "Ready", **spec: Any) -> Cluster:
    metadata = {"name": KEY.name, "namespace": KEY.namespace, "uid": "u", "generation": 1}
    status = {"phase": phase, "observedGeneration": 1}
    body = {"metadata": metadata, "spec": granite_spec(**spec), "status": status}
    cluster = read_cluster(build_resource(DATABASE_CLUSTER, body), granite_registry())
    engine = replace(cluster.engine, prepare_pooler=lane.prepare)
    return replace(cluster, engine=engine, workload=replace(cluster.workload, pooler=pooler))


def published(status: str, **spec: Any) -> Resource:
    ready = {"type": "Ready", "status": status, "reason": "Ready", "message": ""}
    metadata = {"name": KEY.name, "namespace": KEY.namespace}
    return build_resource(DATABASE_INSTANCE, {"metadata": metadata, "spec": spec, "status": {"conditions": [ready]}})


async def keep(lane: OneLane, instance: Resource | None = None, **more: Any) -> Pooling:
    poolers = Poolers(lambda key: cast(Lane, lane) if key == KEY else None)
    return await poolers.keep(declared(lane, **more), instance or published("True"))


async def test_what_is_missing_on_the_server_is_put_there() -> None:
    lane = OneLane(MISSING)
    assert await keep(lane) == Pooling()
    assert lane.executed == list(MISSING)


async def test_without_a_pooler_nothing_is_put_there_and_nothing_is_said() -> None:
    lane = OneLane(MISSING)
    pooling = await keep(lane, pooler=None)
    assert not lane.executed
    assert pooling.tell(declared(lane, pooler=None), None, OUTCOME) == OUTCOME


@pytest.mark.parametrize(
    ("found", "instance", "trouble"),
    [
        (MISSING, published("False"), "has not been reached"),
        (None, published("True"), "its login is not there"),
        (Denied("permission denied"), published("True"), "permission denied"),
    ],
    ids=["away", "no login", "denied"],
)
async def test_what_is_in_the_way_is_told_and_looked_at_again(found: Any, instance: Resource, trouble: str) -> None:
    lane = OneLane(found)
    outcome = (await keep(lane, instance)).tell(declared(lane), SERVING, OUTCOME)
    (ready, told) = outcome.conditions
    assert (told.type, told.status) == ("Pooled", "False")
    assert (ready.status, ready.reason) == ("False", "PoolerNotReady")
    assert trouble in told.message
    assert outcome.requeue_after is not None
    assert not outcome.status["proxy"]["ready"]
    assert not lane.executed


async def test_before_the_server_has_a_lane_there_is_nothing_to_look_at() -> None:
    lane = OneLane(MISSING)
    assert (await Poolers(no_lane).keep(declared(lane), published("True"))).trouble


def test_a_pooler_that_serves_is_told_with_its_endpoint_and_one_that_does_not_with_its_reason() -> None:
    cluster = declared(OneLane(()))
    outcome = Pooling().tell(cluster, SERVING, OUTCOME)
    assert outcome.conditions[1].status == "True"
    proxy = {"ready": True, "replicas": 1, "readyReplicas": 1, "endpoint": "127.0.0.1:6432"}
    assert outcome.status == {"a": 1, "proxy": proxy}
    assert outcome.requeue_after is None
    for facts in (None, PoolerFacts(1, 0, "", "there is no program")):
        outcome = Pooling().tell(cluster, facts, OUTCOME)
        assert outcome.conditions[1].message == (facts.message if facts else "it is not there yet")
        assert not outcome.status["proxy"]["ready"]
        assert outcome.requeue_after is not None, "its program may be installed at any time"


def tell(facts: PoolerFacts, outcome: Outcome = OUTCOME, **declared_as: Any) -> Outcome:
    return Pooling().tell(declared(OneLane(()), **declared_as), facts, outcome)


@pytest.mark.parametrize(("before", "phase"), [("Provisioning", "Provisioning"), ("Ready", "Healing")])
def test_a_cluster_is_not_ready_without_the_pooler_that_it_is_asked_to_have(before: str, phase: str) -> None:
    outcome = tell(PoolerFacts(2, 0, "", "no image"), phase=before)
    assert (
        outcome.conditions[0].message == outcome.message == "the cluster serves, but its pooler is not ready: no image"
    )
    assert outcome.phase == phase


def test_what_else_a_cluster_is_not_ready_for_is_told_first() -> None:
    down = replace(OUTCOME, conditions=(Condition("Ready", "False", "CrashLoop", "it crashes"),), phase="Healing")
    outcome = tell(PoolerFacts(2, 0, "", "no image"), down)
    assert (outcome.conditions[0], outcome.phase) == (down.conditions[0], "Healing")


@pytest.mark.parametrize(
    "facts", [PoolerFacts(2, 1, "p:1", "one is lost"), PoolerFacts(2, 2, "p:1", "", is_rolling=True)]
)
def test_one_that_serves_clients_but_not_as_it_is_wanted_is_told_as_both(facts: PoolerFacts) -> None:
    outcome = tell(facts)
    assert outcome.status["proxy"]["ready"]
    assert {each.type: each.status for each in outcome.conditions} == {"Ready": "False", "Pooled": "False"}


def test_a_pooler_that_is_stopped_with_its_cluster_is_looked_at_no_more() -> None:
    stopped = replace(OUTCOME, conditions=(Condition("Ready", "False", "Stopped", "stopped"),), phase="Stopped")
    outcome = tell(PoolerFacts(0, 0, "p:1"), stopped, stopped=True)
    assert (outcome.conditions[1].reason, outcome.phase, outcome.requeue_after) == ("Stopped", "Stopped", None)


@pytest.mark.parametrize(
    ("instance", "trusted", "chosen"),
    [
        (None, True, STRICT),
        (published("True", tls={"enabled": True}), True, STRICT),
        (published("True", tls={"enabled": True}), False, INSTANCE),
        (published("True"), True, INSTANCE),
    ],
    ids=["a new cluster", "all encrypt", "nothing to prove it by", "some may not encrypt yet"],
)
def test_servers_are_asked_to_prove_who_they_are_when_all_of_them_can(
    instance: Resource | None, trusted: bool, chosen: Instance
) -> None:
    pooler = choose_pooler(declared(OneLane(())), instance, trusted=trusted).workload.pooler
    assert pooler is not None and pooler.instance == chosen


def test_one_that_need_not_ask_stays_as_it_is() -> None:
    for pooler in (None, replace(POOLER, strict=None)):
        cluster = declared(OneLane(()), pooler=pooler)
        assert choose_pooler(cluster, None, trusted=True) == cluster
