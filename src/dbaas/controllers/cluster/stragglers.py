"""Replicas that can never catch up, because the primary has thrown away what they still need: they are copied anew."""

from __future__ import annotations

from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import LABEL_CLUSTER, Key, Resource
from dbaas.contracts.action import REBUILD, Task
from dbaas.contracts.client import Client
from dbaas.contracts.engine import EngineError
from dbaas.contracts.provider import ClusterFacts
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.cluster.acting import Acting
from dbaas.controllers.cluster.pooling import FindLane
from dbaas.controllers.cluster.subject import Cluster
from dbaas.core.clock import Clock
from dbaas.manifests.agreement import Agreement, Member, read_agreement

LOOK_SECONDS = 15.0
"""How often the primary is asked, while a replica does not follow it."""


class Stragglers:
    """Of all clusters. `find_lane` leads to a published server, once it has been reached."""

    def __init__(self, client: Client, clock: Clock, find_lane: FindLane) -> None:
        self._client = client
        self._acting = Acting(client)
        self._clock = clock
        self._find_lane = find_lane
        self._looked: dict[Key, float] = {}

    async def rebuild(self, cluster: Cluster, facts: ClusterFacts) -> None:
        """Only those of which it is certain; what hinders it is no error, because it is tried again."""
        are_all_well = len(facts.instances) < 2 or all(one.is_ready for one in facts.instances)
        if are_all_well or cluster.spec.stopped or not self._is_due(cluster.key):
            return
        agreement = await self._read_agreement(cluster)
        behind = [each for each in agreement.members.values() if _is_behind(each, agreement)]
        horizon = await self._find_horizon(cluster) if behind and agreement.primary else 0
        for member in behind:
            if member.position < horizon:
                await self._copy(cluster, member)

    def _is_due(self, key: Key) -> bool:
        now = self._clock.monotonic()
        if now - self._looked.get(key, -LOOK_SECONDS) < LOOK_SECONDS:
            return False
        self._looked[key] = now
        return True

    async def _read_agreement(self, cluster: Cluster) -> Agreement:
        labels, found = {LABEL_CLUSTER: cluster.key.name}, list[Resource]()
        for kind in (POD, CONFIG_MAP):
            found += await self._client.list(kind, namespace=cluster.key.namespace, labels=labels, fresh=True)
        return read_agreement(cluster.resource, found)

    async def _find_horizon(self, cluster: Cluster) -> int:
        """Zero where nobody can tell."""
        find, lane = cluster.engine.find_horizon, self._find_lane(cluster.key)
        if find is None or lane is None or REBUILD not in cluster.provider.actions:
            return 0
        try:
            return await lane.visit(None, lambda session, _: find(session))
        except EngineError:
            return 0

    async def _copy(self, cluster: Cluster, member: Member) -> None:
        """Once for the place where it has stopped: as long as it is copied, it says nothing of where it is."""
        task = Task(f"lost-{member.timeline}-{member.position}", member.instance)
        try:
            move = await self._acting.advance(cluster.resource, cluster.provider, REBUILD, task)
        except Refused:
            return
        if move.writes:
            note = f"{member.instance} needs changes that the primary does not have any more: it is copied anew"
            self._client.event(cluster.resource, "Warning", "ReplicaLost", note)


def _is_behind(member: Member, agreement: Agreement) -> bool:
    return member.instance != agreement.leader and not member.is_streaming and member.position > 0
