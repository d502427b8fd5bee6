"""Objects of the Prometheus operator (monitoring.coreos.com) for an installation. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.manifests.monitoring.rules import build_groups

Body = dict[str, Any]
API_VERSION = "monitoring.coreos.com/v1"
NAME = "dbaas-operator"
INTERVAL = "30s"


def build_monitors(namespace: str, selector: Mapping[str, str], port: str) -> list[Body]:
    """What to scrape and when to call somebody; `selector` and `port` are those of the Service with the metrics."""
    return [build_service_monitor(namespace, selector, port), build_prometheus_rule(namespace)]


def build_service_monitor(namespace: str, selector: Mapping[str, str], port: str) -> Body:
    """Labels that the metrics have count more than those of the target: their namespace is that of an object."""
    endpoint = {"port": port, "path": "/metrics", "interval": INTERVAL, "scrapeTimeout": "10s", "honorLabels": True}
    return {
        "apiVersion": API_VERSION,
        "kind": "ServiceMonitor",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {"selector": {"matchLabels": dict(selector)}, "endpoints": [endpoint]},
    }


def build_prometheus_rule(namespace: str) -> Body:
    return {
        "apiVersion": API_VERSION,
        "kind": "PrometheusRule",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {"groups": build_groups(namespace)},
    }
