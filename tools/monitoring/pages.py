"""Files of deploy/alerts and deploy/dashboards, path and content."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dbaas.manifests.installation import NAMESPACE
from dbaas.manifests.monitoring import build_groups
from monitoring import dashboards
from monitoring.panels import draw

ALERTS, DASHBOARDS = "deploy/alerts", "deploy/dashboards"


def rules() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Rule files for a Prometheus without the operator of its name."""
    yield f"{ALERTS}/dbaas.yaml", {"groups": build_groups(NAMESPACE)}


def drawings() -> Iterator[tuple[str, str]]:
    for dashboard in dashboards.find():
        yield f"{DASHBOARDS}/{dashboard.name}.json", json.dumps(draw(dashboard), indent=1) + "\n"


def kustomization() -> Mapping[str, Any]:
    """ConfigMaps with the label by which Grafana's own chart finds dashboards."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": NAMESPACE,
        "generatorOptions": {"disableNameSuffixHash": True, "labels": {"grafana_dashboard": "1"}},
        "configMapGenerator": [
            {"name": f"dbaas-dashboard-{each.name}", "files": [f"{each.name}.json"]} for each in dashboards.find()
        ],
    }
