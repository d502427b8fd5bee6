"""What instances that agree through the API need in it: each a Pod to say how it is, all together their notes.

The Pods are as those in Kubernetes would be, only that no node runs them: each stands for the Process of its name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import LABEL_INSTANCE, Resource
from dbaas.contracts.provider import Workload
from dbaas.manifests.metadata import LABEL_ROLE, build_metadata, build_owner, cluster_labels

PRIMARY = "primary"
LEADER = "leader"
STATUS = "status"


def render_peers(cluster: Resource, workload: Workload, *, keeps_data: bool) -> Iterator[dict[str, Any]]:
    """Nothing where the only instance has nobody to agree with.

    Where data is kept, so are the notes: they say which of them has all that was ever acknowledged.
    """
    labels = cluster_labels(cluster.metadata.name, workload.engine)
    for name, said in workload.notes.items():
        yield _note(cluster, labels, name, said, keeps_data)
    for instance in workload.instances:
        if instance.uses_api:
            yield {
                "apiVersion": POD.api_version,
                "kind": POD.kind,
                "metadata": build_metadata(instance.name, cluster, labels | {LABEL_INSTANCE: instance.name}),
                "spec": {"containers": [{"name": "server", "image": "none"}]},
            }


def find_newcomers(cluster: Resource, workload: Workload) -> frozenset[str]:
    """Instances that a cluster gets which others serve already, until they have a role in it."""
    database = cluster.status.get("database") or {}
    known, roles = int(database.get("instances", 0)), database.get("roles") or {}
    is_scaling = cluster.status.get("phase") == "Scaling"
    named = [each.name for each in workload.instances]
    return frozenset(
        name for at, name in enumerate(named) if roles and name not in roles and (is_scaling or at >= known)
    )


def read_roles(cluster: Resource, children: Sequence[Resource]) -> Mapping[str, str] | None:
    """By instance, None where the only one is the primary. A primary that has died may still be labelled as such."""
    pods = {child.metadata.name: child for child in children if child.kind == POD}
    if not pods:
        return None
    note = f"{cluster.metadata.name}-{LEADER}"
    notes = [child.metadata for child in children if child.kind == CONFIG_MAP and child.metadata.name == note]
    leader = notes[0].annotations.get(LEADER, "") if notes else ""
    labelled = {name: pod.metadata.labels.get(LABEL_ROLE, "") for name, pod in pods.items()}
    return {name: "" if role == PRIMARY and name != leader else role for name, role in labelled.items()}


def find_unsettled(children: Sequence[Resource]) -> tuple[str, ...]:
    """What the instances say of settings that only a start makes count."""
    found: list[str] = []
    for pod in (child.metadata for child in children if child.kind == POD):
        try:
            said = json.loads(pod.annotations.get(STATUS, "{}"))
        except ValueError:
            continue
        reasons = said.get("pending_restart_reason") if isinstance(said, dict) else None
        if isinstance(reasons, dict) and reasons:
            found.append(f"{pod.name} must be started anew before these settings count: {', '.join(sorted(reasons))}")
    return tuple(found)


def _note(
    cluster: Resource, labels: Mapping[str, str], name: str, said: Mapping[str, str], keeps_data: bool
) -> dict[str, Any]:
    """It goes after the cluster, and is not controlled by it: what is written in it all the time is no news to it."""
    metadata = build_metadata(f"{cluster.metadata.name}-{name}", cluster, labels)
    if keeps_data:
        del metadata["ownerReferences"]
    else:
        metadata["ownerReferences"] = [build_owner(cluster) | {"controller": False, "blockOwnerDeletion": False}]
    if said:
        metadata["annotations"] = dict(said)
    return {"apiVersion": CONFIG_MAP.api_version, "kind": CONFIG_MAP.kind, "metadata": metadata}
