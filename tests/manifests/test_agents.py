"""What agents are told of a cluster: whole objects in golden files, and what each field of a MonitoringConfig changes.

DBAAS_WRITE_GOLDEN=1 writes the files anew; read the difference before you keep it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbaas.api.monitoring import MonitoringConfigSpec
from dbaas.manifests.monitoring import (
    Exporters,
    asks_service,
    asks_service_monitor,
    build_cluster_monitor,
    build_metrics_service,
    build_pmm_client,
)
from fixtures.control_plane import Api
from fixtures.monitoring import running_prometheus, until

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parents[1] / "golden" / "monitoring"
EXPORTERS = Exporters("main", "basalt", 9000)
METADATA: Mapping[str, Any] = {"name": "main-metrics", "namespace": "shop", "labels": {"dbaas.io/cluster": "main"}}
LABELS = {"release": "stack", "dbaas.io/cluster": "stolen"}
CONFIGS: Mapping[str, dict[str, Any]] = {
    "prometheus": {
        "type": "prometheus",
        "prometheus": {"interval": "15s", "scrapeTimeout": "10s", "additionalLabels": LABELS},
    },
    "prometheus-annotations": {
        "type": "prometheus",
        "prometheus": {"serviceMonitorEnabled": False, "additionalLabels": LABELS},
    },
    "datadog": {"type": "datadog", "datadog": {"site": "datadoghq.eu", "tags": ["env:prod", "team:orders"]}},
    "newrelic": {"type": "newrelic", "newrelic": {"site": "EU", "tags": ["env:prod"]}},
    "pmm": {
        "type": "pmm",
        "pmm": {"serverHost": "pmm.test", "resources": {"limits": {"memory": "1Gi"}}},
        "credentialsSecretRef": {"name": "pmm-login", "key": "token"},
    },
}


def read(name: str) -> MonitoringConfigSpec:
    return MonitoringConfigSpec.model_validate(CONFIGS[name])


def render(spec: MonitoringConfigSpec) -> list[dict[str, Any]]:
    if not asks_service(spec):
        return [build_pmm_client(spec, EXPORTERS, "agent")]
    monitors = [build_cluster_monitor(METADATA, spec, EXPORTERS)] if asks_service_monitor(spec) else []
    return [build_metrics_service(METADATA, spec, EXPORTERS), *monitors]


def service(spec: dict[str, Any]) -> dict[str, Any]:
    return build_metrics_service(METADATA, MonitoringConfigSpec.model_validate(spec), EXPORTERS)


def environment(**pmm: Any) -> dict[str, Any]:
    """Values, and where the others come from."""
    spec = MonitoringConfigSpec.model_validate({"type": "pmm", "pmm": {"serverHost": "pmm.test", **pmm}})
    return {each["name"]: each.get("value") for each in build_pmm_client(spec, EXPORTERS, "agent")["env"]}


@pytest.mark.parametrize("name", CONFIGS)
def test_every_agent_is_told_as_written_down(name: str) -> None:
    rendered = yaml.safe_dump_all(render(read(name)), sort_keys=False, width=120)
    file = GOLDEN / f"{name}.yaml"
    if os.environ.get("DBAAS_WRITE_GOLDEN"):
        file.write_text(rendered)
    assert rendered == file.read_text()


def test_every_golden_file_has_its_config() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(CONFIGS)


def test_labels_of_ours_are_never_replaced() -> None:
    for name in ("prometheus", "prometheus-annotations"):
        for body in render(read(name)):
            assert body["metadata"]["labels"]["dbaas.io/cluster"] == "main"


def test_a_service_monitor_selects_the_service_and_its_port_by_name() -> None:
    made, monitor = render(read("prometheus"))
    wanted = monitor["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= made["metadata"]["labels"].items()
    assert [each["port"] for each in monitor["spec"]["endpoints"]] == [each["name"] for each in made["spec"]["ports"]]
    assert "annotations" not in made["metadata"]


def test_without_a_timeout_that_of_prometheus_counts() -> None:
    spec = MonitoringConfigSpec.model_validate({"type": "prometheus"})
    (endpoint,) = build_cluster_monitor(METADATA, spec, EXPORTERS)["spec"]["endpoints"]
    assert endpoint == {"port": "metrics", "path": "/metrics", "interval": "30s"}


def test_datadog_is_told_in_json_which_its_cluster_agent_reads() -> None:
    (text,) = service(CONFIGS["datadog"])["metadata"]["annotations"].values()
    (instance,) = json.loads(text)["openmetrics"]["instances"]
    assert instance["openmetrics_endpoint"] == "http://%%host%%:9000/metrics"
    assert instance["tags"] == ["dbaas_cluster:main", "env:prod", "team:orders"]


def test_tags_of_new_relic_are_labels_of_the_service_which_its_agent_takes_over() -> None:
    assert service(CONFIGS["newrelic"])["metadata"]["labels"]["env"] == "prod"
    assert "env" not in service({"type": "newrelic"})["metadata"]["labels"]


def test_the_certificate_of_pmm_is_verified_unless_somebody_says_otherwise() -> None:
    assert environment()["PMM_AGENT_SERVER_INSECURE_TLS"] == "0"
    assert environment(verifyTLS=False)["PMM_AGENT_SERVER_INSECURE_TLS"] == "1"


def test_no_password_of_pmm_is_written_out_and_a_missing_one_keeps_no_pod_from_starting() -> None:
    (client,) = render(read("pmm"))
    (password,) = (each for each in client["env"] if each["name"] == "PMM_AGENT_SERVER_PASSWORD")
    reference = password["valueFrom"]["secretKeyRef"]
    assert reference == {"name": "pmm-login", "key": "token", "optional": True}
    assert "PMM_AGENT_SERVER_PASSWORD" not in environment()


@pytest.fixture
def definitions() -> Path:
    folder = Path(os.environ.get("DBAAS_FOREIGN_CRDS", "")) / "prometheus-operator"
    if not folder.is_dir():
        pytest.skip("DBAAS_FOREIGN_CRDS names no folder with the definitions of the Prometheus operator")
    return folder


async def test_the_prometheus_operator_takes_the_service_monitor_strictly(api: Api, definitions: Path) -> None:
    _, body = render(read("prometheus"))
    await api.define(yaml.safe_load((definitions / "monitoring.coreos.com_servicemonitors.yaml").read_text()))
    body["metadata"]["namespace"] = api.namespace
    made = await api.post(api.collection("servicemonitors", "monitoring.coreos.com"), body, fieldValidation="Strict")
    assert made.status == 201, made.body
    assert made.body["spec"] == body["spec"]


META = "__meta_kubernetes_service"
SCRAPED = ("prometheus_io_scrape", "newrelic_io_scrape")
PLACE = [
    {"source_labels": [f"{META}_annotation_prometheus_io_scheme"], "regex": "(https?)", "target_label": "__scheme__"},
    {"source_labels": [f"{META}_annotation_prometheus_io_path"], "regex": "(.+)", "target_label": "__metrics_path__"},
    {
        "source_labels": ["__address__", f"{META}_annotation_prometheus_io_port"],
        "regex": r"(.+?)(?::\d+)?;(\d+)", "replacement": "$1:$2", "target_label": "__address__",
    },
    {"action": "labelmap", "regex": f"{META}_label_(.+)"},
]  # fmt: skip
"""How the Helm chart of Prometheus and New Relic's agent, which is one, take what annotations of a Service say."""


