"""Services of a cluster, and who may come through them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.provider import MEMBER_WORKLOAD, SERVER_WORKLOAD, declare
from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.exporting import Exporter, exporter_login
from dbaas.contracts.provider import ServerImage, Workload
from dbaas.providers.statefulset.exposure import OPERATOR_LABELS, build_policy, build_services


def spec_of(**said: Any) -> DatabaseClusterSpec:
    return DatabaseClusterSpec.model_validate(declare(**said).spec)


def services(**expose: Any) -> dict[str, dict[str, Any]]:
    spec = spec_of(expose=expose) if expose else spec_of()
    made = build_services("main", spec.expose, {"sql": 5432, "admin": 1}, lambda name: {"name": name})
    return {service["metadata"]["name"]: service for service in made}


def entries(workload: Workload = SERVER_WORKLOAD, **said: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = build_policy({"name": "main"}, spec_of(**said), workload)["spec"]["ingress"]
    return found


def test_each_service_leads_to_the_instances_of_its_role() -> None:
    roles = {name: service["spec"]["selector"].get("dbaas.io/role") for name, service in services().items()}
    assert roles == {"main-rw": "primary", "main-ro": "replica", "main-r": None}
    assert services()["main-rw"]["spec"]["type"] == "ClusterIP"


def test_only_the_service_that_takes_writes_is_exposed() -> None:
    made = services(
        type="LoadBalancer", annotations={"a": "b"}, externalDNS="db.test", loadBalancerSourceRanges=["::/0"]
    )
    spec, metadata = made["main-rw"]["spec"], made["main-rw"]["metadata"]
    assert (spec["type"], spec["loadBalancerSourceRanges"]) == ("LoadBalancer", ["::/0"])
    assert metadata["annotations"] == {"a": "b", "external-dns.alpha.kubernetes.io/hostname": "db.test"}
    assert "type" not in made["main-r"]["spec"] and "annotations" not in made["main-r"]["metadata"]


def test_another_port_is_that_of_the_services_and_not_of_the_server() -> None:
    for service in services(port=6543).values():
        assert service["spec"]["ports"][0] == {"name": "sql", "port": 6543, "protocol": "TCP", "targetPort": "sql"}
        assert service["spec"]["ports"][1]["port"] == 1


def test_by_default_its_own_namespace_and_the_operator_get_in() -> None:
    (entry,) = entries()
    assert [each["port"] for each in entry["ports"]] == ["main", "admin"]
    assert entry["from"] == [
        {"podSelector": {}}, {"namespaceSelector": {}, "podSelector": {"matchLabels": dict(OPERATOR_LABELS)}},
    ]  # fmt: skip


def test_namespaces_that_may_use_it_get_in() -> None:
    (named,) = entries(allowedNamespaces=["b", "a"])
    assert named["from"][1]["namespaceSelector"]["matchExpressions"][0]["values"] == ["a", "b"]
    (everybody,) = entries(allowedNamespaces=["*"])
    assert {"namespaceSelector": {}} in everybody["from"]


@pytest.mark.parametrize(
    ("expose", "entry"),
    [
        ({"type": "NodePort"}, None),
        ({"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"]}, [{"ipBlock": {"cidr": "10.0.0.0/8"}}]),
    ],
    ids=str,
)
def test_what_is_exposed_is_open_to_whom_it_is_exposed(expose: dict[str, Any], entry: object) -> None:
    assert entries(expose=expose)[1].get("from") == entry


def test_metrics_are_open_to_everybody_and_only_where_there_are_any() -> None:
    exporter = Exporter(ServerImage("x", 1, 1), 9187, exporter_login("main"), {})
    found = entries(replace(SERVER_WORKLOAD, exporter=exporter))[-1]
    assert found == {"ports": [{"port": "metrics", "protocol": "TCP"}]}


def test_where_members_talk_to_each_other_no_client_gets_in() -> None:
    clients, members = entries(MEMBER_WORKLOAD, clusterSize=3, allowedNamespaces=["*"])
    assert [each["port"] for each in clients["ports"]] == ["main"]
    assert [each["port"] for each in members["ports"]] == ["control"]
    assert members["from"] == [
        {"podSelector": {"matchLabels": {"dbaas.io/cluster": "main"}}},
        {"namespaceSelector": {}, "podSelector": {"matchLabels": dict(OPERATOR_LABELS)}},
    ]  # fmt: skip
