"""A cluster of granite and everything around it, on the fake client."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.provider import ServerPart, Site, Workload
from dbaas.contracts.reconcile import Outcome
from dbaas.contracts.registry import Registry
from dbaas.controllers.cluster.controller import ClusterController
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.tokens import lives_on
from dbaas.core.clock import EPOCH, SystemClock
from dbaas.core.randomness import SeededRandomness
from fixtures.clients import FakeClient
from fixtures.registries import RUNNER, GraniteServer, granite_registry, granite_spec

KEY = Key("default", "main")
CREDENTIALS = Key("default", "main-credentials")


class Wall(SystemClock):
    """A clock that is set. At first it is Thursday, 1 January 2026, 00:00 UTC."""

    moment = EPOCH

    def now(self) -> datetime:
        return self.moment


class World:
    """One client, one controller; every reconcile reads the object anew and keeps its outcome as the status."""

    def __init__(self, client: FakeClient | None = None) -> None:
        self.client = client or FakeClient()
        self.client.provides = {kind: lambda each: [lives_on(KEY)] for kind in MANAGED}
        self.client.put(NAMESPACE, {"metadata": {"name": "default"}})
        self.clock = Wall()
        self._controller = ClusterController(self.client, granite_registry(), SeededRandomness(1), self.clock)

    def declare(self, **more: Any) -> None:
        metadata = {"name": KEY.name, "namespace": KEY.namespace}
        old = self.get(DATABASE_CLUSTER)
        if old is not None:
            metadata = old.body()["metadata"]
        self.client.put(DATABASE_CLUSTER, {"metadata": metadata, "spec": granite_spec(**more)})

    async def reconcile(self) -> Outcome:
        resource = self.get(DATABASE_CLUSTER)
        assert resource is not None
        outcome = await self._controller.reconcile(resource)
        if not outcome.gone:
            self.show(DATABASE_CLUSTER, KEY, _status(outcome, resource.metadata.generation))
        return outcome

    def referred(self, cluster: Resource) -> Iterable[str]:
        """The tokens that wake it."""
        references = self._controller.build().references
        return references(cluster) if references is not None else ()

    def get(self, kind: Kind, key: Key = KEY) -> Resource | None:
        return self.client.peek(kind, key)

    def show(self, kind: Kind, key: Key, status: dict[str, Any]) -> None:
        """Sets a status as another controller would."""
        self.client.objects[kind.resource, key]["status"] = status

    def serve(self, name: str = "main-0") -> None:
        """The runner runs, and the published server answers."""
        self.show(RUNNER, Key("default", name), {"ready": True})

    def connect(self) -> None:
        ready = {"type": "Ready", "status": "True", "reason": "Ready", "message": ""}
        self.show(DATABASE_INSTANCE, KEY, {"version": "2.3", "conditions": [ready]})

    def delete(self, kind: Kind, key: Key = KEY) -> None:
        self.client.mark_deleted(kind, key)

    def password(self) -> object:
        secret = self.get(SECRET, CREDENTIALS)
        return secret.body()["data"]["password"] if secret else None

    def told(self) -> list[str]:
        return [event.reason for event in self.client.events]


class Agreeing(GraniteServer):
    """Several of them have notes."""

    def workload(self, name: str, spec: Any, site: Site = "laptop") -> Workload:
        found = super().workload(name, spec, site)
        return replace(found, notes={"leader": {}, "sync": {}} if spec.cluster_size > 1 else {})


def agreeing_registry() -> Registry:
    """Servers of which several agree in notes."""
    registry = granite_registry()
    server: ServerPart = Agreeing()
    engines = {"granite": replace(registry.engines["granite"], server=server)}
    return replace(registry, engines=engines)


def _status(outcome: Outcome, generation: int) -> dict[str, Any]:
    conditions = [{"type": c.type, "status": c.status, "reason": c.reason} for c in outcome.conditions]
    return {**outcome.status, "phase": outcome.phase, "observedGeneration": generation, "conditions": conditions}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def serving(world: World) -> World:
    """A cluster that is Ready."""
    world.declare()
    await world.reconcile()
    world.serve()
    await world.reconcile()
    world.connect()
    outcome = await world.reconcile()
    assert outcome.phase == "Ready"
    return world
