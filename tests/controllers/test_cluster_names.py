"""Names of Services lead to what is behind them."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.core import ENDPOINTS, SERVICE
from dbaas.api.resource import Kind
from dbaas.contracts.reconcile import Waiting
from dbaas.controllers.cluster_names import ClusterNames
from fixtures.clients import FakeClient

NAME = "db.shop.svc.cluster.local"


def put(client: FakeClient, kind: Kind, **body: Any) -> None:
    metadata = {"name": "db", "namespace": "shop"}
    client.put(kind, {"apiVersion": "v1", "kind": kind.kind, "metadata": metadata, **body})


async def test_other_names_are_left_to_the_machine() -> None:
    names = ClusterNames(FakeClient().get)
    for host in ("localhost", "127.0.0.1", "db.example.com", "svc", "db.svc", "a.b.svcx"):
        assert await names.resolve(host, 5432) is None


@pytest.mark.parametrize("name", [NAME, "db.shop.svc", "DB.shop.svc.cluster.local."])
async def test_the_port_of_a_service_is_found_by_its_name(name: str) -> None:
    client = FakeClient()
    put(client, SERVICE, spec={"ports": [{"name": "metrics", "port": 9187}, {"name": "sql", "port": 5432}]})
    ports = [{"name": "metrics", "port": 1}, {"name": "sql", "port": 40001}]
    put(client, ENDPOINTS, subsets=[{"addresses": [{"ip": "127.0.0.1"}, {"ip": "127.0.0.2"}], "ports": ports}])
    assert await ClusterNames(client.get).resolve(name, 5432) == ("127.0.0.1", 40001)


async def test_an_external_name_keeps_the_port_unless_a_target_is_given() -> None:
    client = FakeClient()
    put(client, SERVICE, spec={"type": "ExternalName", "externalName": "localhost"})
    assert await ClusterNames(client.get).resolve(NAME, 5432) == ("127.0.0.1", 5432)
    put(client, SERVICE, spec={"type": "ExternalName", "externalName": "db.example.com"})
    assert await ClusterNames(client.get).resolve(NAME, 5432) == ("db.example.com", 5432)
    ports = [{"port": 5432, "targetPort": 40001}]
    put(client, SERVICE, spec={"type": "ExternalName", "externalName": "localhost", "ports": ports})
    assert await ClusterNames(client.get).resolve(NAME, 5432) == ("127.0.0.1", 40001)


async def test_what_is_missing_is_told() -> None:
    client = FakeClient()
    with pytest.raises(Waiting, match="there is no Service shop/db"):
        await ClusterNames(client.get).resolve(NAME, 5432)
    put(client, SERVICE, spec={"ports": [{"port": 5432}]})
    with pytest.raises(Waiting, match="nothing serves port 5432"):
        await ClusterNames(client.get).resolve(NAME, 5432)
    put(client, ENDPOINTS, subsets=[{"addresses": [{"ip": "127.0.0.1"}], "ports": [{"port": 6000}]}])
    assert await ClusterNames(client.get).resolve(NAME, 5432) == ("127.0.0.1", 6000)
    with pytest.raises(Waiting, match="nothing serves port 1"):
        await ClusterNames(client.get).resolve(NAME, 1)
