"""A cluster of databases lives on a real node: made, used, hurt, changed, and gone."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from node.conftest import SYSTEM, Node, until

pytestmark = [pytest.mark.node, pytest.mark.timeout(2400)]
NAMESPACE = "shop"
CLUSTER = """
apiVersion: dbaas.io/v1
kind: DatabaseCluster
metadata: {{name: main}}
spec:
  engine: {{type: postgresql, version: "15"}}
  clusterSize: 1
  profile: dev
  config: [{config}]
  monitoring: {{logging: {{format: json}}}}
"""
DATABASE = """
apiVersion: dbaas.io/v1
kind: DatabaseUser
metadata: {{name: {name}-owner}}
spec:
  instanceRef: {{kind: DatabaseCluster, name: main}}
  databaseRef: {{name: {name}}}
---
apiVersion: dbaas.io/v1
kind: Database
metadata: {{name: {name}}}
spec:
  instanceRef: {{kind: DatabaseCluster, name: main}}
  owner: {name}-owner
"""

VACUUM = """
apiVersion: dbaas.io/v1
kind: OpsRequest
metadata: {name: vacuum}
spec:
  clusterRef: {name: main}
  type: Custom
  custom: {operation: vacuum, parameters: {database: shop, table: orders}}
"""


def cluster(**config: str) -> str:
    return CLUSTER.format(config=", ".join(f'{{name: {n}, value: "{v}"}}' for n, v in config.items()))


def is_ready(node: Node, kind: str, name: str) -> bool:
    return node.is_ready(NAMESPACE, kind, name)


def ask(node: Node, secret: str, sql: str) -> Any:
    with node.log_in(NAMESPACE, "main-rw", secret) as connection:
        row = connection.execute(sql.encode()).fetchone()
        return row[0] if row else None


def answers(node: Node, sql: str, expected: object) -> bool:
    try:
        return bool(ask(node, "shop-owner-credentials", sql) == expected)
    except (psycopg.OperationalError, TypeError, KeyError):
        return False


def read_log(node: Node) -> list[dict[str, Any]]:
    """Lines of JSON that the server's container has printed. Of each, the container runtime says when and where."""
    found = node.kubeconfig.parent.glob(f"node/pod-logs/{NAMESPACE}_main-0_*/server/*.log")
    lines = (line.split(" ", 3)[3] for log in found for line in log.read_text().splitlines())
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_a_whole_life(operated: Node) -> None:
    node = operated
    node.run("create", "namespace", NAMESPACE)
    make(node)
    heal(node)
    lose_the_operator(node)
    change(node)
    operate(node)
    lose_the_data(node)
    end(node)


def make(node: Node) -> None:
    node.apply(NAMESPACE, cluster())
    node.apply(NAMESPACE, DATABASE.format(name="shop"))
    until(lambda: is_ready(node, "databaseclusters", "main"), "the cluster is Ready")
    until(lambda: is_ready(node, "databases", "shop"), "the database is Ready")
    until(lambda: node.get("secret", "-n", NAMESPACE, "shop-owner-credentials"), "the login is published")
    with node.log_in(NAMESPACE, "main-rw", "shop-owner-credentials") as connection:
        connection.execute("CREATE TABLE orders (id int)")
        connection.execute("INSERT INTO orders VALUES (42)")
    assert any("ready to accept connections" in each["message"] for each in read_log(node)), "its log is printed"


BEING_MADE = {"metadata": {"uid": ""}}


def heal(node: Node) -> None:
    """Pod, Secrets, Services and the rest, all at once; the data is as it was."""
    before = node.get("pod", "-n", NAMESPACE, "main-0")["metadata"]["uid"]
    node.run("-n", NAMESPACE, "delete", "pod", "main-0", "--wait=false")
    node.run("-n", NAMESPACE, "delete", "service", "main-rw", "main-ro", "main-r", "--wait=false")
    node.run("-n", NAMESPACE, "delete", "secret", "shop-owner-credentials", "--wait=false")
    node.run("-n", NAMESPACE, "delete", "statefulset", "main", "--wait=false")
    until(
        lambda: (node.get("pod", "-n", NAMESPACE, "main-0") or BEING_MADE)["metadata"]["uid"] not in ("", before),
        "it is another",
    )
    until(lambda: answers(node, "SELECT id FROM orders", 42), "all is healed")
    until(lambda: is_ready(node, "databaseclusters", "main"), "the cluster is Ready again")


