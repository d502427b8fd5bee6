"""What is looked up before the rules are asked."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.admission.facts import Facts, gather_facts
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database import DATABASE
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.api.role import DATABASE_ROLE
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


async def test_the_engine_of_a_grant_may_be_that_of_a_role_or_of_a_database() -> None:
    client = FakeClient()
    client.put(DATABASE_INSTANCE, body(DATABASE_INSTANCE, "main", {"engine": "slate"}))
    for kind, name in ((DATABASE_ROLE, "readers"), (DATABASE, "shop")):
        client.put(kind, body(kind, name, {"instanceRef": {"name": "main"}}))
    assert (await gather(client, "DatabaseGrant", {"roleRef": {"name": "readers"}})).engine == "slate"
    everybody = {"public": True, "databaseRef": {"name": "shop"}}
    assert (await gather(client, "DatabaseGrant", everybody)).engine == "slate"


async def test_nothing_is_known_of_a_server_that_does_not_exist() -> None:
    assert (await gather(FakeClient(), "Database", {"instanceRef": {"name": "none"}})).engine == ""


async def test_a_cluster_brings_the_entry_it_names() -> None:
    client = FakeClient()
    client.put(DATABASE_ENGINE, body(DATABASE_ENGINE, "old", {"type": "granite"}))
    engine = {"type": "granite", "version": "2", "engineRef": {"name": "old"}}
    facts = await gather(client, "DatabaseCluster", granite_spec(engine=engine))
    assert facts.entry == {"type": "granite"}


async def test_a_server_for_the_whole_cluster_is_found_by_both_its_names() -> None:
    client = FakeClient()
    client.put(CLUSTER_DATABASE_INSTANCE, body(CLUSTER_DATABASE_INSTANCE, "all", {"engine": "slate"}))
    for spec in ({"clusterInstanceRef": {"name": "all"}},
                 {"instanceRef": {"kind": "ClusterDatabaseInstance", "name": "all"}}):  # fmt: skip
        facts = await gather(client, "Database", spec)
        assert (facts.engine, facts.is_resident) == ("slate", False)


async def test_who_is_at_home_is_told_by_namespace_and_by_the_servers_owner() -> None:
    client = FakeClient()
    client.put(DATABASE_INSTANCE, body(DATABASE_INSTANCE, "near", {"engine": "slate"}))
    client.put(DATABASE_INSTANCE, body(DATABASE_INSTANCE, "far", {"engine": "slate"}, "other"))
    open_house = {"engine": "slate", "tenancy": {"privilegedAttributes": True}}
    client.put(DATABASE_INSTANCE, body(DATABASE_INSTANCE, "open", open_house, "other"))
    places = {"near": {"name": "near", "namespace": "default"}, "far": {"name": "far", "namespace": "other"},
              "open": {"name": "open", "namespace": "other"}}  # fmt: skip
    told = {name: (await gather(client, "Database", {"instanceRef": ref})).is_resident for name, ref in places.items()}
    assert told == {"near": True, "far": False, "open": True}


async def test_the_version_is_what_the_server_said_last() -> None:
    client = FakeClient()
    client.put(DATABASE_INSTANCE, body(DATABASE_INSTANCE, "main", {"engine": "slate"}))
    spec = {"instanceRef": {"name": "main"}}
    assert (await gather(client, "DatabaseUser", spec)).version == ""
    await client.patch(DATABASE_INSTANCE, Key("default", "main"), {"status": {"version": "16.9"}}, subresource="status")
    assert (await gather(client, "DatabaseUser", spec)).version == "16.9"
