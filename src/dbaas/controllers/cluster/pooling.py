"""What a cluster's pooler needs on the server, and how the pooler is.

A cluster serves with its pooler or without: nothing here holds it up. But it is not Ready without one that it was asked
to have. What is wrong is told by the condition Pooled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dbaas.api.resource import Key, Resource
from dbaas.contracts.engine import EngineError
from dbaas.contracts.lane import Lane
from dbaas.contracts.pooling import PoolerFacts
from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.controllers.cluster.report import find_phase
from dbaas.controllers.cluster.subject import Cluster
from dbaas.controllers.conditions import is_ready

POOLED, NOT_READY = "Pooled", "PoolerNotReady"
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
        serves = not self.trouble and facts.ready_replicas > 0
        proxy: dict[str, Any] = {"ready": serves, "replicas": facts.replicas, "readyReplicas": facts.ready_replicas}
        if facts.endpoint:
            proxy["endpoint"] = facts.endpoint
        told = replace(outcome, status={**outcome.status, "proxy": proxy})
        if cluster.spec.stopped:
            stopped = Condition(POOLED, "False", "Stopped", "the pooler is stopped with its cluster")
            return replace(told, conditions=(*outcome.conditions, stopped))
        if serves and facts.is_whole:
            condition = Condition(POOLED, "True", POOLED, f"the pooler serves at {facts.endpoint}")
            return replace(told, conditions=(*outcome.conditions, condition))
        troubles = (self.trouble, "" if facts.is_whole else facts.message)
        return _tell_trouble(cluster, told, "; ".join(filter(None, troubles)))


def _tell_trouble(cluster: Cluster, outcome: Outcome, trouble: str) -> Outcome:
    """A cluster that was Ready but for that is not."""
    pause = min(LOOK_AGAIN_SECONDS, outcome.requeue_after or LOOK_AGAIN_SECONDS)
    condition = Condition(POOLED, "False", NOT_READY, trouble)
    outcome = replace(outcome, conditions=(*outcome.conditions, condition), requeue_after=pause)
    if not any(each.type == "Ready" and each.status == "True" for each in outcome.conditions):
        return outcome
    ready = Condition("Ready", "False", NOT_READY, f"the cluster serves, but its pooler is not ready: {trouble}")
    conditions = tuple(ready if each.type == "Ready" else each for each in outcome.conditions)
    return replace(outcome, conditions=conditions, phase=find_phase(cluster), message=ready.message)


def choose_pooler(cluster: Cluster, published: Resource | None, *, trusted: bool) -> Cluster:
    """The same, where its pooler asks servers to prove who they are as soon as all of them can.

    `published` tells that, or that there are none yet. `trusted`: there is something to prove it by.
    """
    pooler = cluster.workload.pooler
    if pooler is None or pooler.strict is None or not trusted:
        return cluster
    if published is not None and not (published.spec.get("tls") or {}).get("enabled"):
        return cluster
    strict = replace(pooler, instance=pooler.strict, strict=None)
    return replace(cluster, workload=replace(cluster.workload, pooler=strict))


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
