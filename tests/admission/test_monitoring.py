"""Rules of MonitoringConfig, and of the monitoring of a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.admission.monitoring import agent_can_be_told, find_unused_login, monitoring_is_possible
from dbaas.api.monitoring import MonitoringConfigSpec
from dbaas.contracts.admission import Review
from fixtures.registries import granite_cluster


def prometheus(**block: Any) -> MonitoringConfigSpec:
    return MonitoringConfigSpec.model_validate({"type": "prometheus", "prometheus": block})


@pytest.mark.parametrize(
    ("block", "field", "message"),
    [
        ({"interval": "0s"}, "spec.prometheus.interval", "give more than nothing"),
        (
            {"interval": "10s", "scrapeTimeout": "1m"},
            "spec.prometheus.scrapeTimeout",
            "longer than the interval, which is 10s",
        ),
        (
            {"additionalLabels": {"a b": "c"}},
            "spec.prometheus.additionalLabels[a b]",
            "'a b' cannot be the key of a label",
        ),
        (
            {"additionalLabels": {"dbaas.io/cluster": "c"}},
            "spec.prometheus.additionalLabels[dbaas.io/cluster]",
            "dbaas sets 'dbaas.io/cluster' itself",
        ),
    ],
    ids=str,
)
def test_what_no_prometheus_would_take_is_refused(block: dict[str, Any], field: str, message: str) -> None:
    (violation,) = agent_can_be_told(prometheus(**block))
    assert violation.field == field
    assert message in violation.message


@pytest.mark.parametrize(
    "spec",
    [
        prometheus(),
        prometheus(interval="1m30s", scrapeTimeout="90s", additionalLabels={"release": "a", "team.test/x": ""}),
        MonitoringConfigSpec.model_validate({"type": "datadog"}),
    ],
    ids=str,
)
def test_the_rest_is_taken(spec: MonitoringConfigSpec) -> None:
    assert [*agent_can_be_told(spec)] == []


@pytest.mark.parametrize(
    ("monitoring", "fields"),
    [
        (None, []),
        ({"tracing": {"enabled": False, "endpoint": "http://traces.test"}}, []),
        ({"tracing": {"enabled": True}}, ["spec.monitoring.tracing.enabled"]),
        ({"metrics": {"enabled": False}}, []),
        ({"monitoringConfigRef": {"name": "x"}}, []),
        (
            {"monitoringConfigRef": {"name": "x"}, "metrics": {"enabled": False}},
            ["spec.monitoring.metrics.enabled"],
        ),
        ({"metrics": {"serviceMonitor": True}}, []),
        (
            {"monitoringConfigRef": {"name": "x"}, "metrics": {"serviceMonitor": True}},
            ["spec.monitoring.metrics.serviceMonitor"],
        ),
        ({"pmm": {"serverHost": "x"}, "metrics": {"enabled": False}}, ["spec.monitoring.metrics.enabled"]),
        ({"enabled": False, "monitoringConfigRef": {"name": "x"}, "metrics": {"enabled": False}}, []),
    ],
    ids=str,
)
def test_a_cluster_asks_nothing_that_nobody_does(monitoring: dict[str, Any] | None, fields: list[str]) -> None:
    spec = granite_cluster(**({"monitoring": monitoring} if monitoring is not None else {}))
    assert [violation.field for violation in monitoring_is_possible(spec)] == fields


@pytest.mark.parametrize(
    ("kind", "spec", "count"),
    [
        ("MonitoringConfig", {"type": "datadog", "credentialsSecretRef": {"name": "x"}}, 1),
        ("MonitoringConfig", {"type": "pmm", "credentialsSecretRef": {"name": "x"}}, 0),
        ("MonitoringConfig", {"type": "datadog"}, 0),
        ("DatabaseCluster", {"type": "datadog", "credentialsSecretRef": {"name": "x"}}, 0),
    ],
    ids=str,
)
def test_who_names_a_login_that_nobody_uses_is_warned(kind: str, spec: dict[str, Any], count: int) -> None:
    review = Review("CREATE", "dbaas.io", "v1", kind, {"spec": spec}, None)
    assert len([*find_unused_login(review)]) == count
