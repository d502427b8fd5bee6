"""What is put together for the runtime."""

from __future__ import annotations

from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.kinds import DEFINITIONS
from dbaas.api.resource import Key, Kind
from dbaas.controllers.assembly import instance_waker
from fixtures.operating import virtually
from simulation.world import simulated_world


@virtually
async def test_every_kind_of_ours_and_secrets_have_a_controller() -> None:
    async with simulated_world() as world:
        assert world.operator is not None
        names = {name for name, _, _ in world.operator.manager.queues()}
        assert names == {"secret", *(definition.kind.kind.lower() for definition in DEFINITIONS)}


def test_a_server_that_answers_again_is_looked_at() -> None:
    woken: list[tuple[Kind, Key]] = []

    def enqueue(kind: Kind, key: Key, *, low_priority: bool = False) -> None:
        woken.append((kind, key))

    instance_waker(enqueue)("default/main")
    assert woken == [(DATABASE_INSTANCE, Key("default", "main"))]
