"""How a cluster is upgraded to another major version: what is wanted meanwhile, which may be less than its spec says.

Of several instances one is left and upgraded, then the others join it anew: replicas of one version cannot follow a
primary of another. Which stage it is in follows from what runs; only that the last one is being upgraded is noted in
the status before it begins, because from then on there may be no way back. Where what was tried has failed and nothing
serves, that is noted as well, and the version before is started again as if nobody had asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.resource import LABEL_INSTANCE, Resource
from dbaas.contracts.provider import Disruption, InstanceFacts, NotProvided
from dbaas.contracts.reconcile import Condition, Outcome, Refused
from dbaas.contracts.upgrade import UPGRADE_FAILED, find_served, older_versions
from dbaas.controllers.cluster.maintenance import Pending, find_wait
from dbaas.controllers.cluster.subject import Cluster

UPGRADING = "Upgrading"
FIELD, FAILED_FIELD = "upgradingTo", "failedUpgrade"
SOON_SECONDS = 0.1  # what we have noted wakes nobody
AGAIN_SECONDS = 5.0
LOOK_SECONDS = 60.0  # what is in the way may have gone by then, and nobody tells


@dataclass(frozen=True)
class Stage:
    """The cluster as it is wanted now. `tells` is what is still to come, empty where it is as its spec says.

    `upgrades_to` is the version that this stage ends with, `begins` that which is to be noted, for the next stage.
    `hindered` is why it cannot be upgraded as it is, and `waits` what the upgrade waits for. `may_end` is the version
    of a server that ends when this stage is made so, and is to be asked beforehand.
    """

    cluster: Cluster
    tells: str = ""
    upgrades_to: str = ""
    begins: str = ""
    hindered: str = ""
    waits: Sequence[Pending] = ()
    may_end: str = ""

    def tell(self, outcome: Outcome) -> Outcome:
        """The same, not Ready before the last stage is over. Raises Refused where that never comes as things stand."""
        if self.hindered and self.cluster.spec.stopped:
            return outcome
        if self.hindered:
            return self._tell_failure(outcome)
        if not self.tells or self.cluster.spec.stopped:
            return outcome
        conditions = [self._judge(each) if each.type == "Ready" else each for each in outcome.conditions]
        noted = {FIELD: self.begins} if self.begins else {}
        is_over = bool(self.begins) or find_served(outcome.status) == self.upgrades_to
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

    def _tell_failure(self, outcome: Outcome) -> Outcome:
        """When the version before serves."""
        ready = next(each for each in outcome.conditions if each.type == "Ready")
        if ready.reason == UPGRADING:
            return outcome
        if ready.status == "True":
            raise Refused(UPGRADE_FAILED, self.hindered, status=outcome.status, requeue_after=LOOK_SECONDS)
        told = replace(ready, message=f"{ready.message}; {self.hindered}")
        conditions = [told if each is ready else each for each in outcome.conditions]
        return replace(outcome, conditions=conditions, message=told.message)


def find_stage(cluster: Cluster, children: Sequence[Resource], now: datetime) -> Stage:
    """`children` are those that the cluster controls; of a single instance they do not count."""
    wanted, served, size = cluster.spec.engine.version, find_served(cluster.resource.status), cluster.spec.cluster_size
    if served not in older_versions(cluster.server.versions, wanted):
        return Stage(cluster)
    failure = find_failure(cluster)
    if failure:
        return hinder(cluster, served, failure)
    if cluster.resource.status.get(FIELD) == wanted and size > 1:
        tells = f"one instance is upgraded to version {wanted}, the others follow anew"
        return Stage(_reduce(cluster, wanted), tells, upgrades_to=wanted)
    wait = _find_wait(cluster, served, now)
    if size == 1 and (wait is not None or cluster.provider.runs_on == "laptop"):
        return Stage(cluster)  # on a laptop whoever ends the server asks it beforehand, and tells of it
    if size == 1:
        return Stage(cluster, f"it is upgraded to version {wanted}", upgrades_to=wanted, may_end=served)
    is_whole = len(cluster.provider.observe(cluster.resource, children).instances) == size
    if is_whole and wait is not None:
        return Stage(_keep(cluster, served), waits=(wait,))
    alone = _reduce(cluster, served)
    tells = f"before the upgrade to version {wanted} one instance alone is left"
    begins = wanted if _is_alone(alone, children) else ""
    return Stage(alone, tells, begins=begins, may_end=served if is_whole else "")


def hinder(cluster: Cluster, served: str, why: str) -> Stage:
    """All stays as it is, in the version that it has."""
    return Stage(_keep(cluster, served), hindered=why)


def note_failure(cluster: Cluster, status: Mapping[str, Any], failed: InstanceFacts) -> Outcome:
    """For an instance that wants the version back that it had: from the next time on it is what is wanted."""
    message, wanted = f"{failed.name}: {failed.message}", wanted_version(cluster)
    note = {"version": wanted, "generation": cluster.resource.metadata.generation, "message": message}
    is_new = not find_failure(cluster) and wanted != find_served(cluster.resource.status)
    told = f"{message}; the version before is started again"
    return Outcome(
        conditions=(Condition("Ready", "False", UPGRADING, told),),
        status={**status, **({FAILED_FIELD: note} if is_new else {})},
        phase=UPGRADING,
        message=told,
        requeue_after=SOON_SECONDS if is_new else AGAIN_SECONDS,
    )


def find_failure(cluster: Cluster) -> str:
    """Why this very spec could not be made so; empty where it was not tried yet."""
    note = cluster.resource.status.get(FAILED_FIELD) or {}
    is_about_it = note.get("generation") == cluster.resource.metadata.generation
    return str(note["message"]) if is_about_it and note.get("version") == wanted_version(cluster) else ""


def keep_note(cluster: Cluster) -> Mapping[str, Any]:
    """For the status: what was noted, as long as it is about what goes on."""
    noted, wanted = cluster.resource.status.get(FIELD), cluster.spec.engine.version
    begun = {FIELD: str(noted)} if noted == wanted and find_served(cluster.resource.status) != wanted else {}
    failed = {FAILED_FIELD: cluster.resource.status[FAILED_FIELD]} if find_failure(cluster) else {}
    return {**begun, **failed}


def wanted_version(cluster: Cluster) -> str:
    """By its spec, whatever the stage."""
    return str((cluster.resource.spec.get("engine") or {}).get("version", ""))


def _find_wait(cluster: Cluster, served: str, now: datetime) -> Pending | None:
    what = Disruption(f"version {cluster.spec.engine.version} instead of {served}")
    return find_wait(cluster.key.name, what, cluster.spec.maintenance, now)


def _keep(cluster: Cluster, version: str) -> Cluster:
    return cluster.ask(_with_version(cluster, version))


def _reduce(cluster: Cluster, version: str) -> Cluster:
    """To one instance of that version. What has begun waits for no window."""
    spec = _with_version(cluster, version)
    return cluster.ask(spec.model_copy(update={"cluster_size": 1, "maintenance": None}))


def _with_version(cluster: Cluster, version: str) -> DatabaseClusterSpec:
    engine = cluster.spec.engine.model_copy(update={"version": version})
    return cluster.spec.model_copy(update={"engine": engine})


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
