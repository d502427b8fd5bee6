"""How the data of one instance is thrown away with its volume, and copied anew from the primary. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dbaas.api.core import PERSISTENT_VOLUME_CLAIM, STATEFUL_SET
from dbaas.api.resource import GROUP, LABEL_INSTANCE, Kind, Resource
from dbaas.contracts.action import Move, Task, Write
from dbaas.manifests.agreement import read_agreement
from dbaas.manifests.copying import explain_wait, is_copied

REBUILT = f"{GROUP}/rebuilt"
"""Annotation of the pod: for which task it was replaced last."""


def rebuild(cluster: Resource, task: Task, children: Sequence[Resource]) -> Move:
    """The claim goes, and the pod is replaced, without which the claim would not go. Both are made anew as always.

    Raises Refused for the primary, and for an instance that there is not.
    """
    agreement = read_agreement(cluster, children)
    runs = _find(STATEFUL_SET, task.instance, children)
    if runs is not None and _mark(runs) == task.mark:
        is_done = _serves(runs) and is_copied(agreement, task.instance)
        return Move(waits="" if is_done else f"{task.instance} is copied")
    wait = explain_wait(agreement, task.instance)
    if wait or runs is None:
        return Move(waits=wait or f"{task.instance} is made", has_begun=False)
    claim = _find(PERSISTENT_VOLUME_CLAIM, task.instance, children)
    ended = [Write(claim)] if claim is not None and not claim.metadata.is_deleting else []
    replaced = Write(runs, {"spec": {"template": {"metadata": {"annotations": {REBUILT: task.mark}}}}})
    return Move([*ended, replaced], f"{task.instance} is asked for it", has_begun=False)


def _find(kind: Kind, instance: str, children: Sequence[Resource]) -> Resource | None:
    return next((c for c in children if c.kind == kind and c.metadata.labels.get(LABEL_INSTANCE) == instance), None)


def _mark(stateful_set: Resource) -> str:
    return str((stateful_set.spec["template"]["metadata"].get("annotations") or {}).get(REBUILT, ""))


def _serves(stateful_set: Resource) -> bool:
    """With the newest pod."""
    status = stateful_set.status
    is_current = int(status.get("observedGeneration") or 0) >= stateful_set.metadata.generation
    is_updated = status.get("currentRevision") == status.get("updateRevision")
    return is_current and is_updated and int(status.get("readyReplicas") or 0) >= 1
