"""What instances that agree through the API need in it: each a Pod to say how it is, all together their notes.

The Pods are as those in Kubernetes would be, only that no node runs them: each stands for the Process of its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbaas.api.core import POD
from dbaas.api.resource import LABEL_INSTANCE, Resource
from dbaas.contracts.provider import Workload
from dbaas.manifests.metadata import build_metadata, cluster_labels
from dbaas.manifests.peers import build_notes


def render_peers(cluster: Resource, workload: Workload, *, keeps_data: bool) -> Iterator[dict[str, Any]]:
    """Nothing where the only instance has nobody to agree with."""
    yield from build_notes(cluster, workload, keeps_data=keeps_data)
    labels = cluster_labels(cluster.metadata.name, workload.engine)
    for instance in workload.instances:
        if instance.uses_api:
            yield {
                "apiVersion": POD.api_version,
                "kind": POD.kind,
                "metadata": build_metadata(instance.name, cluster, labels | {LABEL_INSTANCE: instance.name}),
                "spec": {"containers": [{"name": "server", "image": "none"}]},
            }
