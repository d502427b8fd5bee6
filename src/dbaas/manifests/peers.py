"""The notes in which instances agree through the API, and who is new among them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbaas.api.core import CONFIG_MAP
from dbaas.api.resource import Resource
from dbaas.contracts.provider import Workload
from dbaas.manifests.metadata import build_metadata, build_owner, cluster_labels


def build_notes(cluster: Resource, workload: Workload, *, keeps_data: bool) -> Iterator[dict[str, Any]]:
    """Where data is kept, so are the notes: they say which of them has all that was ever acknowledged.

    They go after the cluster, and are not controlled by it: what is written in them all the time is no news to it.
    """
    for name, said in workload.notes.items():
        metadata = build_metadata(
            f"{cluster.metadata.name}-{name}", cluster, cluster_labels(cluster.metadata.name, workload.engine)
        )
        if keeps_data:
            del metadata["ownerReferences"]
        else:
            metadata["ownerReferences"] = [build_owner(cluster) | {"controller": False, "blockOwnerDeletion": False}]
        if said:
            metadata["annotations"] = dict(said)
        yield {"apiVersion": CONFIG_MAP.api_version, "kind": CONFIG_MAP.kind, "metadata": metadata}


def find_newcomers(cluster: Resource, workload: Workload) -> frozenset[str]:
    """Instances that a cluster gets which others serve already, until they have a role in it."""
    database = cluster.status.get("database") or {}
    known, roles = int(database.get("instances", 0)), database.get("roles") or {}
    is_scaling = cluster.status.get("phase") == "Scaling"
    named = [each.name for each in workload.instances]
    return frozenset(
        name for at, name in enumerate(named) if roles and name not in roles and (is_scaling or at >= known)
    )
