"""The sessions in which declared statements run, on the server that a cluster has published."""

from __future__ import annotations

from collections.abc import Callable

from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Resource
from dbaas.contracts.custom import CustomStatements, Frame
from dbaas.contracts.engine import MaySend, Session
from dbaas.contracts.lane import Lane
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.controllers.operation.declared import ScriptStep
from dbaas.controllers.operation.runs import Run
from dbaas.controllers.servers import Server, read_server
from dbaas.controllers.surroundings import Surroundings
from dbaas.manifests.metadata import is_controlled_by

LEAST_CONNECTIONS = 2  # one is taken for hours, and without another nothing else could be done on the server


class Sessions:
    """All raise Waiting, Refused and EngineError."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    async def send(self, cluster: Resource, step: ScriptStep, frame: Frame, wake: Callable[[], None], run: Run) -> str:
        """In a session of its own, which counts against the connections of the lane, once `run` is released."""
        server, part, lane = await self._reach(cluster)
        if server.spec.max_connections < LEAST_CONNECTIONS:
            text = (
                "a statement takes one connection for as long as it goes on: let spec.maxConnections of "
                f"DatabaseInstance {server.key.name!r} be {LEAST_CONNECTIONS} or more"
            )
            raise Refused("TooFewConnections", text)

        async def work(session: Session, may_send: MaySend) -> str:
            await run.wait_for_release(wake)
            return await part.run(session, step.sql, may_send)

        return await lane.visit(None, work, lambda: part.connect(lane.address, step.database, frame))

    async def end(self, cluster: Resource, name: str) -> bool:
        """Whether there was one of that name; it may take a moment to go."""
        _, part, lane = await self._reach(cluster)
        return await lane.visit(None, lambda session, _: part.end(session, name))

    async def _reach(self, cluster: Resource) -> tuple[Server, CustomStatements, Lane]:
        instance = await self._surroundings.client.get(DATABASE_INSTANCE, cluster.key)
        if instance is None or not is_controlled_by(instance, cluster):
            raise Waiting("ServerNotReached", f"DatabaseCluster {cluster.key.name!r} has published no server")
        server = read_server(instance, self._surroundings.registry)
        part = server.engine.custom_statements
        if part is None:
            raise Refused("NotSupported", f"dbaas cannot run statements of a catalogue on {server.engine.name}")
        return server, part, await self._surroundings.servers.reach(server)
