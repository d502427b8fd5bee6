"""From a DatabaseInstance to a lane."""

from __future__ import annotations

import asyncio

import pytest

from controllers.make import instance
from dbaas.api.resource import Key, Kind, Resource, build_resource
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.contracts.registry import Registry
from dbaas.controllers.servers import Servers, read_server
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.lanes.lanes import ServerLanes
from fixtures.clients import FakeClient
from simulation.engine import Network, build_engine

ENGINE = build_engine(Network())
REGISTRY = Registry({"basalt": ENGINE}, {}, "")
KEY = Key("default", "admin")


def lanes() -> ServerLanes:
    return ServerLanes(LoopClock(), SeededRandomness(1))


def test_an_engine_that_is_not_installed_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="no engine is called 'granite'; there are: basalt"):
        read_server(instance(spec={"engine": "granite"}), REGISTRY)


async def test_the_address_comes_from_spec_and_secret() -> None:
    client = FakeClient()
    client.put_secret(KEY, {"username": "root", "password": "secret"})
    address = await Servers(client, lanes()).find_address(read_server(instance(), REGISTRY))
    assert (address.host, address.port, address.username, address.database) == ("db.test", 7000, "root", "system")
    assert address.password.reveal() == "secret"
    assert "secret" not in repr(address)


async def test_a_secret_is_read_again_only_when_it_is_another() -> None:
    client = CountingClient()
    client.put_secret(KEY, {"username": "root", "password": "first"})
    told = {KEY: "1"}
    servers = Servers(client, lanes(), versions=lambda kind, key: told.get(key, ""))
    server = read_server(instance(), REGISTRY)
    passwords = [(await servers.find_address(server)).password.reveal() for _ in range(3)]
    assert (passwords, client.reads) == (["first"] * 3, 1)
    client.put_secret(KEY, {"username": "root", "password": "second"})
    told[KEY] = "2"
    assert (await servers.find_address(server)).password.reveal() == "second"
    client.put_secret(KEY, {"username": "root", "password": "third"})
    servers.forget_login(server.key)  # it was refused: a watch may be late
    assert (await servers.find_address(server)).password.reveal() == "third"
    changed = read_server(instance(generation=2), REGISTRY)
    await servers.find_address(changed)
    assert client.reads == 4


async def test_where_no_watch_tells_of_a_secret_it_is_read_each_time() -> None:
    client = CountingClient()
    client.put_secret(KEY, {"username": "root", "password": "first"})
    servers, server = Servers(client, lanes(), versions=lambda kind, key: ""), read_server(instance(), REGISTRY)
    await servers.find_address(server)
    await servers.find_address(server)
    assert client.reads == 2


class CountingClient(FakeClient):
    """Counts what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    async def get(self, kind: Kind, key: Key, *, fresh: bool = False) -> Resource | None:
        self.reads += 1
        return await super().get(kind, key, fresh=fresh)


async def test_a_missing_secret_or_key_is_waited_for() -> None:
    client = FakeClient()
    servers, server = Servers(client, lanes()), read_server(instance(), REGISTRY)
    with pytest.raises(Waiting, match="Secret default/admin does not exist"):
        await servers.find_address(server)
    client.put_secret(KEY, {"user": "root"})
    with pytest.raises(Waiting, match="has no key 'username' and no key 'password'"):
        await servers.find_address(server)


async def test_a_lane_is_opened_once_by_many_callers() -> None:
    client = FakeClient()
    client.put_secret(KEY, {"username": "root", "password": "secret"})
    servers, server = Servers(client, lanes()), read_server(instance(), REGISTRY)
    first, second = await asyncio.gather(servers.reach(server), servers.reach(server))
    assert first is second
    await servers.close(server.key)
    assert await servers.reach(server) is not first


async def test_where_a_changed_spec_points_is_waited_for_until_it_has_been_asked() -> None:
    client = FakeClient()
    client.put_secret(KEY, {"username": "root", "password": "secret"})
    servers, before = Servers(client, lanes()), read_server(instance(), REGISTRY)
    lane = await servers.reach(before)
    connection = {**before.resource.spec["connection"], "host": "other.test"}
    changed = read_server(instance(spec={**before.resource.spec, "connection": connection}), REGISTRY)
    with pytest.raises(Waiting, match=r"points to other\.test:7000 now, which was not asked yet$"):
        await servers.reach(changed)
    metadata = changed.resource.body()["metadata"] | {"annotations": {"dbaas.io/paused": "true"}}
    paused = build_resource(changed.resource.kind, {**changed.resource.body(), "metadata": metadata})
    with pytest.raises(Waiting, match="because it is paused"):
        await servers.reach(read_server(paused, REGISTRY))
    assert await servers.reach(before) is lane
    assert (await servers.open(changed)) is await servers.reach(changed)
