"""How several instances are upgraded to another major version: one is left and upgraded, then the others join it anew.

Replicas of one version cannot follow a primary of another. Which stage it is in follows from what runs; only that the
last one is being upgraded is noted in the status before it begins, because from then on there may be no way back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbaas.api.resource import LABEL_INSTANCE, Resource
from dbaas.contracts.provider import NotProvided
from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.contracts.upgrade import older_versions
from dbaas.controllers.cluster.subject import Cluster

UPGRADING = "Upgrading"
FIELD = "upgradingTo"
SOON_SECONDS = 0.1  # what we have noted wakes nobody


@dataclass(frozen=True)
class Stage:
    """The cluster as it is wanted now. `tells` is what is still to come, empty where it is as its spec says.

    `upgrades_to` is the version that this stage ends with, `begins` that which is to be noted, for the next stage.
    """

    cluster: Cluster
    tells: str = ""
    upgrades_to: str = ""
    begins: str = ""

    def tell(self, outcome: Outcome) -> Outcome:
        """The same, not Ready before the last stage is over."""
        if not self.tells or self.cluster.spec.stopped:
            return outcome
        conditions = [self._judge(each) if each.type == "Ready" else each for each in outcome.conditions]
        noted = {FIELD: self.begins} if self.begins else {}
        is_over = bool(self.begins) or _major(outcome.status.get("currentVersion")) == self.upgrades_to
        pauses = [each for each in (outcome.requeue_after, SOON_SECONDS if is_over else None) if each is not None]
        return replace(
            outcome,
            conditions=conditions,
            status={**outcome.status, **noted},
            phase=UPGRADING,
            message=next(each.message for each in conditions if each.type == "Ready"),
            requeue_after=min(pauses, default=None),
        )

    def _judge(self, ready: Condition) -> Condition:
        if ready.status != "True":
            return replace(ready, message=f"{ready.message}; {self.tells}")
        return Condition("Ready", "False", UPGRADING, f"the cluster serves; {self.tells}")


def find_stage(cluster: Cluster, children: Sequence[Resource]) -> Stage:
    """`children` are those that the cluster controls. Of a single instance it is all one stage."""
    wanted, served = cluster.spec.engine.version, _served_version(cluster)
    if cluster.spec.cluster_size == 1 or served not in older_versions(cluster.server.versions, wanted):
        return Stage(cluster)
    if cluster.resource.status.get(FIELD) == wanted:
        tells = f"one instance is upgraded to version {wanted}, the others follow anew"
        return Stage(_reduce(cluster, wanted), tells, upgrades_to=wanted)
    alone = _reduce(cluster, served)
    tells = f"before the upgrade to version {wanted} one instance alone is left"
    return Stage(alone, tells, begins=wanted if _is_alone(alone, children) else "")


def keep_note(cluster: Cluster) -> Mapping[str, str]:
    """For the status: what was noted, as long as it is about what goes on."""
    noted, wanted = cluster.resource.status.get(FIELD), cluster.spec.engine.version
    return {FIELD: str(noted)} if noted == wanted and _served_version(cluster) != wanted else {}


def _served_version(cluster: Cluster) -> str:
    return _major(cluster.resource.status.get("currentVersion"))


def _major(version: object) -> str:
    return str(version or "").partition(".")[0]


def _reduce(cluster: Cluster, version: str) -> Cluster:
    """To one instance of that version."""
    engine = cluster.spec.engine.model_copy(update={"version": version})
    spec = cluster.spec.model_copy(update={"cluster_size": 1, "engine": engine})
    workload = cluster.server.workload(cluster.key.name, spec, cluster.provider.runs_on)
    return replace(cluster, spec=spec, workload=workload)


def _is_alone(alone: Cluster, children: Sequence[Resource]) -> bool:
    """One instance serves, and is in everything as a single one is."""
    facts = alone.provider.observe(alone.resource, children).instances
    if len(facts) != 1 or not facts[0].is_ready:
        return False
    try:
        wanted = alone.provider.children(alone.resource, alone.workload, alone.server)
    except NotProvided:
        return False
    running = {(each.kind.kind, each.key.name): each for each in children}
    return all(_is_as_wanted(alone, body, running) for body in wanted)


def _is_as_wanted(cluster: Cluster, body: Mapping[str, Any], running: Mapping[tuple[str, str], Resource]) -> bool:
    if LABEL_INSTANCE not in (body["metadata"].get("labels") or {}):
        return True
    found = running.get((body["kind"], body["metadata"]["name"]))
    return found is not None and cluster.provider.disruption(found, body) is None
