"""Services and network policies."""

from __future__ import annotations

from dbaas.manifests.services import admit, build_headless_service, build_network_policy, build_service

METADATA = {"name": "main", "namespace": "shop"}


def test_a_service_leads_to_the_ports_of_that_name_whatever_its_own_number() -> None:
    service = build_service(METADATA, {"a": "b"}, {"sql": 6543}, type="NodePort")
    assert service["spec"]["ports"] == [{"name": "sql", "port": 6543, "protocol": "TCP", "targetPort": "sql"}]
    assert (service["spec"]["selector"], service["spec"]["type"]) == ({"a": "b"}, "NodePort")


def test_pods_have_names_of_their_own_also_while_they_start() -> None:
    spec = build_headless_service(METADATA, {"a": "b"}, {"sql": 1})["spec"]
    assert spec["clusterIP"] == "None" and spec["publishNotReadyAddresses"]


def test_a_policy_lets_in_only_whom_it_names() -> None:
    policy = build_network_policy(METADATA, {"a": "b"}, [admit(["sql"], [{"podSelector": {}}])])
    assert policy["spec"]["policyTypes"] == ["Ingress"]
    assert policy["spec"]["ingress"] == [{"ports": [{"port": "sql", "protocol": "TCP"}], "from": [{"podSelector": {}}]}]


def test_an_entry_without_sources_is_for_everybody() -> None:
    assert "from" not in admit(["metrics"])
