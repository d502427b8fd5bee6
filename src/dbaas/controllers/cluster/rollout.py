"""How children become as they are wanted while the cluster serves: some wait, for a window or for their turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbaas.api.conditions import read_condition
from dbaas.api.resource import LABEL_INSTANCE, Resource
from dbaas.contracts.action import SETTLE, SWITCHOVER, Caller, Task, call_nobody
from dbaas.contracts.client import Client
from dbaas.contracts.provider import ClusterFacts, Disruption
from dbaas.controllers.cluster.acting import Acting
from dbaas.controllers.cluster.maintenance import Pending, describe_restart, find_wait
from dbaas.controllers.cluster.rolling import Turn, are_electing, find_broken, find_turn
from dbaas.controllers.cluster.subject import Cluster
from dbaas.controllers.cluster.witnesses import find_witnesses
from dbaas.core.clock import Clock, parse_time

ELECTION_SECONDS = 45.0  # longer than Patroni takes to find that a primary is lost, and to choose another
SETTLE_SECONDS = 15.0
"""How soon an instance is started anew again, whose settings did not all count after the last time."""


@dataclass(frozen=True)
class Decision:
    """What is applied now for one child; None leaves it as it is. `pending` tells what of it waits.

    `takes_turns`: it waits for other instances.
    """

    body: Mapping[str, Any] | None
    pending: Pending | None = None
    takes_turns: bool = False


class Rollout:
    """Decides for all children of a cluster together."""

    def __init__(self, client: Client, clock: Clock, caller: Caller = call_nobody) -> None:
        self._client = client
        self._acting = Acting(client, caller)
        self._clock = clock

    async def decide(
        self, cluster: Cluster, wanted: Sequence[Mapping[str, Any]], there: Sequence[Resource | None], held: str = ""
    ) -> Sequence[Decision]:
        """For each of `wanted`; `there` is what there is of them. A primary is asked to hand over where it must.

        `held` is what all that serve wait for, empty where there is nothing.
        """
        provider, maintenance, now = cluster.provider, cluster.spec.maintenance, self._clock.now()
        found = [
            provider.disruption(running, body) if running is not None else None
            for body, running in zip(wanted, there, strict=True)
        ]
        waits = [
            find_wait(body["metadata"]["name"], disruption, maintenance, now) if disruption is not None else None
            for body, disruption in zip(wanted, found, strict=True)
        ]
        seen = [each for each in there if each is not None]
        turn = await self._find_turn(cluster, wanted, seen, found, waits, held)
        return [
            _decide(body, disruption, wait, turn) for body, disruption, wait in zip(wanted, found, waits, strict=True)
        ]

    async def settle(self, cluster: Cluster, facts: ClusterFacts) -> Pending | str:
        """What waits, where instances must be started anew, in place, before all of their settings count.

        Empty where there is nothing to wait for, or nothing that would help.
        """
        resource, now = cluster.resource, self._clock.now()
        if SETTLE not in cluster.provider.actions or not facts.unsettled or resource.metadata.is_deleting:
            return ""
        wait = find_wait(cluster.key.name, Disruption(", ".join(facts.unsettled)), cluster.spec.maintenance, now)
        if wait is not None:
            return wait
        task = Task(f"{resource.metadata.generation}.{int(now.timestamp() // SETTLE_SECONDS)}")
        return (await self._acting.advance(resource, cluster.provider, SETTLE, task)).waits

    async def _find_turn(
        self, cluster: Cluster, wanted: Sequence[Mapping[str, Any]], there: Sequence[Resource],
        found: Sequence[Disruption | None], waits: Sequence[Pending | None], held: str,
    ) -> Turn:  # fmt: skip
        disrupted = [
            (_instance_of(body), wait) for body, one, wait in zip(wanted, found, waits, strict=True) if one is not None
        ]
        changing = [name for name, wait in disrupted if name and wait is None]
        if not changing or cluster.resource.metadata.is_deleting:
            return Turn()
        shut = {name for name, wait in disrupted if wait is not None}
        witnesses = await find_witnesses(self._client, cluster)
        facts = cluster.provider.observe(cluster.resource, [*there, *witnesses]).instances
        if are_electing(facts) and self._is_new_trouble(cluster.resource):
            return Turn(held="a primary, which the instances are about to agree on")
        if held:
            return Turn(frozenset(find_broken(changing, facts)), held=held)
        turn = find_turn(changing, shut, facts)
        if not turn.gives_up:
            return turn
        any_will_do = len(turn.successors) == len(facts) - 1
        return await self._hand_over(cluster, turn, "" if any_will_do else turn.successors[0])

    def _is_new_trouble(self, cluster: Resource) -> bool:
        """Whether it was Ready a moment ago."""
        ready = read_condition(cluster, "Ready")
        if not ready or ready["status"] == "True":
            return bool(ready)
        return (self._clock.now() - parse_time(ready["lastTransitionTime"])).total_seconds() < ELECTION_SECONDS

    async def _hand_over(self, cluster: Cluster, turn: Turn, successor: str) -> Turn:
        """Where its provider cannot do that, the primary is started anew as it is."""
        if SWITCHOVER not in cluster.provider.actions:
            return Turn(frozenset({turn.gives_up}))
        now = self._clock.now()
        refusal = await self._acting.hand_over(cluster.resource, cluster.provider, now, successor, turn.gives_up)
        return Turn(waits={turn.gives_up: refusal}) if refusal else turn


def _decide(body: Mapping[str, Any], disruption: Disruption | None, wait: Pending | None, turn: Turn) -> Decision:
    if disruption is None:
        return Decision(body)
    name = _instance_of(body)
    takes_turns = wait is None and bool(name) and name not in turn.now
    if takes_turns:
        wait = Pending(describe_restart(body["metadata"]["name"], disruption), turn.waits.get(name, turn.held))
    if wait is None:
        return Decision(body)
    return Decision(disruption.meanwhile, wait, takes_turns)


def _instance_of(body: Mapping[str, Any]) -> str:
    """Empty for what is none, and takes no turns."""
    return str((body["metadata"].get("labels") or {}).get(LABEL_INSTANCE, ""))
