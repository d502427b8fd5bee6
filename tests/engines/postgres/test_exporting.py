"""What runs an exporter beside a server, and what that may do there."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.engines.postgres.server import PostgresServer


def test_an_exporter_runs_only_where_metrics_are_asked_for() -> None:
    body = {"engine": {"type": "postgres", "version": "18"}, "clusterSize": 1}
    for metrics, runs in ((None, False), ({"enabled": False}, False), ({"port": 9999}, True)):
        spec = DatabaseClusterSpec.model_validate({**body, "monitoring": {"metrics": metrics}})
        exporter = PostgresServer().workload("main", spec, "kubernetes").exporter
        assert (exporter is not None and exporter.port == 9999) is runs


@pytest.mark.parametrize(
    ("monitoring", "port"),
    [
        ({"monitoringConfigRef": {"name": "x"}}, 9187),
        ({"pmm": {"serverHost": "pmm.test"}}, 9187),
        ({"enabled": True, "metrics": {"port": 9999}}, 9999),
        ({"enabled": True}, 9187),
        ({"enabled": False, "metrics": {}}, None),
        ({"logging": {"level": "info"}}, None),
    ],
    ids=str,
)
def test_whoever_names_an_agent_gets_the_exporter_that_it_needs(monitoring: dict[str, Any], port: int | None) -> None:
    spec = {"engine": {"type": "postgres", "version": "18"}, "clusterSize": 1, "monitoring": monitoring}
    exporter = PostgresServer().workload("main", DatabaseClusterSpec.model_validate(spec)).exporter
    assert (exporter.port if exporter else None) == port


def test_an_exporter_is_no_administrator() -> None:
    body = {"engine": {"type": "postgres", "version": "18"}, "clusterSize": 1, "monitoring": {"metrics": {}}}
    workload = PostgresServer().workload("main", DatabaseClusterSpec.model_validate(body), "kubernetes")
    exporter = workload.exporter
    assert exporter is not None and exporter.login.name == "main-exporter" != workload.credentials.name
    assert exporter.user == {"username": exporter.env["DATA_SOURCE_USER"], "roles": ["pg_monitor"]}
    assert workload.administrator not in exporter.env.values()
