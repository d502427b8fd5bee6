"""What a cluster of several is changed to at each step, and what waits meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controllers.cluster.conftest import KEY, World
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import LABEL_INSTANCE, Key, Resource
from dbaas.contracts.action import SWITCHOVER, Move, Task
from dbaas.contracts.provider import Action, ClusterFacts, InstanceFacts, ServerPart, Workload
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.cluster.children import Applied, Children
from dbaas.controllers.cluster.rollout import ELECTION_SECONDS
from dbaas.controllers.cluster.subject import read_cluster
from dbaas.core.clock import format_time
from fixtures.registries import RUNNER, RunnerProvider, granite_registry


class Relay(RunnerProvider):
    """Runners who take turns, and one of whom leads: `leader`, until it is asked to hand over."""

    def __init__(self) -> None:
        self.leader = "main-0"
        self.asked: list[Task] = []
        self.refusal = ""
        self.reason = ""
        self.actions: Mapping[str, Action] = {SWITCHOVER: self.hand_over}

    def children(self, cluster: Resource, workload: Workload, server: ServerPart) -> Sequence[Mapping[str, Any]]:
        made = super().children(cluster, workload, server)
        for each in made:
            each["metadata"]["labels"][LABEL_INSTANCE] = each["metadata"]["name"]
        return made

    def observe(self, cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
        found = super().observe(cluster, children)
        return replace(found, instances=tuple(self._led(one) for one in found.instances))

    def _led(self, one: InstanceFacts) -> InstanceFacts:
        role = "primary" if one.name == self.leader else "replica"
        return replace(one, role=role, reason=one.reason if one.is_ready else self.reason or one.reason)

    def hand_over(self, cluster: Resource, task: Task, children: Sequence[Resource]) -> Move:
        self.asked.append(task)
        if self.refusal:
            raise Refused("NobodyFit", self.refusal)
        return Move(waits="they hand over")


class Race:
    """A cluster of two that serves. `step` applies once what is wanted."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.provider = Relay()
        self._children = Children(world.client, world.clock)

    async def step(self) -> Applied:
        resource = self.world.get(DATABASE_CLUSTER)
        assert resource is not None
        return await self._children.apply(replace(read_cluster(resource, granite_registry()), provider=self.provider))

    def wear(self, shoes: str, **more: Any) -> None:
        self.world.declare(clusterSize=2, storage={"storageClassName": shoes}, **more)

    def serve(self, *names: str) -> None:
        for name in ("main-0", "main-1"):
            self.world.show(RUNNER, Key(KEY.namespace, name), {"ready": name in names})

    def shoes(self) -> list[object]:
        found = [self.world.get(RUNNER, Key(KEY.namespace, name)) for name in ("main-0", "main-1")]
        return [each.spec["shoes"] for each in found if each is not None]


@pytest.fixture
async def race(world: World) -> Race:
    made = Race(world)
    made.wear("old")
    assert not (await made.step()).pending, "what is not there yet waits for nobody"
    made.serve("main-0", "main-1")
    return made


async def test_each_waits_for_the_one_before_and_the_primary_hands_over_before_it_is_changed(race: Race) -> None:
    race.wear("new")
    applied = await race.step()
    assert race.shoes() == ["old", "new"]
    assert [each.body() for each in applied.pending] == [
        {"change": "restart of main-0 for shoes new", "reason": "main-1 comes first"}
    ]
    assert applied.rolling == "restart of main-0 for shoes new waits: main-1 comes first"
    race.serve("main-0")
    assert "main-1 is not ready yet" in (await race.step()).rolling
    assert (race.shoes(), race.provider.asked) == (["old", "new"], [])
    race.serve("main-0", "main-1")
    assert "another instance takes over first" in (await race.step()).rolling
    assert [(task.instance, task.primary) for task in race.provider.asked] == [("", "main-0")]
    assert race.shoes() == ["old", "new"]
    race.provider.leader = "main-1"
    assert not (await race.step()).rolling
    assert race.shoes() == ["new", "new"]
    assert len(race.provider.asked) == 1


async def test_while_they_choose_a_primary_nobody_is_started_anew_unless_they_do_not_come_to_one(race: Race) -> None:
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": format_time(race.world.clock.now())}
    race.world.show(DATABASE_CLUSTER, KEY, {"conditions": [ready]})
    race.provider.leader, race.provider.reason = "", "NotFollowing"
    race.serve()
    race.wear("new")
    assert "about to agree on" in (await race.step()).rolling
    assert race.shoes() == ["old", "old"]
    race.world.clock.moment += timedelta(seconds=ELECTION_SECONDS)
    await race.step()
    assert race.shoes() == ["new", "new"]


async def test_it_is_asked_for_once_and_anew_a_minute_later_where_it_could_not_be(race: Race) -> None:
    race.wear("new")
    await race.step()
    race.provider.refusal = "there is nobody who could"
    assert (await race.step()).pending[0].reason == "there is nobody who could"
    await race.step()
    assert len({task.mark for task in race.provider.asked}) == 1
    race.world.clock.moment = race.world.clock.now().replace(minute=1)
    await race.step()
    assert len({task.mark for task in race.provider.asked}) == 2


async def test_where_nobody_can_hand_over_the_primary_is_changed_last_all_the_same(race: Race) -> None:
    race.provider.actions = {}
    race.wear("new")
    await race.step()
    assert race.shoes() == ["old", "new"]
    await race.step()
    assert race.shoes() == ["new", "new"]


async def test_a_broken_one_is_changed_first_and_all_at_once_where_none_serves(race: Race) -> None:
    race.wear("bad")
    await race.step()
    race.serve("main-0")
    race.wear("old")
    assert not (await race.step()).rolling
    assert race.shoes() == ["old", "old"]
    race.serve()
    race.wear("new")
    assert not (await race.step()).rolling
    assert race.shoes() == ["new", "new"]


async def test_what_waits_for_a_window_does_not_take_turns(race: Race) -> None:
    race.wear("new", maintenance={"windows": [{"dayOfWeek": 5, "startTime": "22:00", "duration": "4h"}]})
    applied = await race.step()
    assert (len(applied.pending), applied.rolling, race.shoes()) == (2, "", ["old", "old"])


async def test_nobody_hands_over_for_a_cluster_that_is_deleted(race: Race) -> None:
    race.wear("new")
    await race.step()
    race.serve("main-0", "main-1")
    metadata = race.world.client.objects[DATABASE_CLUSTER.resource, KEY]["metadata"]
    metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    await race.step()
    assert race.provider.asked == []
