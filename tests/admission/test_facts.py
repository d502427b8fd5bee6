"""What is looked up before the rules are asked."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.admission.facts import Facts, gather_facts
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Kind
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.admission import Review
from fixtures.clients import FakeClient
from fixtures.registries import granite_registry, granite_spec


def body(kind: Kind, name: str, spec: dict[str, Any], namespace: str = "default") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace} if kind.namespaced else {"name": name}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}


async def gather(client: FakeClient, kind: str, spec: dict[str, Any]) -> Facts:
    new = {"metadata": {"name": "x", "namespace": "default"}, "spec": spec}
    return await gather_facts(Review("CREATE", "dbaas.io", "v1", kind, new, None), granite_registry(), client.get)


@pytest.mark.parametrize("kind", ["DatabaseInstance", "DatabaseCluster"])
async def test_the_engine_is_that_of_the_cluster_while_its_server_is_not_published(kind: str) -> None:
    client = FakeClient()
    client.put(DATABASE_CLUSTER, body(DATABASE_CLUSTER, "main", granite_spec()))
    facts = await gather(client, "Database", {"instanceRef": {"name": "main", "kind": kind}})
    assert facts.engine == "granite"


async def test_the_engine_of_a_grant_is_that_of_its_users_server() -> None:
    client = FakeClient()
    client.put(DATABASE_INSTANCE, body(DATABASE_INSTANCE, "far", {"engine": "slate"}, "other"))
    client.put(DATABASE_USER, body(DATABASE_USER, "me", {"instanceRef": {"name": "far", "namespace": "other"}}))
    assert (await gather(client, "DatabaseGrant", {"userRef": {"name": "me"}})).engine == "slate"
    assert (await gather(client, "DatabaseGrant", {"userRef": {"name": "nobody"}})).engine == ""


async def test_nothing_is_known_of_a_server_that_does_not_exist() -> None:
    assert (await gather(FakeClient(), "Database", {"instanceRef": {"name": "none"}})).engine == ""


async def test_a_cluster_brings_the_entry_it_names() -> None:
    client = FakeClient()
    client.put(DATABASE_ENGINE, body(DATABASE_ENGINE, "old", {"type": "granite"}))
    engine = {"type": "granite", "version": "2", "engineRef": {"name": "old"}}
    facts = await gather(client, "DatabaseCluster", granite_spec(engine=engine))
    assert facts.entry == {"type": "granite"}
