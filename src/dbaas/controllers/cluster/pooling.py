"""What a cluster's pooler needs on the server, and how the pooler is.

A cluster serves with its pooler or without: nothing here holds it up. What is wrong is told by the condition Pooled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dbaas.api.resource import Key, Resource
from dbaas.contracts.engine import EngineError
from dbaas.contracts.lane import Lane
from dbaas.contracts.pooling import PoolerFacts
from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.controllers.cluster.subject import Cluster
from dbaas.controllers.conditions import is_ready

POOLED = "Pooled"
LOOK_AGAIN_SECONDS = 10.0  # of a login that comes, a server that is away, a program that is installed, nobody tells
FindLane = Callable[[Key], Lane | None]


def no_lane(server: Key) -> Lane | None:
    """Where nobody reaches servers."""
    return None


@dataclass(frozen=True)
class Pooling:
    """`trouble` is what is still missing on the server; empty where nothing is."""

    trouble: str = ""

    def tell(self, cluster: Cluster, facts: PoolerFacts | None, outcome: Outcome) -> Outcome:
        """The same outcome, with the pooler in it."""
        if cluster.workload.pooler is None:
            return outcome
        facts = facts or PoolerFacts(message="it is not there yet")
        serves = not self.trouble and 0 < facts.replicas == facts.ready_replicas
        status = {"ready": serves, "replicas": facts.replicas, "readyReplicas": facts.ready_replicas}
        endpoint = {"endpoint": facts.endpoint} if facts.endpoint else {}
        if serves:
            condition = Condition(POOLED, "True", POOLED, f"the pooler serves at {facts.endpoint}")
        else:
            condition = Condition(POOLED, "False", "PoolerNotReady", self.trouble or facts.message)
        soon = outcome.requeue_after
        pause = soon if serves else min(LOOK_AGAIN_SECONDS, soon or LOOK_AGAIN_SECONDS)
        return replace(
            outcome,
            conditions=(*outcome.conditions, condition),
            status={**outcome.status, "proxy": {**status, **endpoint}},
            requeue_after=pause,
        )


class Poolers:
    """Of all clusters. `find_lane` leads to a published server, once it has been reached."""

    def __init__(self, find_lane: FindLane) -> None:
        self._find_lane = find_lane

    async def keep(self, cluster: Cluster, instance: Resource | None) -> Pooling:
        """Puts on the server what is missing there."""
        prepare = cluster.engine.prepare_pooler
        if cluster.workload.pooler is None or prepare is None:
            return Pooling()
        lane = self._find_lane(cluster.key) if instance is not None and is_ready(instance) else None
        if lane is None:
            return Pooling("the server has not been reached yet")
        try:
            missing = await lane.visit(None, lambda session, _: prepare(session))
            if missing is None:
                return Pooling("its login is not there yet")
            await lane.execute(missing)
        except EngineError as error:
            return Pooling(error.message)
        return Pooling()
