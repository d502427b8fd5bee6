"""What a cluster may ask of this provider, and why the rest is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.provider import ServerCapability

_Asked = Callable[[DatabaseClusterSpec], bool]


def _capability(name: str, field: str, asked: _Asked, missing: str = "") -> ServerCapability:
    def ask(spec: Any) -> bool:
        assert isinstance(spec, DatabaseClusterSpec)
        return asked(spec)

    return ServerCapability(name, field, ask, missing)


def _asks_service_monitor(spec: DatabaseClusterSpec) -> bool:
    metrics = spec.monitoring.metrics if spec.monitoring is not None else None
    return metrics is not None and metrics.service_monitor


CAPABILITIES = (
    _capability("replicas", "spec.clusterSize", lambda spec: spec.cluster_size > 1),
    _capability("settings", "spec.config", lambda spec: bool(spec.config)),
    _capability("resources", "spec.resources", lambda spec: spec.resources is not None),
    _capability("profiles", "spec.profile", lambda spec: spec.profile is not None),
    _capability(
        "block devices", "spec.storage.volumeMode", lambda spec: spec.storage.volume_mode == "Block",
        "servers keep their data in files: use Filesystem",
    ),
    _capability(
        "volume snapshots", "spec.storage.snapshots", lambda spec: spec.storage.snapshots,
        "this version makes no snapshots of volumes: leave it out",
    ),
    _capability("scheduling", "spec.podSchedulingPolicy", lambda spec: spec.pod_scheduling_policy is not None),
    _capability("exposure", "spec.expose", lambda spec: spec.expose is not None),
    _capability("encryption", "spec.tls", lambda spec: spec.is_encrypted),
    _capability("certificates by cert-manager", "spec.tls.certManager", lambda spec: spec.is_encrypted),
    _capability("pooler", "spec.proxy", lambda spec: spec.proxy is not None and spec.proxy.enabled),
    _capability("hooks", "spec.hooks", lambda spec: spec.hooks is not None),
    _capability("metrics", "spec.monitoring.metrics", lambda spec: spec.monitoring is not None),
    _capability("agents", "spec.monitoring.monitoringConfigRef", lambda spec: spec.monitoring is not None),
    _capability("Percona Monitoring and Management", "spec.monitoring.pmm", lambda spec: spec.monitoring is not None),
    _capability("service monitors", "spec.monitoring.metrics.serviceMonitor", _asks_service_monitor),
    _capability("volume expansion", "spec.storage.size", lambda spec: False),
    _capability("stopping", "spec.stopped", lambda spec: spec.stopped),
    _capability("data deletion", "spec.deletionPolicy", lambda spec: spec.deletion_policy == "Delete"),
    _capability(
        "final snapshot", "spec.deletionPolicy", lambda spec: spec.deletion_policy == "Snapshot",
        "this version cannot take a last backup before it deletes the data: use Retain, which keeps the volume, or "
        "Delete",
    ),
)  # fmt: skip
