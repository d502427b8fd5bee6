"""Operations that are an action of the cluster's provider instead of a change of its spec."""

from __future__ import annotations

from contextlib import suppress

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.resource import Resource
from dbaas.contracts.action import SWITCHOVER, WITHDRAW, Move, Task
from dbaas.contracts.client import Client
from dbaas.contracts.operation import Operation
from dbaas.contracts.provider import Provider
from dbaas.contracts.reconcile import Refused
from dbaas.contracts.registry import Registry
from dbaas.controllers.cluster.acting import Acting
from dbaas.controllers.cluster.subject import entry_key
from dbaas.controllers.operation.request import Request

LOOK_SECONDS = 2.0
"""How often it is asked how far an action is: not all that it waits for is told by a watch."""


class Actions:
    """Takes one operation after another further. The uid of the OpsRequest is the mark of what it has begun."""

    def __init__(self, client: Client, registry: Registry) -> None:
        self._client = client
        self._registry = registry
        self._acting = Acting(client)

    async def has_begun(self, request: Request, cluster: Resource) -> bool:
        """What cannot be done has not begun."""
        provider, operation = await self._find_provider(request, cluster)
        try:
            move = await self._acting.look(cluster, provider, operation.action, _task(request, operation))
        except Refused:
            return False
        return move.has_begun

    async def advance(self, request: Request, cluster: Resource) -> Move:
        """Raises Refused where it cannot be done, or has failed."""
        provider, operation = await self._find_provider(request, cluster)
        return await self._acting.advance(cluster, provider, operation.action, _task(request, operation))

    async def withdraw(self, request: Request) -> None:
        """What it has asked for and nobody has begun must not happen after its end."""
        cluster = await self._client.get(DATABASE_CLUSTER, request.cluster)
        if cluster is None or request.operation is None or request.operation.action != SWITCHOVER:
            return
        with suppress(Refused):
            provider, operation = await self._find_provider(request, cluster)
            if WITHDRAW in provider.actions:
                await self._acting.advance(cluster, provider, WITHDRAW, _task(request, operation))

    async def _find_provider(self, request: Request, cluster: Resource) -> tuple[Provider, Operation]:
        entry = await self._client.get(DATABASE_ENGINE, entry_key(cluster, self._registry))
        name = str(cluster.spec.get("provider") or (entry.spec.get("provider", "") if entry is not None else ""))
        provider, operation = self._registry.provider(name), request.operation
        if provider is None or operation is None or operation.action not in provider.actions:
            raise Refused("ActionMissing", f"who runs {cluster.key.name!r} cannot do {request.spec.type}")
        return provider, operation


def _task(request: Request, operation: Operation) -> Task:
    return Task(request.uid, operation.instance(request.spec))
