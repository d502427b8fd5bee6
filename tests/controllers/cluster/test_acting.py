"""What an action writes is written, by the very objects that it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pytest

from controllers.cluster.conftest import CREDENTIALS, KEY, World
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import Key, Resource
from dbaas.contracts.action import CONTROL_KEY, Call, Move, Task, Write
from dbaas.contracts.client import WriteConflict
from dbaas.controllers.cluster.acting import Acting
from dbaas.core.secrets import Secret
from fixtures.registries import RUNNER, RunnerProvider

TASK = Task("op-1", "main-0")
CALL = Call("http://main-0/run", {})


class Trainer(RunnerProvider):
    """Writes to the first runner, or ends it; `meddles` is called when it has looked."""

    def __init__(self, world: World, *, ends: bool = False, meddles: bool = False) -> None:
        self.actions = {"train": self.train}
        self.seen: list[Resource] = []
        self._world, self._ends, self._meddles = world, ends, meddles

    def train(self, cluster: Resource, task: Task, children: Sequence[Resource]) -> Move:
        self.seen = list(children)
        if self._meddles:
            self._world.serve(children[0].key.name)
            self._world.client.objects[RUNNER.resource, children[0].key]["metadata"]["resourceVersion"] = "999"
        return Move([Write(children[0], None if self._ends else {"spec": {"trains": task.mark}})])


async def advance(world: World, trainer: Trainer, *, only_look: bool = False) -> Move:
    cluster, acting = world.get(DATABASE_CLUSTER), Acting(world.client)
    assert cluster is not None
    does = acting.look if only_look else acting.advance
    return await does(cluster, trainer, "train", TASK)


def runner(world: World) -> Resource | None:
    return world.get(RUNNER, Key(KEY.namespace, "main-0"))


async def test_it_sees_what_is_labelled_and_what_it_says_is_written(serving: World) -> None:
    trainer = Trainer(serving)
    await advance(serving, trainer, only_look=True)
    assert [each.key.name for each in trainer.seen] == ["main-0"]
    found = runner(serving)
    assert found is not None and "trains" not in found.spec
    await advance(serving, trainer)
    found = runner(serving)
    assert found is not None and found.spec["trains"] == "op-1"


async def test_what_has_changed_since_it_was_seen_is_not_written_over(serving: World) -> None:
    with pytest.raises(WriteConflict):
        await advance(serving, Trainer(serving, meddles=True))


async def test_what_it_ends_is_the_very_object_that_it_has_seen(serving: World) -> None:
    await advance(serving, Trainer(serving, ends=True))
    assert runner(serving) is None


async def test_an_instance_is_asked_with_the_password_of_the_cluster_and_its_answer_is_told(serving: World) -> None:
    called: list[tuple[Call, str]] = []

    async def caller(call: Call, password: Secret, /) -> str:
        called.append((call, password.reveal()))
        return "too tired"

    class Asking(RunnerProvider):
        actions: ClassVar = {"train": lambda cluster, task, children: Move(waits="it runs", calls=[CALL])}

    cluster = serving.get(DATABASE_CLUSTER)
    assert cluster is not None
    acting = Acting(serving.client, caller)
    move = await acting.advance(cluster, Asking(), "train", TASK)
    assert (called, move.waits) == ([], "it runs; Secret default/main-credentials has no controlPassword")
    serving.client.put_secret(CREDENTIALS, {CONTROL_KEY: "secret"})
    move = await acting.advance(cluster, Asking(), "train", TASK)
    assert (called, move.waits) == ([(CALL, "secret")], "it runs; too tired")
