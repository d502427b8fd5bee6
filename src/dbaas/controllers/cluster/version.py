"""Which major version a cluster's server is of, as it has said itself; after an upgrade it is asked again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.resource import GROUP, Resource
from dbaas.contracts.provider import ClusterFacts
from dbaas.controllers.cluster.subject import Cluster

ANNOTATION_SERVES = f"{GROUP}/serves-version"
"""On the published server: the version that its instances were seen to serve with. Another one wakes its controller."""


def note_version(
    cluster: Cluster, facts: ClusterFacts, published: Resource | None, *, waits: bool
) -> Mapping[str, Any]:
    """For the metadata of the published server: another version only when every instance serves with it.

    `waits`: some of them may not be as they are wanted yet.
    """
    known = published.metadata.annotations.get(ANNOTATION_SERVES) if published is not None else None
    serves = cluster.workload.version if not waits and all(one.is_ready for one in facts.instances) else known
    return {"annotations": {ANNOTATION_SERVES: serves}} if serves is not None else {}


def describe_other(published: Resource) -> str:
    """What is told of a server that has last said that it is of another version than it serves with; else nothing."""
    said, serves = str(published.status.get("version") or ""), published.metadata.annotations.get(ANNOTATION_SERVES)
    if not said or not serves or said == serves or said.startswith(f"{serves}."):
        return ""
    return f"the server was of version {said} when it was asked last, and is asked again"
