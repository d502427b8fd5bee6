"""A cluster's pooler on this machine: a program beside the instances that leads to the one that takes writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dbaas.api.process import PROCESS
from dbaas.api.resource import Resource
from dbaas.contracts.pooling import PoolerFacts
from dbaas.contracts.provider import ClusterFacts, InstanceFacts, Workload
from dbaas.manifests.metadata import build_metadata, cluster_labels
from dbaas.providers.process.rendering import render_spec

_USUAL_PLACE = "/usr/sbin"


def render_pooler(
    cluster: Resource, workload: Workload, facts: ClusterFacts, program: Path | None, *, stopped: bool
) -> Iterator[dict[str, Any]]:
    """Nothing before it is known where it is to lead. Where its program is not installed, its command says so."""
    pooler = workload.pooler
    host, _, port = str(cluster.status.get("endpoint", "")).rpartition(":")
    if facts.host and facts.port:
        host, port = facts.host, str(facts.port)
    if pooler is None or not host:
        return
    instance = pooler.leading_to(host, int(port))
    yield {
        "apiVersion": PROCESS.api_version,
        "kind": PROCESS.kind,
        "metadata": build_metadata(instance.name, cluster, cluster_labels(cluster.metadata.name, workload.engine)),
        "spec": render_spec(
            instance, str(program.parent) if program else _USUAL_PLACE, stopped=stopped, keeps_data=False
        ),
    }


def describe_pooler(process: InstanceFacts | None) -> PoolerFacts | None:
    """By its Process."""
    if process is None:
        return None
    port = next(iter(process.ports.values()), 0)
    endpoint = f"{process.host}:{port}" if process.host and port else ""
    return PoolerFacts(1, int(process.is_ready), endpoint, process.message)
