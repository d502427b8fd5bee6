"""The definition of MonitoringConfig against real API servers."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.kinds import DEFINITIONS
from dbaas.api.monitoring import MONITORING_CONFIG, MonitoringConfigSpec
from fixtures.control_plane import Answer, Api
from fixtures.definitions import built_crd

PMM: dict[str, Any] = {"type": "pmm", "pmm": {"serverHost": "pmm.test"}}


async def send(api: Api, kind: str, spec: dict[str, Any]) -> Answer:
    (definition,) = (each for each in DEFINITIONS if each.kind.kind == kind)
    await api.define(built_crd(definition, {}))
    body = {"apiVersion": "dbaas.io/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    return await api.post(api.collection(definition.kind.plural, "dbaas.io"), body, fieldValidation="Strict")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (
            {**PMM, "credentialsSecretRef": {"name": "login"}},
            {"serverHost": "pmm.test", "serverPort": 443, "serverUser": "service_token", "verifyTLS": True},
        ),
        ({"type": "prometheus", "prometheus": {}}, {"serviceMonitorEnabled": True, "interval": "30s"}),
        ({"type": "datadog", "datadog": {"tags": ["env:prod"]}}, {"site": "datadoghq.com", "tags": ["env:prod"]}),
        ({"type": "newrelic", "newrelic": {"site": "EU"}}, {"site": "EU"}),
        ({"type": "newrelic"}, None),
    ],
    ids=str,
)
async def test_every_type_is_stored_with_its_defaults(
    api: Api, given: dict[str, Any], stored: dict[str, Any] | None
) -> None:
    made = await send(api, MONITORING_CONFIG.kind, given)
    assert made.status == 201, made.body
    block = made.body["spec"].get(given["type"])
    assert stored is None or stored.items() <= block.items()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"type": "pmm"}, "type pmm needs the block pmm"),
        ({"type": "datadog", "pmm": {"serverHost": "x"}}, "no other type has it"),
        ({"type": "datadog", "newrelic": {}}, "the block newrelic is for type newrelic"),
        ({"type": "newrelic", "prometheus": {}}, "the block prometheus is for type prometheus"),
        ({"type": "prometheus", "datadog": {}}, "the block datadog is for type datadog"),
        ({"type": "zabbix"}, "Unsupported value"),
        ({"type": "pmm", "pmm": {"serverHost": "a/b"}}, "spec.pmm.serverHost"),
        ({"type": "datadog", "datadog": {"tags": ["no value"]}}, "spec.datadog.tags[0]"),
        ({"type": "prometheus", "prometheus": {"interval": "1d"}}, "spec.prometheus.interval"),
    ],
    ids=str,
)
async def test_what_fits_no_agent_is_refused(api: Api, given: dict[str, Any], message: str) -> None:
    refused = await send(api, MONITORING_CONFIG.kind, given)
    assert refused.status == 422
    assert message in refused.body["message"]


async def test_a_cluster_names_one_agent(api: Api) -> None:
    monitoring = {"monitoringConfigRef": {"name": "x"}, "pmm": {"serverHost": "pmm.test"}}
    spec = {"engine": {"type": "x", "version": "1"}, "monitoring": monitoring}
    refused = await send(api, DATABASE_CLUSTER.kind, spec)
    assert refused.status == 422
    assert "either monitoringConfigRef or pmm" in refused.body["message"]


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        (PMM, "https://pmm.test:443"),
        ({"type": "datadog"}, "https://app.datadoghq.com"),
        ({"type": "datadog", "datadog": {"site": "datadoghq.eu"}}, "https://app.datadoghq.eu"),
        ({"type": "newrelic"}, "https://one.newrelic.com"),
        ({"type": "newrelic", "newrelic": {"site": "EU"}}, "https://one.eu.newrelic.com"),
        ({"type": "prometheus"}, ""),
    ],
    ids=str,
)
def test_people_are_told_where_the_metrics_are_seen(given: dict[str, Any], endpoint: str) -> None:
    assert MonitoringConfigSpec.model_validate(given).endpoint == endpoint