def discover(body: Mapping[str, Any]) -> dict[str, str]:
    """What Prometheus knows of an endpoint by its Service (manual, "kubernetes_sd_config"); Debian's cannot ask."""
    told = {f"annotation_{key}": value for key, value in body["metadata"].get("annotations", {}).items()}
    told |= {f"label_{key}": value for key, value in body["metadata"]["labels"].items()}
    return {f"{META}_{re.sub('[^a-zA-Z0-9_]', '_', name)}": value for name, value in told.items()}


async def test_a_real_prometheus_takes_what_the_annotations_of_a_service_say(
    prometheus_program: Path, tmp_path: Path
) -> None:
    services = [render(read(name))[0] for name in ("prometheus-annotations", "newrelic", "datadog", "prometheus")]
    found = [{"targets": ["192.0.2.7:1"], "labels": discover(body)} for body in services]
    kept = {
        mark: {"source_labels": [f"{META}_annotation_{mark}"], "regex": "true", "action": "keep"} for mark in SCRAPED
    }
    configs = [
        {"job_name": mark, "static_configs": found, "relabel_configs": [keep, *PLACE]} for mark, keep in kept.items()
    ]
    async with running_prometheus(prometheus_program, tmp_path, {}, configs=configs) as prometheus:

        async def look() -> dict[str, Any]:
            targets = (await prometheus.get("targets"))["activeTargets"]
            return {each["labels"]["job"]: each for each in targets} if len(targets) >= len(SCRAPED) else {}

        targets = await until(look, 20, lambda: (tmp_path / "log").read_text())
    assert {each["scrapeUrl"] for each in targets.values()} == {"http://192.0.2.7:9000/metrics"}
    assert targets["prometheus_io_scrape"]["labels"]["release"] == "stack"
    assert targets["newrelic_io_scrape"]["labels"]["env"] == "prod"
    assert {each["labels"]["dbaas_io_cluster"] for each in targets.values()} == {"main"}
