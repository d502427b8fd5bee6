"""The status of a cluster, from what was observed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dbaas.api.resource import Resource
from dbaas.contracts.provider import VOLUME_REFUSED, VOLUMES_GROW, ClusterFacts
from dbaas.contracts.reconcile import Condition, Outcome, Refused
from dbaas.controllers.cluster.instances import build_instances
from dbaas.controllers.cluster.maintenance import Pending
from dbaas.controllers.cluster.stages import UPGRADING, keep_note, note_failure
from dbaas.controllers.cluster.subject import Cluster
from dbaas.controllers.cluster.version import describe_other
from dbaas.controllers.conditions import is_ready, ready_message, ready_reason

WITNESS_SECONDS = 5.0
MEMBERS_SECONDS = 20.0  # how far a replica is behind, what must be started anew: only the witnesses say so
TURN_SECONDS = 2.0
STRAGGLER_SECONDS = 15.0  # whether a replica can ever catch up is told by nobody
ROLLING_OUT = "RollingOut"
NOT_SYNCHRONOUS = "NotSynchronous"
REFUSED_SECONDS = 60.0  # what classes of volumes allow is watched by nobody
HAS_SERVED = frozenset({"Ready", "Healing", "Updating", "Scaling", "Stopped", UPGRADING})


def build_outcome(
    cluster: Cluster, facts: ClusterFacts, instance: Resource | None, volume_refused: str = "", rolling: str = ""
) -> Outcome:
    """Ready when every instance serves, our login to the published server was proven, and volumes are as wanted.

    Volumes that grow serve meanwhile. `rolling` tells of an instance that waits for its turn to be started anew.
    Raises Refused where an instance never starts as things stand.
    """
    failed = next((one for one in facts.instances if one.wants_back), None)
    if failed is not None and not cluster.spec.stopped:
        return note_failure(cluster, build_status(cluster, facts, instance), failed)
    refused = next((one for one in facts.instances if one.is_refused), None)
    if refused is not None and not cluster.spec.stopped:
        raise Refused(
            refused.reason, f"{refused.name}: {refused.message}", status=build_status(cluster, facts, instance)
        )
    condition = _judge(cluster, facts, instance, volume_refused)
    if rolling and condition.status == "True":
        condition = Condition("Ready", "False", ROLLING_OUT, f"the cluster serves; {rolling}")
    return Outcome(
        conditions=(condition,),
        status=build_status(cluster, facts, instance),
        phase=_phase(cluster, condition, facts),
        message=condition.message,
        requeue_after=REFUSED_SECONDS if condition.reason == VOLUME_REFUSED else _look_again(cluster, facts, rolling),
    )


def with_pending(outcome: Outcome, pending: Sequence[Pending], now: datetime) -> Outcome:
    """The same with what waits, and a look when the first of it need not wait any more."""
    if not pending:
        return outcome
    times = [(each.until - now).total_seconds() for each in pending if each.until is not None]
    pauses = [*times, *([outcome.requeue_after] if outcome.requeue_after is not None else [])]
    return replace(
        outcome,
        status={**outcome.status, "pending": [each.body() for each in pending]},
        message=f"{outcome.message}; {len(pending)} changes wait"
        if len(pending) > 1
        else f"{outcome.message}; a change waits: {pending[0].reason}",
        requeue_after=max(min(pauses), 0.1) if pauses else None,
    )


def _look_again(cluster: Cluster, facts: ClusterFacts, rolling: str) -> float | None:
    """Nobody watches witnesses, nor what instances agree on, so while these are asked they are asked again."""
    if rolling:
        return TURN_SECONDS
    are_several, are_well = len(facts.instances) > 1, all(one.is_ready and one.role for one in facts.instances)
    if cluster.spec.stopped:
        return WITNESS_SECONDS if cluster.provider.witnesses and _find_left(facts) else None
    if not cluster.provider.witnesses:
        return STRAGGLER_SECONDS if are_several and not are_well else None
    if facts.growing or not are_well:
        return WITNESS_SECONDS
    return MEMBERS_SECONDS if are_several else None


def build_status(cluster: Cluster, facts: ClusterFacts, instance: Resource | None) -> dict[str, Any]:
    """Everything but conditions and phase."""
    ready = [one for one in facts.instances if one.is_ready]
    endpoint = f"{facts.host}:{facts.port}" if facts.host and facts.port else None
    primary = next((one.name for one in ready if one.role == "primary"), None)
    database: dict[str, Any] = {
        "ready": bool(facts.instances) and len(ready) == len(facts.instances),
        "instances": len(facts.instances),
        "readyInstances": len(ready),
        "roles": {one.name: one.role for one in facts.instances if one.role},
        "endpoints": _endpoints(endpoint, facts),
    }
    if primary:
        database["primaryInstance"] = primary
    status: dict[str, Any] = {"database": database, "currentVersion": _version(cluster, instance)}
    status |= keep_note(cluster)
    if facts.instances:
        status["instances"] = build_instances(facts.instances)
    if endpoint:
        status["endpoint"] = endpoint
    if identity := (instance is not None and instance.status.get("identity")) or cluster.resource.status.get(
        "identity"
    ):
        status["identity"] = identity
    if instance is not None:
        status["instanceRef"] = {"name": instance.metadata.name}
    return status


def _endpoints(primary: str | None, facts: ClusterFacts) -> dict[str, str]:
    found = {"primary": primary, "replica": facts.replica, "external": facts.external}
    return {name: value for name, value in found.items() if value}


def _judge(cluster: Cluster, facts: ClusterFacts, instance: Resource | None, volume_refused: str) -> Condition:
    if cluster.spec.stopped:
        if left := _find_left(facts):
            return Condition("Ready", "False", "Stopping", f"the servers are being stopped: {', '.join(left)}")
        return Condition("Ready", "False", "Stopped", "the servers are stopped; their data is kept")
    waiting = [one for one in facts.instances if not one.is_ready]
    if waiting or not facts.instances:
        ready = len(facts.instances) - len(waiting)
        counted = f"{ready} of {len(cluster.workload.instances)} instances are ready"
        why = next((f"{one.name}: {one.message}" for one in waiting if one.message), "")
        reason = next((one.reason for one in waiting if one.reason), "InstancesNotReady")
        return Condition("Ready", "False", reason, f"{counted}; {why}" if why else counted)
    if instance is None:
        return Condition("Ready", "False", "Publishing", "the server is not published yet")
    if not is_ready(instance):
        return Condition(
            "Ready", "False", ready_reason(instance) or "Connecting", ready_message(instance) or "connecting"
        )
    if other := describe_other(instance):
        return Condition("Ready", "False", UPGRADING, other)
    if facts.exposed:
        return Condition("Ready", "False", NOT_SYNCHRONOUS, f"the cluster serves, but {facts.exposed}")
    if volume_refused:
        message = f"the cluster serves, but its volume does not grow: {volume_refused}"
        return Condition("Ready", "False", VOLUME_REFUSED, message)
    if facts.growing:
        return Condition("Ready", "True", VOLUMES_GROW, f"the cluster serves; {'; '.join(facts.growing)}")
    return Condition("Ready", "True", "Ready", "; ".join(["the cluster serves", *facts.unsettled]))


def _phase(cluster: Cluster, condition: Condition, facts: ClusterFacts) -> str:
    if cluster.spec.stopped:
        return "Updating" if _find_left(facts) else "Stopped"
    if condition.status == "True":
        return "Updating" if facts.growing else "Ready"
    if condition.reason == VOLUME_REFUSED:
        return "Failed"
    if condition.reason == ROLLING_OUT:
        return "Updating"
    return UPGRADING if condition.reason == UPGRADING else find_phase(cluster)


def _find_left(facts: ClusterFacts) -> Sequence[str]:
    """Names of instances of which anything runs."""
    return [one.name for one in facts.instances if one.is_ready or one.lingers]


def find_phase(cluster: Cluster) -> str:
    """Of one that is not as it is wanted, by what it was before."""
    status = cluster.resource.status
    if status.get("phase") not in HAS_SERVED:
        return "Provisioning"
    known = (status.get("database") or {}).get("instances", 0)
    if status["phase"] == "Scaling" or (known and known != len(cluster.workload.instances)):
        return "Scaling"
    if status["phase"] == UPGRADING:
        return UPGRADING
    if status.get("observedGeneration") != cluster.resource.metadata.generation or status["phase"] == "Stopped":
        return "Updating"
    return "Updating" if status["phase"] == "Updating" else "Healing"


def _version(cluster: Cluster, instance: Resource | None) -> str:
    """What it last said; before it has ever said so, what was asked for."""
    answered = instance.status.get("version") if instance is not None else None
    return str(answered or cluster.resource.status.get("currentVersion") or cluster.spec.engine.version)
