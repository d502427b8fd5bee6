"""Who is copied anew because nothing else would help."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from controllers.cluster.conftest import KEY, World
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import LABEL_CLUSTER, LABEL_INSTANCE, Resource
from dbaas.contracts.action import REBUILD, Move, Task, Write
from dbaas.contracts.engine import Unreachable
from dbaas.contracts.lane import Lane
from dbaas.contracts.provider import ClusterFacts, InstanceFacts
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.cluster.stragglers import LOOK_SECONDS, Stragglers
from dbaas.controllers.cluster.subject import read_cluster
from dbaas.manifests.metadata import LABEL_ROLE
from fixtures.registries import RunnerProvider, granite_registry

SICK = ClusterFacts((InstanceFacts("main", True), InstanceFacts("main-2", False, role="replica")))
WELL = ClusterFacts(tuple(replace(one, is_ready=True) for one in SICK.instances))


class Copier(RunnerProvider):
    """Remembers what it was asked for; refuses it where it is told to."""

    def __init__(self, refusal: str = "") -> None:
        self.asked: list[Task] = []
        self.actions = {REBUILD: self.copy}
        self._refusal = refusal

    def copy(self, cluster: Resource, task: Task, children: Sequence[Resource]) -> Move:
        if self._refusal:
            raise Refused("IsPrimary", self._refusal)
        is_known = task in self.asked
        self.asked.append(task)
        return Move(waits="it is copied") if is_known else Move([Write(children[0], {})] if children else [], "x")


class Scene:
    """Two instances: `main` leads, and main-2 has stopped at a position; the primary's log begins at `horizon`."""

    def __init__(self, world: World, horizon: int = 200, refusal: str = "") -> None:
        world.declare(clusterSize=2)
        self.world, self.horizon, self.provider, self.questions = world, horizon, Copier(refusal), 0
        self.seconds = 0.0
        self.is_unreachable = False
        put(world, CONFIG_MAP, "main-leader", {}, leader="main")
        put(world, POD, "main", {LABEL_ROLE: "primary"}, status="{}")
        self.stop(at=100)
        world.clock.monotonic = lambda: self.seconds  # type: ignore[method-assign]
        self.stragglers = Stragglers(world.client, world.clock, lambda key: cast(Lane, self) if key == KEY else None)

    def stop(self, at: int, state: str = "in archive recovery") -> None:
        said = {"xlog_location": at, "timeline": 1, "replication_state": state}
        put(self.world, POD, "main-2", {LABEL_ROLE: "replica"}, status=json.dumps(said))

    async def visit(self, database: str | None, work: Callable[[Any, Any], Awaitable[Any]]) -> Any:
        return await work(self, None)

    async def find_horizon(self, session: Any) -> int:
        self.questions += 1
        if self.is_unreachable:
            raise Unreachable("it is away")
        return self.horizon

    async def look(self, facts: ClusterFacts = SICK, **more: Any) -> list[str]:
        resource = self.world.get(DATABASE_CLUSTER)
        assert resource is not None
        cluster = read_cluster(resource, granite_registry())
        engine = replace(cluster.engine, find_horizon=self.find_horizon)
        self.seconds += LOOK_SECONDS
        await self.stragglers.rebuild(replace(cluster, engine=engine, provider=self.provider, **more), facts)
        return [task.instance for task in self.provider.asked]


def put(world: World, kind: Any, name: str, labels: dict[str, str], **annotations: str) -> None:
    labels = {LABEL_CLUSTER: KEY.name, LABEL_INSTANCE: name, **labels}
    metadata = {"name": name, "namespace": KEY.namespace, "labels": labels, "annotations": annotations}
    world.client.put(kind, {"metadata": metadata})


async def test_who_needs_what_is_gone_is_copied_once_for_the_place_where_it_stopped(world: World) -> None:
    scene = Scene(world)
    await world.reconcile()
    assert await scene.look() == ["main-2"]
    assert await scene.look() == ["main-2"] * 2
    assert world.told().count("ReplicaLost") == 1
    assert len(set(scene.provider.asked)) == 1
    scene.stop(at=150)
    await scene.look()
    assert len(set(scene.provider.asked)) == 2


@pytest.mark.parametrize("at", [200, 0])
async def test_who_can_still_catch_up_or_says_nothing_is_left_alone(world: World, at: int) -> None:
    scene = Scene(world)
    scene.stop(at=at)
    assert await scene.look() == []


async def test_who_follows_is_not_asked_about(world: World) -> None:
    scene = Scene(world)
    scene.stop(at=100, state="streaming")
    assert await scene.look() == []
    scene.stop(at=100)
    assert await scene.look(WELL) == []
    assert await scene.look(ClusterFacts(SICK.instances[1:])) == []
    assert scene.questions == 0


async def test_nothing_is_done_where_nobody_can_tell(world: World) -> None:
    scene = Scene(world)
    scene.is_unreachable = True
    assert await scene.look() == []
    put(world, CONFIG_MAP, "main-leader", {})
    scene.is_unreachable = False
    assert await scene.look() == []
    assert scene.questions == 1


async def test_the_primary_is_not_asked_all_the_time(world: World) -> None:
    scene = Scene(world, horizon=1)
    await scene.look()
    scene.seconds -= LOOK_SECONDS
    scene.seconds += LOOK_SECONDS - 1 - LOOK_SECONDS
    await scene.look()
    assert scene.questions == 1


async def test_what_the_provider_refuses_is_no_error(world: World) -> None:
    assert await Scene(world, refusal="it is the primary").look() == []
