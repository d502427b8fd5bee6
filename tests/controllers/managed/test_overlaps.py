"""Several objects that want entries of one role: whoever comes, changes, crashes and goes, what is wanted stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from dbaas.api.database import DATABASE
from dbaas.api.grant import CLUSTER_DATABASE_GRANT, DATABASE_GRANT
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE
from dbaas.api.resource import Kind
from dbaas.api.user import DATABASE_USER
from dbaas.core.simulation import run_virtually
from fixtures.operating import virtually
from simulation.dying import DyingTransport
from simulation.engine import ADMIN
from simulation.world import HOST, PORT, World, simulated_world

APP, ONE, TWO = "app", "one", "two"
HERE = {"instanceRef": {"name": "main"}}
WORDS = ("SELECT", "INSERT", "DELETE")
REFERENCES = {"userRef": {"name": APP}, "databaseRef": {"name": "shop"}}


def items(words: Sequence[str], **more: str) -> list[dict[str, Any]]:
    return [{"on": "table", "schema": "sales", "privileges": list(words), **more}] if words else []


def held(words: Sequence[str]) -> set[str]:
    return {f"table shop.sales {word}" for word in words}


@dataclass
class Shop:
    """A user with privileges of its own and grants to it. `wanted` is what each says now."""

    world: World
    wanted: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def begin(self) -> None:
        await self.world.connect()
        await self.world.make(DATABASE, "shop", {**HERE, "basalt": {"schemas": ["sales"]}})
        await self.world.make(DATABASE_USER, APP, {**HERE, "databaseRef": {"name": "shop"}})
        self.wanted[APP] = ()

    async def put(self, name: str, words: tuple[str, ...]) -> None:
        kind, spec = (DATABASE_USER, {}) if name == APP else (DATABASE_GRANT, REFERENCES)
        write = self.world.change if name in self.wanted else self.world.make
        await write(kind, name, {**spec, "privileges": items(words)})
        self.wanted[name] = words

    async def drop(self, name: str) -> None:
        await self.world.delete(DATABASE_GRANT, name)
        del self.wanted[name]

    def check(self) -> None:
        wanted = {word for words in self.wanted.values() for word in words}
        assert self.world.server.privileges.get(APP, set()) == held(sorted(wanted))


@dataclass(frozen=True)
class Crash:
    """The operator dies at a write to the API, or the connection to the server breaks; before or after its effect."""

    number: int
    reached: bool
    of_connection: bool


@dataclass(frozen=True)
class Step:
    """One change by a user, and what goes wrong meanwhile. No words: the grant goes, or the user keeps nothing.

    Where nobody waits until all has settled, the next one comes after a pause, into the middle of things.
    """

    name: str
    words: tuple[str, ...]
    crash: Crash | None
    settles: bool
    pause: float = 0.0


STEPS = st.builds(
    Step, st.sampled_from([APP, ONE, TWO]), st.sets(st.sampled_from(WORDS)).map(lambda words: tuple(sorted(words))),
    st.none() | st.builds(Crash, st.integers(0, 3), st.booleans(), st.booleans()), st.booleans(),
    st.sampled_from([0.0, 0.05, 0.2]),
)  # fmt: skip


async def take(shop: Shop, step: Step) -> None:
    world, crash = shop.world, step.crash
    if crash is not None and crash.of_connection:
        world.server.break_at, world.server.break_after_effect = len(world.server.log) + crash.number, crash.reached
    elif crash is not None:
        await world.stop()
        world.start(DyingTransport(world.faults, crash.number, reached=crash.reached))
    if step.words or step.name == APP:
        await shop.put(step.name, step.words)
    elif step.name in shop.wanted:
        await shop.drop(step.name)
    if crash is not None and not crash.of_connection:
        await world.sources.clock.sleep(3)
        await world.stop()
        world.start()
    if step.settles:
        await world.settle()
        world.server.break_at = -1
        shop.check()
    else:
        await world.sources.clock.sleep(step.pause)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)  # fmt: skip
@given(st.lists(STEPS, min_size=2, max_size=6), st.sampled_from([0.0, 0.0, 0.1]))
@example(
    [
        Step(APP, ("DELETE", "INSERT", "SELECT"), None, False),
        Step(TWO, (), Crash(0, reached=False, of_connection=False), True),
        Step(APP, ("DELETE", "INSERT"), None, False),
        Step(ONE, ("DELETE", "INSERT", "SELECT"), None, False),  # it saw SELECT just before that was taken away
    ],
    0.0,
)
def test_the_server_has_what_anybody_wants_whatever_happened(steps: list[Step], takes_seconds: float) -> None:
    async def run() -> None:
        async with simulated_world() as world:
            shop = Shop(world)
            await shop.begin()
            world.server.takes_seconds = takes_seconds
            dropped: set[str] = set()
            for step in steps:
                if step.name in dropped and step.words:
                    await world.settle()  # one of that name may be going still
                await take(shop, step)
                if step.name not in shop.wanted:
                    dropped.add(step.name)
            await world.settle()
            shop.check()

    run_virtually(run())


@pytest.mark.parametrize("order", list(permutations([APP, ONE, TWO])), ids="-".join)
@virtually
async def test_each_takes_only_what_nobody_else_wants(order: tuple[str, ...]) -> None:
    """Overlapping in pairs and all together, made in one order and withdrawn in the same."""
    wishes: Mapping[str, tuple[str, ...]] = {
        APP: ("SELECT", "INSERT"), ONE: ("SELECT", "DELETE"), TWO: ("SELECT", "INSERT", "DELETE")
    }  # fmt: skip
    async with simulated_world() as world:
        shop = Shop(world)
        await shop.begin()
        for name in order:
            await shop.put(name, wishes[name])
        await world.settle()
        for name in order:
            await (shop.put(name, ()) if name == APP else shop.drop(name))
            await world.settle()
            shop.check()
        assert not any("GRANT" in line for line in world.server.log[-3:])


@pytest.mark.parametrize("pause", [0.02, 0.05, 0.09])
@pytest.mark.parametrize("goes", [False, True], ids=["gives-up", "goes"])
@virtually
async def test_what_somebody_comes_to_want_while_it_is_taken_away_is_given_again(pause: float, goes: bool) -> None:
    """The statement is under way already: who looks meanwhile must not take for settled what is about to go."""
    async with simulated_world() as world:
        shop = Shop(world)
        await shop.begin()
        await shop.put(ONE, ("SELECT",))
        await world.settle()
        world.server.takes_seconds = 0.1
        await (shop.drop(ONE) if goes else shop.put(ONE, ("INSERT",)))
        await world.sources.clock.sleep(pause)
        await shop.put(TWO, ("SELECT",))
        await world.settle()
        shop.check()


@virtually
async def test_what_somebody_comes_to_want_before_it_is_taken_away_stays() -> None:
    """All connections are in use, and the statement waits for one: it is asked for again when it has one."""
    async with simulated_world() as world:
        shop = Shop(world)
        await shop.begin()
        await shop.put(ONE, ("SELECT",))
        await world.settle()
        world.server.takes_seconds = 1.0
        for number in range(8):
            await world.make(DATABASE_USER, f"other-{number}", HERE)
        await world.sources.clock.sleep(0.1)
        await shop.drop(ONE)
        await world.sources.clock.sleep(0.1)
        await shop.put(TWO, ("SELECT",))
        await world.settle()
        shop.check()
        assert not any(line.startswith("REVOKE") for line in world.server.log)


@virtually
async def test_a_user_that_goes_takes_its_own_privileges_along() -> None:
    async with simulated_world() as world:
        shop = Shop(world)
        await shop.begin()
        await shop.put(APP, ("SELECT",))
        await world.settle()
        await world.delete(DATABASE_USER, APP)
        await world.settle()
        assert world.server.log[-2:] == ["REVOKE table shop.sales SELECT FROM app", "DROP ROLE app"]


@virtually
async def test_a_grant_for_the_cluster_and_one_in_a_namespace_share_what_they_want() -> None:
    async with simulated_world() as world:
        await Shop(world).begin()
        await make_shared_server(world)
        await world.make(DATABASE_USER, "too", {"clusterInstanceRef": {"name": "shared"}})
        await make_for_cluster(world, CLUSTER_DATABASE_GRANT, "reads", {
            "clusterInstanceRef": {"name": "shared"}, "userRef": {"name": "too", "namespace": "default"},
            "privileges": items(["SELECT"], database="shop"),
        })  # fmt: skip
        more = {"userRef": {"name": "too"}, "privileges": items(["SELECT", "INSERT"], database="shop")}
        await world.make(DATABASE_GRANT, ONE, more)
        await world.settle()
        assert world.server.privileges["too"] == held(["SELECT", "INSERT"])
        await world.delete(DATABASE_GRANT, ONE)
        await world.settle()
        assert world.server.privileges["too"] == held(["SELECT"])


async def make_shared_server(world: World) -> None:
    """The same server once more, for the whole cluster."""
    await world.make_secret("shared-admin", {"username": ADMIN, "password": world.server.password})
    reference = {"name": "shared-admin", "namespace": "default"}
    await make_for_cluster(world, CLUSTER_DATABASE_INSTANCE, "shared", {
        "engine": "basalt", "allowedNamespaces": ["*"], "tenancy": {"adoption": "Always", "ownedOnly": False},
        "connection": {"host": HOST, "port": PORT, "secretRef": reference},
    })  # fmt: skip


async def make_for_cluster(world: World, kind: Kind, name: str, spec: Mapping[str, Any]) -> None:
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}, "spec": dict(spec)}
    await world.user.create(kind, body)
