"""Rules that the schema itself says of servers, and of how things name the server they live on."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE, instance_kind
from dbaas.api.kinds import DEFINITIONS
from dbaas.api.references import OnClusterServer, OnServer
from dbaas.api.resource import Key
from dbaas.api.schema import build_crd
from dbaas.contracts.registry import find_registry
from fixtures.control_plane import Api

LOGIN = {"secretRef": {"name": "admin"}}


async def post(api: Api, kind: str, spec: dict[str, Any]) -> Any:
    """Of one object called `x`."""
    definitions = {definition.kind.kind: definition for definition in DEFINITIONS}
    definition, registry = definitions[kind], find_registry()
    await api.define(build_crd(definition, registry.blocks(kind)))
    body = {"apiVersion": "dbaas.io/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    return await api.post(api.collection(definition.kind.plural, "dbaas.io"), body)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "give the server: either instanceRef or clusterInstanceRef"),
        ({"instanceRef": {"name": "a"}, "clusterInstanceRef": {"name": "b"}}, "give the server: either"),
        ({"instanceRef": {"kind": "ClusterDatabaseInstance", "name": "a", "namespace": "n"}}, "is in no namespace"),
    ],
)
async def test_a_database_is_on_exactly_one_server(api: Api, spec: dict[str, Any], message: str) -> None:
    refused = await post(api, "Database", spec)
    assert refused.status == 422
    assert message in refused.body["message"]


async def test_the_way_to_name_the_server_cannot_be_changed(api: Api) -> None:
    assert (await post(api, "Database", {"clusterInstanceRef": {"name": "a"}})).status == 201
    path = f"{api.collection('databases', 'dbaas.io')}/x"
    change = {"clusterInstanceRef": None, "instanceRef": {"kind": "ClusterDatabaseInstance", "name": "a"}}
    refused = await api.patch(path, {"spec": change})
    assert refused.status == 422
    assert "the server cannot be changed" in refused.body["message"]


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        ({}, "give the administrative login once"),
        ({**LOGIN, "existingSecret": {"name": "b"}}, "give the administrative login once"),
        ({"credentials": {"username": {"value": "a"}, "password": {}}}, "give either value or valueFrom"),
        ({"credentials": {"username": {"value": "a"}, "password": {"valueFrom": {}}}}, "give one source in valueFrom"),
    ],
)
async def test_a_login_is_given_once(api: Api, connection: dict[str, Any], message: str) -> None:
    spec = {"engine": "postgres", "connection": {"host": "h", "port": 1, **connection}}
    refused = await post(api, "DatabaseInstance", spec)
    assert refused.status == 422
    assert message in refused.body["message"]


async def test_a_certificate_needs_its_key(api: Api) -> None:
    tls = {"secretRef": {"name": "t", "keys": {"cert": "c"}}}
    spec = {"engine": "postgres", "connection": {"host": "h", "port": 1, **LOGIN}, "tls": tls}
    refused = await post(api, "DatabaseInstance", spec)
    assert "a certificate and its key go together" in refused.body["message"]


def test_the_server_is_read_the_same_however_it_is_named() -> None:
    ways = ({"clusterInstanceRef": {"name": "a"}}, {"instanceRef": {"kind": "ClusterDatabaseInstance", "name": "a"}})
    first, second = (OnServer.model_validate(way).server for way in ways)
    assert first == second == OnClusterServer.model_validate(ways[0]).server


def test_the_key_of_an_instance_tells_its_kind() -> None:
    assert instance_kind(Key("default", "main")) == DATABASE_INSTANCE
    assert instance_kind(Key("", "main")) == CLUSTER_DATABASE_INSTANCE
