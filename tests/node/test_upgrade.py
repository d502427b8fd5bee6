"""Clusters on a real node get another major version, and go back by themselves where that cannot be."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from node.conftest import SYSTEM, Node, until

pytestmark = [pytest.mark.node, pytest.mark.timeout(1200)]
NAMESPACE = "library"
CLUSTER = """
apiVersion: dbaas.io/v1
kind: DatabaseCluster
metadata: {{name: {name}}}
spec:
  engine: {{type: postgresql, version: "{version}"}}
  clusterSize: {size}
  profile: dev
  deletionPolicy: {policy}
  deletionProtection: false
"""
# A server of version 18 never has such a child; no older one minds.
CHILD_WITHOUT_CONSTRAINT = (
    "CREATE TABLE parent (number int)", "CREATE TABLE child () INHERITS (parent)",
    "ALTER TABLE ONLY parent ALTER number SET NOT NULL",
)  # fmt: skip


def declare(node: Node, name: str, version: str, size: int = 1, policy: str = "Retain") -> None:
    node.apply(NAMESPACE, CLUSTER.format(name=name, version=version, size=size, policy=policy))


def do(node: Node, name: str, *statements: str) -> Any:
    """The first field of what the last one answers."""
    with node.log_in(NAMESPACE, f"{name}-rw", f"{name}-credentials") as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def serves(node: Node, name: str, version: str) -> bool:
    try:
        return str(do(node, name, "SHOW server_version")).startswith(version)
    except (psycopg.OperationalError, TypeError, KeyError):
        return False


def is_ready(node: Node, name: str) -> bool:
    return node.is_ready(NAMESPACE, "databaseclusters", name)


def told(node: Node, name: str) -> str:
    """Why it is not Ready, once that is certain."""
    status = node.get("databaseclusters.dbaas.io", "-n", NAMESPACE, name).get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    stalled = conditions.get("Stalled", {}).get("status") == "True"
    return f"{conditions['Ready']['reason']}: {conditions['Ready']['message']}" if stalled else ""


def pod(node: Node, name: str) -> str:
    return str(node.get("pod", "-n", NAMESPACE, f"{name}-0")["metadata"]["uid"])


@pytest.fixture(scope="module")
def library(operated: Node) -> Node:
    operated.run("create", "namespace", NAMESPACE)
    operated.run("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    return operated


def test_a_cluster_is_upgraded_and_what_hinders_it_leaves_it_as_it_was(library: Node) -> None:
    node = library
    declare(node, "books", "16")
    until(lambda: is_ready(node, "books"), "it is Ready")
    do(node, "books", "CREATE TABLE kept AS SELECT generate_series(1, 100) AS number", *CHILD_WITHOUT_CONSTRAINT)
    do(node, "books", "CREATE DATABASE shut")
    do(node, "books", "ALTER DATABASE shut ALLOW_CONNECTIONS false")
    before = pod(node, "books")
    declare(node, "books", "18")
    until(lambda: "databases that let nobody in: shut" in told(node, "books"), "its server tells what hinders it")
    assert pod(node, "books") == before, "nothing was ended for that"
    do(node, "books", "ALTER DATABASE shut ALLOW_CONNECTIONS true")
    until(lambda: "NOT NULL" in told(node, "books"), "the programs of the new version tell what hinders it")
    assert pod(node, "books") != before
    until(lambda: serves(node, "books", "16"), "the old version serves again")
    assert do(node, "books", "SELECT count(*) FROM kept") == 100
    do(node, "books", "ALTER TABLE child ALTER number SET NOT NULL")
    declare(node, "books", "16")
    until(lambda: is_ready(node, "books"), "as if nobody had asked")
    declare(node, "books", "18")
    node.run("-n", SYSTEM, "delete", "pod", "--all", "--force", "--grace-period=0")
    until(lambda: serves(node, "books", "18"), "it is upgraded")
    until(lambda: is_ready(node, "books"), "it is Ready")
    assert do(node, "books", "SELECT count(*) FROM kept") == 100
    node.run("-n", NAMESPACE, "delete", "databaseclusters.dbaas.io", "books", "--wait=false")
    kept = {"secret/books-credentials", "persistentvolumeclaim/data-books-0"}
    until(lambda: node.left(NAMESPACE) == kept, "nothing is left but what is kept")


def test_of_several_one_is_upgraded_and_the_others_join_it_anew(library: Node) -> None:
    node = library
    node.run("-n", NAMESPACE, "delete", "secret,pvc", "--all")
    declare(node, "shelf", "16", 2, "Delete")
    until(lambda: is_ready(node, "shelf"), "two are Ready")
    do(node, "shelf", "CREATE TABLE kept AS SELECT generate_series(1, 100) AS number")
    declare(node, "shelf", "18", 2, "Delete")
    until(lambda: serves(node, "shelf", "18"), "the one that is left is upgraded")
    until(lambda: is_ready(node, "shelf"), "two are Ready")
    until(lambda: do(node, "shelf", "SELECT count(*) FROM pg_stat_replication") == 1, "the other follows")
    assert do(node, "shelf", "SELECT count(*) FROM kept") == 100
    roles = node.get("databaseclusters.dbaas.io", "-n", NAMESPACE, "shelf")["status"]["database"]["roles"]
    assert sorted(roles.values()) == ["primary", "replica"]
    node.run("-n", NAMESPACE, "delete", "databaseclusters.dbaas.io", "shelf", "--wait=false")
    until(lambda: not node.left(NAMESPACE), "nothing is left")
