"""What `dbaas install --monitoring` and clusters make is what the Prometheus operator takes, by its own definitions.

Those are not ours to keep: DBAAS_FOREIGN_CRDS names a folder that has them, one folder in it for each project.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from dbaas.api.monitoring import MonitoringConfigSpec
from dbaas.manifests.installation.workload import METRICS, PODS
from dbaas.manifests.monitoring import Exporters, build_cluster_monitor, build_monitors
from fixtures.control_plane import Api

PLURALS = {"ServiceMonitor": "servicemonitors", "PrometheusRule": "prometheusrules"}
GROUP = "monitoring.coreos.com"


@pytest.fixture
def definitions() -> Path:
    folder = Path(os.environ.get("DBAAS_FOREIGN_CRDS", "")) / "prometheus-operator"
    if not folder.is_dir():
        pytest.skip("DBAAS_FOREIGN_CRDS names no folder with the definitions of the Prometheus operator")
    return folder


async def test_monitors_are_accepted_strictly_and_come_back_as_they_were(api: Api, definitions: Path) -> None:
    usual = MonitoringConfigSpec.model_validate({"type": "prometheus"})
    metadata = {"name": "main-metrics", "namespace": api.namespace, "labels": {"dbaas.io/cluster": "main"}}
    of_cluster = build_cluster_monitor(metadata, usual, Exporters("main", "granite", 9187))
    for body in [*build_monitors(api.namespace, PODS, METRICS), of_cluster]:
        plural = PLURALS[body["kind"]]
        await api.define(yaml.safe_load((definitions / f"{GROUP}_{plural}.yaml").read_text()))
        path = api.collection(plural, GROUP)
        made = await api.post(path, body, fieldValidation="Strict")
        assert made.status == 201, made.body
        assert made.body["spec"] == body["spec"]
        wrong = {**body, "metadata": {"name": "wrong"}, "spec": {**body["spec"], "unheardOf": 1}}
        assert (await api.post(path, wrong, fieldValidation="Strict")).status == 400