def lose_the_operator(node: Node) -> None:
    """In the middle of work; the next one finishes it, and nothing is done twice."""
    node.apply(NAMESPACE, DATABASE.format(name="stock"))
    node.run("-n", SYSTEM, "delete", "pod", "--all", "--force", "--grace-period=0")
    until(lambda: is_ready(node, "databases", "stock"), "the next operator has gone on")
    assert answers(node, "SELECT count(*)::int FROM pg_database WHERE datname = 'stock'", 1)
    assert answers(node, "SELECT id FROM orders", 42)


def change(node: Node) -> None:
    """By a reload where that is enough, else by another pod."""
    pod = node.get("pod", "-n", NAMESPACE, "main-0")["metadata"]["uid"]
    node.apply(NAMESPACE, cluster(work_mem="5MB"))
    until(lambda: answers(node, "SELECT current_setting('work_mem')", "5MB"), "the reload is done")
    assert node.get("pod", "-n", NAMESPACE, "main-0")["metadata"]["uid"] == pod
    node.apply(NAMESPACE, cluster(work_mem="5MB", max_connections="77"))
    until(lambda: answers(node, "SELECT current_setting('max_connections')", "77"), "the restart is done")
    assert node.get("pod", "-n", NAMESPACE, "main-0")["metadata"]["uid"] != pod
    assert answers(node, "SELECT id FROM orders", 42)


def operate(node: Node) -> None:
    """What the catalogue has ready, once the cluster is Ready after its restart."""
    node.apply(NAMESPACE, VACUUM)
    until(lambda: is_ready(node, "opsrequests", "vacuum"), "the table is vacuumed")
    vacuums = "SELECT vacuum_count::int FROM pg_stat_user_tables WHERE relname = 'orders'"
    until(lambda: answers(node, vacuums, 1), "the server has counted it")
    node.run("-n", NAMESPACE, "delete", "opsrequest", "vacuum")


def lose_the_data(node: Node) -> None:
    """An empty server in its place would look well, so there is none before somebody says that there may be."""
    before = node.get("pvc", "-n", NAMESPACE, "data-main-0")["metadata"]["uid"]
    node.run("-n", NAMESPACE, "delete", "pvc", "data-main-0", "--wait=false")
    node.run("-n", NAMESPACE, "delete", "pod", "main-0", "--wait=false")
    until(lambda: why_not_ready(node) == "DataMissing", "it is told that the data is gone")
    assert node.get("pvc", "-n", NAMESPACE, "data-main-0")["metadata"]["uid"] != before
    node.run("-n", NAMESPACE, "annotate", "databasecluster", "main", "dbaas.io/allow-destructive=true")
    until(lambda: "DataMissing" not in read_script(node), "its next pod may begin with nothing")
    node.run("-n", NAMESPACE, "delete", "pod", "main-0", "--wait=false")
    until(lambda: is_ready(node, "databaseclusters", "main"), "the cluster is Ready with nothing in it")


def why_not_ready(node: Node) -> str:
    status = node.get("databasecluster", "-n", NAMESPACE, "main").get("status") or {}
    return next((str(each["reason"]) for each in status.get("conditions") or () if each["type"] == "Ready"), "")


def read_script(node: Node) -> str:
    return str(node.get("configmap", "-n", NAMESPACE, "main-settings")["data"]["init"])


def end(node: Node) -> None:
    """Nothing is left but what Retain keeps: the volume, and the login to what is on it."""
    everything = "---".join([cluster(), *(DATABASE.format(name=name) for name in ("shop", "stock"))])
    node.run("-n", NAMESPACE, "delete", "-f", "-", "--wait=false", body=everything)
    kept = {"secret/main-credentials", "persistentvolumeclaim/data-main-0"}
    until(lambda: node.left(NAMESPACE) == kept, "nothing is left")
