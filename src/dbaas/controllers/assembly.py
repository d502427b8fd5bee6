"""Puts the controllers together; what they need is given by `app`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry

from dbaas.api.instance import instance_kind
from dbaas.api.resource import Key, Kind
from dbaas.contracts.admission import Admission
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Controller, Enqueue
from dbaas.contracts.registry import Registry
from dbaas.controllers.cluster.controller import ClusterController
from dbaas.controllers.database_engine import DatabaseEngineController
from dbaas.controllers.dues import Dues
from dbaas.controllers.facade import Facade
from dbaas.controllers.fleet import Fleet, FleetStates
from dbaas.controllers.instance import InstanceController
from dbaas.controllers.login_secrets import LoginSecretController
from dbaas.controllers.managed.controller import build_controller
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.metrics import ControllerCounts
from dbaas.controllers.monitoring_config import MonitoringConfigController
from dbaas.controllers.operation import OperationController
from dbaas.controllers.servers import Servers
from dbaas.controllers.surroundings import Surroundings
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness


class Host(Protocol):
    """Who runs the controllers."""

    @property
    def client(self) -> Client: ...

    def enqueue(self, kind: Kind, key: Key, *, low_priority: bool = False) -> None: ...

    def fleets(self) -> Sequence[Fleet]:
        """The objects of every kind that has a controller."""
        ...


class Sources(Protocol):
    """Where time and chance come from."""

    @property
    def clock(self) -> Clock: ...

    @property
    def randomness(self) -> Randomness: ...


def build_controllers(
    host: Host, servers: Servers, registry: Registry, sources: Sources, admission: Admission, metrics: CollectorRegistry
) -> list[Controller]:
    """All controllers of our group and of the dialects, ready to be added to the host."""
    surroundings = Surroundings(
        client=host.client,
        servers=servers,
        registry=registry,
        admission=admission,
        enqueue=host.enqueue,
        clock=sources.clock,
        randomness=sources.randomness,
        counts=ControllerCounts(metrics, [kind.noun for kind in MANAGED.values()], registry.engines),
        dues=Dues(sources.clock),
    )
    metrics.register(FleetStates(host.fleets))
    return [
        DatabaseEngineController(registry).build(),
        ClusterController(
            host.client, registry, sources.randomness, sources.clock, servers.find, servers.caller
        ).build(),
        OperationController(surroundings).build(),
        *InstanceController(surroundings).build(),
        LoginSecretController(host.client).build(),
        MonitoringConfigController(host.client).build(),
        *(build_controller(kind, surroundings) for kind in MANAGED.values()),
        *(Facade(foreign, host.client, admission).build() for foreign in registry.foreign_kinds()),
    ]


def instance_waker(enqueue: Enqueue) -> Callable[[str], None]:
    """For lanes to tell that a server answers again: its DatabaseInstance looks at once."""

    def wake(lane: str) -> None:
        namespace, _, name = lane.rpartition("/")
        enqueue(instance_kind(Key(namespace, name)), Key(namespace, name))

    return wake
