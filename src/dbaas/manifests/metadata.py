"""Owner references and labels of the objects that we make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.resource import LABEL_CLUSTER, LABEL_ENGINE, Resource

MANAGED_BY = "app.kubernetes.io/managed-by"
LABEL_ROLE = "dbaas.io/role"
"""What an instance is at present: the Services of a cluster find it by that."""


def build_owner(owner: Resource) -> dict[str, Any]:
    """The reference to a controlling owner: the child goes when the owner goes."""
    return {
        "apiVersion": owner.kind.api_version,
        "kind": owner.kind.kind,
        "name": owner.metadata.name,
        "uid": owner.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def build_metadata(name: str, owner: Resource, labels: Mapping[str, str]) -> dict[str, Any]:
    """Metadata of a child in its owner's namespace."""
    return {
        "name": name,
        "namespace": owner.metadata.namespace,
        "labels": {MANAGED_BY: "dbaas", **labels},
        "ownerReferences": [build_owner(owner)],
    }


def cluster_labels(cluster: str, engine: str) -> dict[str, str]:
    """What all children of a cluster are found by."""
    return {
        "app.kubernetes.io/name": engine,
        "app.kubernetes.io/instance": cluster,
        LABEL_CLUSTER: cluster,
        LABEL_ENGINE: engine,
    }


def is_controlled_by(child: Resource, owner: Resource) -> bool:
    """By uid: an object of the same name that came before the owner was another's."""
    reference = child.metadata.owner
    return reference is not None and reference.uid == owner.metadata.uid
