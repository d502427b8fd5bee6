"""Every query of dashboards and alerts, asked of a Prometheus that scrapes an operator and a server that run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Kind
from dbaas.api.user import DATABASE_USER
from fixtures.exporting import running_exporter
from fixtures.monitoring import Prometheus, running_prometheus, until
from fixtures.postgres import TestServer
from fixtures.replicas import Installed, installed, replicas

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "alerts" / "dbaas.yaml"
DASHBOARDS = sorted((DEPLOY / "dashboards").glob("*.json"))
HERE = {"instanceRef": {"name": "main"}}
LIMIT_SECONDS = 90.0
MAY_SAY_NOTHING = {
    ("grants", "Time of a change, p95"): "the run makes none",
    ("roles", "Time of a change, p95"): "the run makes none",
    ("schemas", "Time of a change, p95"): "the run makes none",
    **{(name, title): "the run has none" for name in ("grants", "roles", "schemas")
       for title in ("By phase", "By reason", "By namespace")},
    **{(f"{noun}s", "Drift"): "nothing drifts" for noun in ("database", "schema", "user", "role", "grant")},
    ("overview", "Not ready, by reason"): "nothing is in trouble",
    ("servers", "Servers found away"): "nothing is in trouble",
    ("servers", "Clusters: instances that serve"): "the run has none",
    ("databases", "Adopted"): "nothing is adopted",
    ("operator", "Errors"): "nothing is in trouble",
    ("operator", "Watches that fail"): "nothing is in trouble",
    ("operator", "Reviews, p95"): "nobody asks for reviews",
}  # fmt: skip
"""Panels that are empty in such a run, and why; all others show something."""


def queries() -> Iterator[tuple[str, str, str]]:
    """Dashboard, panel and query of each."""
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            yield from ((path.stem, panel["title"], target["expr"]) for target in panel["targets"])


def test_panels_that_may_be_empty_are_panels() -> None:
    assert MAY_SAY_NOTHING.keys() - {(name, title) for name, title, _ in queries()} == set()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_lie_beside_each_other_and_have_names(path: Path) -> None:
    drawn = json.loads(path.read_text())
    taken: set[tuple[int, int]] = set()
    for panel in drawn["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
    ids, titles = ([panel[name] for panel in drawn["panels"]] for name in ("id", "title"))
    assert len({*ids}) == len({*titles}) == len(drawn["panels"])


@pytest.mark.slow
@pytest.mark.kube_apiserver
@pytest.mark.real_server
async def test_every_query_is_answered_by_what_runs(
    operated_kube_state: Path, postgres_18: TestServer, prefix: str, tmp_path: Path,
    prometheus_program: Path, exporter_program: Path,
) -> None:  # fmt: skip
    async with installed(operated_kube_state) as cluster, replicas() as started:
        where = ("--namespaces", cluster.work, "--lease-namespace", cluster.asked.namespace)
        replica = await started.start(cluster.kubeconfig, *where)
        serving = await replica.says("serving")
        async with running_exporter(exporter_program, postgres_18, tmp_path) as exporter:
            jobs = {"dbaas-metrics": [int(serving["metrics_port"])], "postgres": [exporter]}
            async with running_prometheus(prometheus_program, tmp_path / "prometheus", jobs, [RULES]) as prometheus:
                await prometheus.until('up{job="dbaas-metrics"} == 1', LIMIT_SECONDS)  # what was before shows no rate
                await _make_all(cluster, postgres_18, prefix)
                await prometheus.until("dbaas_database_size_bytes > 0", LIMIT_SECONDS)
                await prometheus.until('increase(dbaas_user_operations_total{status="success"}[5m])', LIMIT_SECONDS)
                await _check_queries(prometheus)
                await _check_rules(prometheus)


async def _check_queries(prometheus: Prometheus) -> None:
    """None fails, and those that must say something do, sooner or later."""
    silent = {(name, title, expr) for name, title, expr in queries() if (name, title) not in MAY_SAY_NOTHING}
    for name, title, expr in queries():
        if (name, title) in MAY_SAY_NOTHING:
            await prometheus.query(expr)

    async def all_have_spoken() -> bool:
        for each in [*silent]:
            if await prometheus.query(each[2]):
                silent.remove(each)
        return not silent

    await until(all_have_spoken, LIMIT_SECONDS, lambda: "\n".join(map(str, sorted(silent))))


async def _check_rules(prometheus: Prometheus) -> None:
    """All are evaluated; in another namespace than that of the file an operator is not missed in vain."""
    groups = (await prometheus.get("rules"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["health"] for rule in rules} == {"ok"}, [rule for rule in rules if rule["health"] != "ok"]
    raised = {rule["name"] for rule in rules if rule.get("state") in ("pending", "firing")}
    assert raised <= {"DbaasOperatorAbsent"}


async def _make_all(cluster: Installed, server: TestServer, prefix: str) -> None:
    address = server.address
    login = {"username": address.username, "password": address.password.reveal()}
    connection = {"host": address.host, "port": address.port, "secretRef": {"name": "admin"}}
    spec = {
        "engine": "postgres", "connection": connection, "postgres": {"sslMode": "disable"},
        "discovery": {"enabled": True},
    }  # fmt: skip
    metadata = {"name": "admin", "namespace": cluster.work}
    await cluster.user.create(SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": login})
    await _make(cluster, DATABASE_INSTANCE, "main", spec)
    await _make(cluster, DATABASE_USER, "app", {**HERE, "username": f"{prefix}-app"})
    await _make(cluster, DATABASE, "shop", {**HERE, "name": f"{prefix}-shop", "owner": f"{prefix}-app"})


async def _make(cluster: Installed, kind: Kind, name: str, spec: dict[str, Any]) -> None:
    metadata = {"name": name, "namespace": cluster.work}
    await cluster.user.create(
        kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
    )
