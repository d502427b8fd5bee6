"""How the data of one instance is thrown away and copied anew from the primary. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dbaas.api.process import PROCESS
from dbaas.api.resource import LABEL_INSTANCE, Resource
from dbaas.contracts.action import Move, Task, Write
from dbaas.manifests.agreement import read_agreement
from dbaas.manifests.copying import explain_wait, is_copied

DATA_MARK = "dataMark"


def rebuild(cluster: Resource, task: Task, children: Sequence[Resource]) -> Move:
    """The Process of that instance is told that the folder of this task is wanted, which no folder is so far.

    Raises Refused for the primary, and for an instance that there is not.
    """
    agreement = read_agreement(cluster, children)
    there = next((each for each in children if each.kind == PROCESS and _instance_of(each) == task.instance), None)
    if there is not None and there.spec.get(DATA_MARK) == task.mark:
        return Move(
            waits="" if _serves(there) and is_copied(agreement, task.instance) else f"{task.instance} is copied"
        )
    wait = explain_wait(agreement, task.instance)
    if wait or there is None:
        return Move(waits=wait or f"{task.instance} is made", has_begun=False)
    return Move([Write(there, {"spec": {DATA_MARK: task.mark}})], f"{task.instance} is asked for it", has_begun=False)


def _instance_of(process: Resource) -> str:
    return process.metadata.labels.get(LABEL_INSTANCE, "")


def _serves(process: Resource) -> bool:
    """Since it was told so."""
    is_current = int(process.status.get("observedGeneration") or 0) >= process.metadata.generation
    conditions = process.status.get("conditions") or ()
    return is_current and any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
