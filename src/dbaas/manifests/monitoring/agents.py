"""What each agent is told of a cluster, so that it finds the exporters. Pure.

It stands on a Service of its own and never on pods: whatever is changed there, no server is restarted for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from dbaas.api.core import SERVICE_MONITOR
from dbaas.api.monitoring import MonitoringConfigSpec
from dbaas.api.resource import LABEL_CLUSTER, LABEL_ENGINE, LABEL_INSTANCE
from dbaas.manifests.services import build_headless_service

PORT = "metrics"
PATH = "/metrics"
COMPONENT = {"app.kubernetes.io/component": "metrics"}
# Those of the scrape configurations that Prometheus' own Helm chart brings.
PROMETHEUS_SCRAPE = "prometheus.io/scrape"
# docs.newrelic.com: Configure the Prometheus agent, "Define which endpoints to scrape"; where, it reads as above.
NEW_RELIC_SCRAPE = "newrelic.io/scrape"
# docs.datadoghq.com: Endpoint Checks with Autodiscovery. The Cluster Agent gives each to the Agent on the pod's node.
DATADOG_CHECKS = "ad.datadoghq.com/endpoints.checks"


@dataclass(frozen=True)
class Exporters:
    """Those of one cluster, which all listen on one port."""

    cluster: str
    engine: str
    port: int


def metrics_name(cluster: str) -> str:
    """Of the Service of its exporters, and of the ServiceMonitor."""
    return f"{cluster}-metrics"


def asks_service(config: MonitoringConfigSpec) -> bool:
    """Whether the agent looks for a Service; a client beside each instance needs none."""
    return config.type != "pmm"


def asks_service_monitor(config: MonitoringConfigSpec) -> bool:
    return config.type == "prometheus" and config.scrapes.service_monitor_enabled


def build_metrics_service(
    metadata: Mapping[str, Any], config: MonitoringConfigSpec, exporters: Exporters
) -> dict[str, Any]:
    """Headless, with every pod, also while it is not ready: that is when metrics are looked at."""
    labels = {**_labels(config), **metadata["labels"], **COMPONENT}
    found = build_annotations(config, exporters)
    told = {**metadata, "labels": labels, **({"annotations": found} if found else {})}
    return build_headless_service(told, {LABEL_CLUSTER: exporters.cluster}, {PORT: exporters.port})


def build_annotations(config: MonitoringConfigSpec, exporters: Exporters) -> dict[str, str]:
    """By which the agent finds the Service and knows what to do with it."""
    match config.type:
        case "prometheus" if not config.scrapes.service_monitor_enabled:
            return {PROMETHEUS_SCRAPE: "true", **_place(exporters)}
        case "newrelic":
            return {NEW_RELIC_SCRAPE: "true", **_place(exporters)}
        case "datadog":
            return {DATADOG_CHECKS: _datadog_checks(config, exporters)}
        case _:
            return {}


def build_cluster_monitor(
    metadata: Mapping[str, Any], config: MonitoringConfigSpec, exporters: Exporters
) -> dict[str, Any]:
    """The ServiceMonitor that selects the Service, whose labels come along with each metric."""
    told = config.scrapes
    timeout = {"scrapeTimeout": told.scrape_timeout} if told.scrape_timeout else {}
    return {
        "apiVersion": SERVICE_MONITOR.api_version,
        "kind": SERVICE_MONITOR.kind,
        "metadata": {**metadata, "labels": {**told.additional_labels, **metadata["labels"]}},
        "spec": {
            "selector": {"matchLabels": {LABEL_CLUSTER: exporters.cluster, **COMPONENT}},
            "endpoints": [{"port": PORT, "path": PATH, "interval": told.interval, **timeout}],
            "targetLabels": [LABEL_CLUSTER, LABEL_ENGINE],
            "podTargetLabels": [LABEL_INSTANCE],
        },
    }


def _labels(config: MonitoringConfigSpec) -> dict[str, str]:
    """Agents that scrape take labels of the Service over to the metrics; Datadog's are in its check."""
    if config.type == "newrelic" and config.newrelic is not None:
        return dict(tag.split(":", 1) for tag in config.newrelic.tags)
    if config.type == "prometheus" and not config.scrapes.service_monitor_enabled:
        return dict(config.scrapes.additional_labels)
    return {}


def _place(exporters: Exporters) -> dict[str, str]:
    return {"prometheus.io/scheme": "http", "prometheus.io/port": str(exporters.port), "prometheus.io/path": PATH}


def _datadog_checks(config: MonitoringConfigSpec, exporters: Exporters) -> str:
    """%%host%% is the address of each endpoint. Names of metrics begin with the engine's."""
    tags = [f"dbaas_cluster:{exporters.cluster}", *(config.datadog.tags if config.datadog is not None else ())]
    instance = {
        "openmetrics_endpoint": f"http://%%host%%:{exporters.port}{PATH}",
        "namespace": exporters.engine,
        "metrics": [".+"],
        "tags": tags,
    }
    return orjson.dumps({"openmetrics": {"init_config": {}, "instances": [instance]}}).decode()
