"""What Prometheus is told of an installation, and what agents are told of each cluster. Pure."""

from __future__ import annotations

from dbaas.manifests.monitoring.agents import (
    COMPONENT,
    Exporters,
    asks_service,
    asks_service_monitor,
    build_cluster_monitor,
    build_metrics_service,
    metrics_name,
)
from dbaas.manifests.monitoring.monitors import build_monitors, build_prometheus_rule, build_service_monitor
from dbaas.manifests.monitoring.pmm import build_pmm_client
from dbaas.manifests.monitoring.rules import ALERTS, RECORDINGS, Alert, Recording, build_groups

__all__ = [
    "ALERTS",
    "COMPONENT",
    "RECORDINGS",
    "Alert",
    "Exporters",
    "Recording",
    "asks_service",
    "asks_service_monitor",
    "build_cluster_monitor",
    "build_groups",
    "build_metrics_service",
    "build_monitors",
    "build_pmm_client",
    "build_prometheus_rule",
    "build_service_monitor",
    "metrics_name",
]
