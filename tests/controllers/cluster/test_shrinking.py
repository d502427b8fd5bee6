"""Who goes when a cluster gets fewer instances, and what must be before."""

from __future__ import annotations

from typing import Any

import pytest

from controllers.cluster.conftest import KEY, World
from controllers.cluster.test_rollout import Race
from dbaas.api.resource import Key
from dbaas.contracts.provider import InstanceFacts
from dbaas.controllers.cluster.shrinking import Step, find_step
from fixtures.registries import RUNNER


def facts(primary: str, *, down: str = "") -> list[InstanceFacts]:
    names = ("main", "main-2", "main-3")
    return [InstanceFacts(n, n != down, role="primary" if n == primary else "replica") for n in names]


def test_those_that_go_go_at_once_where_the_primary_stays() -> None:
    assert find_step(["main"], ["main-2", "main-3"], facts("main")) == Step(
        frozenset({"main-2", "main-3"}), "main-2, main-3 must have gone first"
    )


def test_a_primary_that_goes_hands_over_to_the_first_that_stays_and_is_fit() -> None:
    step = find_step(["main", "main-2"], ["main-3"], facts("main-3"))
    assert (step.leaves, step.successor) == (frozenset(), "main")
    assert find_step(["main", "main-2"], ["main-3"], facts("main-3", down="main")).successor == "main-2"


@pytest.mark.parametrize(
    ("found", "why"), [(facts(""), "none is at present"), (facts("main-3", down="main"), "main, which is to be")]
)
def test_nobody_goes_while_nobody_can_take_over(found: list[InstanceFacts], why: str) -> None:
    step = find_step(["main"], ["main-2", "main-3"], found)
    assert why in step.waits
    assert not step.leaves and not step.successor


@pytest.fixture
async def race(world: World) -> Race:
    made = Race(world)
    made.wear("old")
    await made.step()
    made.serve("main-0", "main-1")
    return made


def shrink(race: Race, **more: Any) -> None:
    race.world.declare(clusterSize=1, storage={"storageClassName": "new"}, **more)


def names(race: Race) -> list[str]:
    return [name for kind, (_, name) in race.world.client.objects if kind == RUNNER.resource]


async def test_the_primary_hands_over_then_the_others_go_and_only_then_the_rest_is_changed(race: Race) -> None:
    race.provider.leader = "main-1"
    shrink(race)
    assert "main-1 goes, so main-0 takes over first" in (await race.step()).rolling
    assert [task.instance for task in race.provider.asked] == ["main-0"]
    race.provider.leader = "main-0"
    race.world.client.objects[RUNNER.resource, Key(KEY.namespace, "main-1")]["metadata"]["finalizers"] = ["slow"]
    race.provider.asked.clear()
    assert "main-1 must have gone first" in (await race.step()).rolling
    assert names(race) == ["main-0", "main-1"]
    await race.step()
    assert race.shoes()[0] == "old", "the last of several is not started anew while another could take over"
    race.world.client.remove(RUNNER, Key(KEY.namespace, "main-1"))
    assert not (await race.step()).rolling
    assert (names(race), race.shoes()) == (["main-0"], ["new"])


async def test_a_stopped_cluster_keeps_them_until_it_is_started(race: Race) -> None:
    shrink(race, stopped=True)
    assert "can go when the cluster is started" in (await race.step()).rolling
    assert names(race) == ["main-0", "main-1"]


async def test_where_it_could_not_be_it_is_told_why(race: Race) -> None:
    race.provider.leader, race.provider.refusal = "main-1", "main-0 is too far behind"
    shrink(race)
    assert (await race.step()).rolling == "main-0 is too far behind"
    assert names(race) == ["main-0", "main-1"]
