"""What Prometheus is told of an installation: what to scrape, what to compute, when to call somebody. Pure."""

from __future__ import annotations

from dbaas.manifests.monitoring.monitors import build_monitors, build_prometheus_rule, build_service_monitor
from dbaas.manifests.monitoring.rules import ALERTS, RECORDINGS, Alert, Recording, build_groups

__all__ = [
    "ALERTS",
    "RECORDINGS",
    "Alert",
    "Recording",
    "build_groups",
    "build_monitors",
    "build_prometheus_rule",
    "build_service_monitor",
]
