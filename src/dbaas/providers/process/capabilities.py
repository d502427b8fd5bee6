"""What a cluster may ask of this provider, and why the rest is refused."""

from __future__ import annotations

from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.provider import ServerCapability


def _asks_replicas(spec: Any) -> bool:
    return _spec(spec).cluster_size > 1


def _asks_config(spec: Any) -> bool:
    return bool(_spec(spec).config)


def _asks_stopped(spec: Any) -> bool:
    return _spec(spec).stopped


def _asks_deletion(spec: Any) -> bool:
    return _spec(spec).deletion_policy == "Delete"


def _asks_snapshot(spec: Any) -> bool:
    return _spec(spec).deletion_policy == "Snapshot"


def _spec(spec: Any) -> DatabaseClusterSpec:
    assert isinstance(spec, DatabaseClusterSpec)
    return spec


CAPABILITIES = (
    ServerCapability(
        "replicas", "spec.clusterSize", _asks_replicas,
        missing="the process provider runs a cluster as one server on this machine and cannot replicate it to others: "
        "set clusterSize to 1",
    ),
    ServerCapability("settings", "spec.config", _asks_config),
    ServerCapability("stopping", "spec.stopped", _asks_stopped),
    ServerCapability("data deletion", "spec.deletionPolicy", _asks_deletion),
    ServerCapability(
        "final snapshot", "spec.deletionPolicy", _asks_snapshot,
        missing="the process provider cannot take a last backup before it deletes the data: use Retain, which keeps "
        "the data on this machine, or Delete",
    ),
)  # fmt: skip
