"""A whole control plane: API server, manager, lanes, controllers; simulated servers below, or what is plugged in."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry

from dbaas.admission import RuleAdmission
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import EVENT, NAMESPACE, SECRET
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import NotFound
from dbaas.contracts.registry import Registry
from dbaas.contracts.rest import Selection
from dbaas.contracts.transport import Transport
from dbaas.controllers.assembly import build_controllers, instance_waker
from dbaas.controllers.servers import Servers
from dbaas.kube.verbs import RestClient, Writing
from dbaas.lanes.lanes import ServerLanes
from dbaas.lanes.metrics import LaneMetrics
from dbaas.runtime.manager import Manager
from dbaas.runtime.metrics import MeteredTransport, Metrics
from fixtures.faults import FaultyTransport
from fixtures.grounds import Ground, InProcess, Plane, Sources
from fixtures.settle import settle
from simulation.engine import ADMIN, Network, SimulatedServer, build_engine
from simulation.provider import BasaltServer, InstantProvider

HOST, PORT = "db.test", 7000


@dataclass
class Operator:
    """One life of the operator: what a crash ends."""

    manager: Manager
    lanes: ServerLanes
    task: asyncio.Task[None]


@dataclass
class World:
    """`user` writes as a person would, past the faults; `faults` sees what the operator sends.

    Namespaces are those of the test: `named` says what they are called where the API is shared, as are names of what
    is in no namespace. `namespaces` are all that the test uses.
    """

    plane: Plane
    network: Network
    server: SimulatedServer
    registry: Registry
    faults: FaultyTransport
    user: RestClient
    namespaces: Sequence[str] = ("default",)
    operator: Operator | None = None
    collected: CollectorRegistry = field(default_factory=CollectorRegistry)  # of the present life of the operator

    @property
    def api(self) -> Transport:
        return self.plane.transport

    @property
    def sources(self) -> Sources:
        return self.plane.sources

    def named(self, name: str) -> str:
        return self.plane.named(name)

    def key(self, kind: Kind, name: str, namespace: str = "default") -> Key:
        return Key(self.named(namespace), name) if kind.namespaced else Key("", self.named(name))

    def start(self, transport: Transport | None = None) -> None:
        """The operator, with nothing remembered; over `transport` where one is given."""
        sources, enqueue = self.sources, self._enqueue
        watched = [self.named(each) for each in self.namespaces] if self.plane.suffix else ()
        collected = self.collected = CollectorRegistry()
        metrics, meter = Metrics(collected), LaneMetrics(collected, self.registry.engines)
        rest = RestClient(MeteredTransport(transport or self.plane.patient(self.faults), metrics))
        manager = Manager(rest, sources.clock, sources.randomness, metrics, namespaces=watched)
        recovered = instance_waker(enqueue)
        lanes = ServerLanes(sources.clock, sources.randomness, meter=meter, recovered=recovered)
        admission = RuleAdmission(self.registry, self.find)
        servers = Servers(manager.client, lanes, versions=manager.version_of)
        controllers = build_controllers(manager, servers, self.registry, sources, admission, collected)
        for controller in controllers:
            manager.add(controller)
        self.operator = Operator(manager, lanes, asyncio.get_running_loop().create_task(manager.run()))

    async def stop(self) -> None:
        """At once, as a crash would."""
        operator, self.operator = self.operator, None
        if operator is not None:
            operator.task.cancel()
            await asyncio.gather(operator.task, return_exceptions=True)
            await operator.lanes.close_all()

    async def settle(self, **limits: float) -> None:
        assert self.operator is not None
        await settle(self.operator.manager, self.sources.clock, collected=True, **limits)

    async def find(self, kind: Kind, key: Key) -> Resource | None:
        try:
            return await self.user.get(kind, key)
        except NotFound:
            return None

    async def look(self, kind: Kind, name: str, namespace: str = "default") -> Resource | None:
        """`find` by the names of the test."""
        return await self.find(kind, self.key(kind, name, namespace))

    async def read(self, kind: Kind, name: str, namespace: str = "default") -> Resource:
        return await self.user.get(kind, self.key(kind, name, namespace))

    async def make(self, kind: Kind, name: str, spec: Mapping[str, Any], namespace: str = "default") -> Resource:
        body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {}, "spec": dict(spec)}
        return await self.create(kind, name, body, namespace)

    async def create(self, kind: Kind, name: str, body: Mapping[str, Any], namespace: str = "default") -> Resource:
        """With this name, whatever else its metadata has."""
        key = self.key(kind, name, namespace)
        metadata = {**body["metadata"], "name": key.name, "namespace": key.namespace}
        return await self.user.create(kind, {**body, "metadata": metadata})

    async def change(self, kind: Kind, name: str, spec: Mapping[str, Any], namespace: str = "default") -> Resource:
        return await self.user.patch(kind, self.key(kind, name, namespace), {"spec": dict(spec)})

    async def delete(self, kind: Kind, name: str, namespace: str = "default") -> None:
        await self.user.delete(kind, self.key(kind, name, namespace))

    async def make_secret(self, name: str, values: Mapping[str, str], namespace: str = "default") -> Resource:
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {}, "data": data}
        return await self.create(SECRET, name, body, namespace)

    async def read_secret(self, name: str, namespace: str = "default") -> dict[str, str]:
        secret = await self.read(SECRET, name, namespace)
        return {key: base64.b64decode(value).decode() for key, value in secret.body()["data"].items()}

    async def make_namespace(self, name: str) -> None:
        await self.create(NAMESPACE, name, {"apiVersion": "v1", "kind": "Namespace", "metadata": {}})

    async def connect(self, name: str = "main", namespace: str = "default", **spec: Any) -> Resource:
        """A DatabaseInstance for the simulated server."""
        await self.make_secret(f"{name}-admin", {"username": ADMIN, "password": self.server.password}, namespace)
        connection = {"host": HOST, "port": PORT, "secretRef": {"name": f"{name}-admin"}}
        spec = {"engine": "basalt", "connection": connection, **spec}
        return await self.make(DATABASE_INSTANCE, name, spec, namespace)

    async def make_shop(self) -> None:
        """An owner, a database of theirs with a schema, and a user who may read tables in it."""
        await self.connect()
        here = {"instanceRef": {"name": "main"}}
        await self.make(DATABASE_USER, "owner", here)
        await self.make(DATABASE_USER, "app", {**here, "databaseRef": {"name": "shop"}})
        await self.make(DATABASE, "shop", {**here, "owner": "owner", "basalt": {"schemas": ["sales"]}})
        await self.make(DATABASE_GRANT, "app", grant_spec("app", "shop", "SELECT"))

    async def make_quickstart(self) -> None:
        """The sample that new users begin with: a cluster, and a shop on it."""
        self.server.password = ""
        await self.make(DATABASE_CLUSTER, "main", {"engine": {"type": "basalt", "version": "7"}, "clusterSize": 1})
        here = {"instanceRef": {"kind": "DatabaseCluster", "name": "main"}}
        await self.make(DATABASE_USER, "shop-owner", {**here, "databaseRef": {"name": "shop"}})
        await self.make(DATABASE, "shop", {**here, "owner": "shop-owner", "basalt": {"schemas": ["sales"]}})
        await self.make(DATABASE_USER, "shop-app", {**here, "databaseRef": {"name": "shop"}})
        await self.make(DATABASE_GRANT, "shop-app", grant_spec("shop-app", "shop", "SELECT", "INSERT"))

    async def ready(self, kind: Kind, name: str, namespace: str = "default") -> tuple[str, str]:
        """Status and reason of Ready."""
        return ready_of(await self.read(kind, name, namespace))

    async def events(self, name: str, namespace: str = "default") -> list[str]:
        """Reasons of all events about objects of that name."""
        page = await self.user.list_page(EVENT, Selection(self.named(namespace)))
        found = [event.body() for event in page.items]
        return [event["reason"] for event in found if event["involvedObject"]["name"] == name]

    async def tell(self) -> str:
        """How everything is that lives on servers, and what has happened: for whoever asks why a test failed."""
        here, told = Selection(self.named("default")), list[str]()
        for kind in (DATABASE_CLUSTER, DATABASE_INSTANCE, DATABASE_USER, DATABASE, DATABASE_GRANT):
            told += [f"{one.kind} {one.key}: {one.status}" for one in (await self.user.list_page(kind, here)).items]
        events = [event.body() for event in (await self.user.list_page(EVENT, here)).items]
        told += [f"{one['involvedObject']['name']}: {one['reason']}: {one['message']}" for one in events]
        return "\n".join([*told, *self.server.log])

    def _enqueue(self, kind: Kind, key: Key, *, low_priority: bool = False) -> None:
        if self.operator is not None:
            self.operator.manager.enqueue(kind, key, low_priority=low_priority)


@asynccontextmanager
async def simulated_world(
    seed: int = 1, fit: Callable[[Registry], Registry] = lambda one: one, *, ground: Ground | None = None,
    namespaces: Sequence[str] = (),
) -> AsyncIterator[World]:  # fmt: skip
    """With the operator started; `fit` may change what is plugged in.

    On a `ground` that others share it is told beforehand which `namespaces` there will be beside the default one.
    """
    server = SimulatedServer()
    network = Network({(HOST, PORT): server})
    engine, provider = build_engine(network, BasaltServer()), InstantProvider(HOST, PORT)
    registry = fit(Registry({engine.name: engine}, {provider.name: provider}, provider.name))
    async with (ground or InProcess(seed)).open(registry) as plane:
        user, faults = RestClient(plane.transport, Writing("user")), FaultyTransport(plane.transport)
        world = World(plane, network, server, registry, faults, user, ("default", *namespaces))
        world.start()
        try:
            yield world
        finally:
            await world.stop()


def grant_spec(user: str, database: str, *words: str, **more: Any) -> dict[str, Any]:
    """These privileges on the tables of schema `sales`."""
    privileges = [{"on": "table", "schema": "sales", "privileges": list(words)}]
    return {"userRef": {"name": user}, "databaseRef": {"name": database}, "privileges": privileges, **more}


def ready_of(resource: Resource) -> tuple[str, str]:
    """Status and reason of Ready."""
    for condition in resource.status.get("conditions", ()):
        if condition["type"] == "Ready":
            return condition["status"], condition["reason"]
    return "", ""
