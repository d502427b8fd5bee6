"""How a cluster gets fewer instances: never those that go take the primary with them, or what only they have.

One that stays becomes the primary first. Then the others go, and only when they have gone the rest is made what it is
to be: who is the last of several must not be replaced by one of the others while it is started anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from dbaas.api.resource import Resource
from dbaas.contracts.action import SWITCHOVER
from dbaas.contracts.client import Client
from dbaas.contracts.provider import InstanceFacts
from dbaas.controllers.cluster.acting import Acting
from dbaas.controllers.cluster.subject import Cluster, enlarge
from dbaas.controllers.cluster.witnesses import find_witnesses
from dbaas.core.clock import Clock
from dbaas.manifests.agreement import LEADER, PRIMARY, find_note


@dataclass(frozen=True)
class Step:
    """`leaves` may go now; `waits` tells what must be before anything else is changed. `successor` is to take over."""

    leaves: frozenset[str] = frozenset()
    waits: str = ""
    successor: str = ""


@dataclass(frozen=True)
class Shrunk:
    """The cluster as it is rendered now, without the instances that leave; `waits` as of `Step`."""

    cluster: Cluster
    leaves: frozenset[str] = frozenset()
    waits: str = ""


def find_step(stay: Sequence[str], go: Collection[str], facts: Sequence[InstanceFacts]) -> Step:
    """For instances of a cluster that runs. Those that stay are taken in order."""
    there = {one.name: one for one in facts}
    primary = next((one.name for one in facts if one.role == PRIMARY), "")
    going = ", ".join(sorted(go))
    if primary in stay:
        return Step(frozenset(go), f"{going} must have gone first")
    if not primary:
        return Step(waits=f"{going} can go when one that stays is the primary, and none is at present")
    fit = [name for name in stay if name in there and there[name].is_ready]
    if not fit:
        return Step(waits=f"{primary} goes, and {stay[0]}, which is to be the primary instead, is not ready")
    return Step(waits=f"{primary} goes, so {fit[0]} takes over first", successor=fit[0])


class Shrinking:
    """For one cluster after another."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._acting = Acting(client)
        self._clock = clock

    async def take(self, cluster: Cluster, children: Sequence[Resource]) -> Shrunk:
        """`children` are those that there are. The cluster as it is where no instance of it must go."""
        stay = [instance.name for instance in cluster.workload.instances]
        there = cluster.provider.observe(cluster.resource, children).instances
        if not cluster.workload.notes and find_note(cluster.resource, LEADER, children) is not None:
            # Of several one is left, and what runs of the others is seen by witnesses alone.
            witnesses = await find_witnesses(self._client, cluster)
            there = cluster.provider.observe(cluster.resource, [*children, *witnesses]).instances
        go = [one.name for one in there if one.name not in stay]
        before = enlarge(cluster, go) if go and not cluster.resource.metadata.is_deleting else None
        if before is None:
            return Shrunk(cluster)
        if cluster.spec.stopped:
            return Shrunk(before, waits=f"{', '.join(sorted(go))} can go when the cluster is started")
        witnesses = await find_witnesses(self._client, cluster)
        step = find_step(stay, go, cluster.provider.observe(cluster.resource, [*children, *witnesses]).instances)
        if step.successor:
            step = await self._hand_over(cluster, step)
        return Shrunk(before, step.leaves, step.waits)

    async def _hand_over(self, cluster: Cluster, step: Step) -> Step:
        if SWITCHOVER not in cluster.provider.actions:
            return step
        now = self._clock.now()
        refusal = await self._acting.hand_over(cluster.resource, cluster.provider, now, step.successor)
        return replace(step, waits=refusal) if refusal else step
