"""What a cluster may ask of this provider, and why the rest is refused."""

from __future__ import annotations

from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.provider import ServerCapability


def _asks_nothing(spec: Any) -> bool:
    """What can be asked by an operation alone: a spec that says it is accepted."""
    return False


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


def _asks_size(spec: Any) -> bool:
    return _spec(spec).resources is not None or _spec(spec).profile is not None


def _asks_placement(spec: Any) -> bool:
    return _spec(spec).pod_scheduling_policy is not None


def _asks_exposure(spec: Any) -> bool:
    expose = _spec(spec).expose
    return expose is not None and expose.type != "ClusterIP"


def _asks_encryption(spec: Any) -> bool:
    return _spec(spec).is_encrypted


def _asks_cert_manager(spec: Any) -> bool:
    tls = _spec(spec).tls
    return tls is not None and tls.enabled and tls.cert_manager is not None


def _asks_pooler(spec: Any) -> bool:
    proxy = _spec(spec).proxy
    return proxy is not None and proxy.enabled


def _asks_hooks(spec: Any) -> bool:
    return _spec(spec).hooks is not None


def _asks_metrics(spec: Any) -> bool:
    monitoring = _spec(spec).monitoring
    if monitoring is None or monitoring.metrics is None:
        return monitoring is not None and monitoring.enabled is True
    return monitoring.metrics.enabled and monitoring.enabled is not False


def _asks_service_monitor(spec: Any) -> bool:
    monitoring = _spec(spec).monitoring
    return monitoring is not None and monitoring.metrics is not None and monitoring.metrics.service_monitor


def _asks_agent(spec: Any) -> bool:
    monitoring = _spec(spec).monitoring
    return monitoring is not None and monitoring.monitoring_config_ref is not None


def _asks_pmm(spec: Any) -> bool:
    monitoring = _spec(spec).monitoring
    return monitoring is not None and monitoring.pmm is not None


def _asks_volume(spec: Any) -> bool:
    storage = _spec(spec).storage
    return storage.volume_mode == "Block" or storage.snapshots


def _spec(spec: Any) -> DatabaseClusterSpec:
    assert isinstance(spec, DatabaseClusterSpec)
    return spec


NO_AGENT = (
    "the process provider has no agent on this machine to hand metrics to: set monitoring.metrics alone, and scrape "
    "what status.monitoring.exporters says"
)
CAPABILITIES = (
    ServerCapability("replicas", "spec.clusterSize", _asks_replicas),
    ServerCapability("settings", "spec.config", _asks_config),
    ServerCapability("server settings that fit resources or profile", "spec.resources", _asks_size),
    ServerCapability("a place among nodes (there is only this machine)", "spec.podSchedulingPolicy", _asks_placement),
    ServerCapability(
        "exposure", "spec.expose.type", _asks_exposure,
        missing="the process provider lets a server listen on this machine alone: use ClusterIP",
    ),
    ServerCapability("encryption", "spec.tls", _asks_encryption),
    ServerCapability(
        "certificates by cert-manager", "spec.tls.certManager", _asks_cert_manager,
        missing="the process provider has no cert-manager beside it: use secretName, or leave both out",
    ),
    ServerCapability("pooler", "spec.proxy", _asks_pooler),
    ServerCapability(
        "hooks", "spec.hooks", _asks_hooks,
        missing="the process provider runs servers without containers, which hooks are for: use a shell",
    ),
    ServerCapability("metrics", "spec.monitoring.metrics", _asks_metrics),
    ServerCapability(
        "service monitors", "spec.monitoring.metrics.serviceMonitor", _asks_service_monitor,
        missing="the process provider has no Prometheus operator beside it: set serviceMonitor to false, and scrape "
        "what status.monitoring.exporters says",
    ),
    ServerCapability("agents", "spec.monitoring.monitoringConfigRef", _asks_agent, missing=NO_AGENT),
    ServerCapability("Percona Monitoring and Management", "spec.monitoring.pmm", _asks_pmm, missing=NO_AGENT),
    ServerCapability(
        "volumes", "spec.storage", _asks_volume,
        missing="the process provider keeps data in a folder of this machine: use Filesystem without snapshots",
    ),
    ServerCapability(
        "volume expansion", "spec.storage.size", _asks_nothing,
        missing="the process provider keeps data in a folder of this machine, which has as much room as the disk: "
        "use a larger disk",
    ),
    ServerCapability("stopping", "spec.stopped", _asks_stopped),
    ServerCapability("data deletion", "spec.deletionPolicy", _asks_deletion),
    ServerCapability(
        "final snapshot", "spec.deletionPolicy", _asks_snapshot,
        missing="the process provider cannot take a last backup before it deletes the data: use Retain, which keeps "
        "the data on this machine, or Delete",
    ),
)  # fmt: skip
