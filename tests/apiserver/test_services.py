"""Services; the conformance suite has what kube-apiserver says of them."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.services import complete_service, give_addresses, service_problems, service_warnings

PORT = {"port": 1, "protocol": "TCP"}


def service(**spec: Any) -> dict[str, Any]:
    return {"type": "ClusterIP", "sessionAffinity": "None", "clusterIP": "None", "ports": [PORT], **spec}


def told(**spec: Any) -> list[str]:
    return [str(each) for each in service_problems({"spec": service(**spec)})]


def test_one_port_needs_no_name() -> None:
    assert told() == []
    assert told(ports=[]) == []


def test_a_port_may_be_there_once_for_each_protocol() -> None:
    ports = [{"port": 1, "name": "a", "protocol": "TCP"}, {"port": 1, "name": "b", "protocol": "UDP"}]
    assert told(ports=ports) == []
    assert len(told(ports=[{**port, "protocol": "TCP"} for port in ports])) == 1


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"type": "LoadBalancer"}, "spec.clusterIPs[0]"),
        ({"loadBalancerClass": "example.com/a"}, "spec.loadBalancerClass"),
        ({"selector": {"a": "b c"}}, "spec.selector"),
        ({"externalIPs": ["127.0.0.1"]}, "spec.externalIPs[0]"),
        ({"loadBalancerSourceRanges": ["10.0.0.0/8"]}, "spec.LoadBalancerSourceRanges"),
        ({"trafficDistribution": "Other"}, "spec.trafficDistribution"),
        ({"ports": [{**PORT, "targetPort": "a_"}]}, "spec.ports[0].targetPort"),
        ({"type": "ExternalName", "clusterIP": ""}, "spec.externalName"),
    ],
)
def test_what_a_service_cannot_be_is_named_by_its_field(spec: dict[str, Any], field: str) -> None:
    assert [each.partition(":")[0] for each in told(**spec)] == [field]


@pytest.mark.parametrize(
    ("spec", "families", "policy"),
    [
        ({}, ["IPv4", "IPv6"], "RequireDualStack"),
        ({"selector": {"a": "b"}}, ["IPv4"], "SingleStack"),
        ({"ipFamilyPolicy": "SingleStack"}, ["IPv4"], "SingleStack"),
        ({"ipFamilies": ["IPv6"]}, ["IPv6", "IPv4"], "RequireDualStack"),
    ],
)
def test_a_service_that_nothing_selects_may_have_both_families(
    spec: dict[str, Any], families: list[str], policy: str
) -> None:
    made = service(**spec)
    assert give_addresses(made, None) == []
    assert (made["ipFamilies"], made["ipFamilyPolicy"], made["clusterIPs"]) == (families, policy, ["None"])


def test_an_address_is_kept_and_a_second_family_is_not_lost_by_accident() -> None:
    old = service()
    give_addresses(old, None)
    new = {"ports": [PORT]}
    assert give_addresses(new, old) == []
    assert new == {"ports": [PORT], **{field: old[field] for field in ("clusterIP", "clusterIPs")}} | {
        field: old[field] for field in ("ipFamilies", "ipFamilyPolicy")
    }
    assert [each.field for each in give_addresses({"ipFamilies": ["IPv4"]}, old)] == ["spec.ipFamilyPolicy"]


def test_sessions_stick_for_three_hours_unless_told_otherwise() -> None:
    spec: dict[str, Any] = {"sessionAffinity": "ClientIP"}
    complete_service(spec)
    assert spec["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}
    spec["sessionAffinity"] = "None"
    complete_service(spec)
    assert "sessionAffinityConfig" not in spec


def test_what_is_of_no_use_is_warned_of() -> None:
    warned = list(
        service_warnings(service(loadBalancerIP="1.2.3.4", externalName="x", trafficDistribution="PreferClose"))
    )
    assert len(warned) == 3
    assert list(service_warnings(service())) == []
