"""Columns of Services, Endpoints and EndpointSlices."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.builtins import networking


def service(**spec: Any) -> dict[str, Any]:
    return {"spec": spec, "status": {"loadBalancer": {"ingress": [{"ip": "9.9.9.9"}] if spec.get("lb") else []}}}


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ({"type": "ClusterIP"}, "<none>"),
        ({"type": "NodePort", "externalIPs": ["1.1.1.1", "2.2.2.2"]}, "1.1.1.1,2.2.2.2"),
        ({"type": "LoadBalancer"}, "<pending>"),
        ({"type": "LoadBalancer", "lb": True, "externalIPs": ["1.1.1.1"]}, "9.9.9.9,1.1.1.1"),
        ({"type": "ExternalName", "externalName": "db.example.com"}, "db.example.com"),
    ],
)
def test_the_external_address_follows_from_the_type(spec: dict[str, Any], shown: str) -> None:
    assert networking.external_ip(service(**spec)) == shown


def test_ports_name_the_node_port_if_there_is_one() -> None:
    assert networking.ports(service(ports=[{"port": 80}, {"port": 53, "nodePort": 30053, "protocol": "UDP"}])) == (
        "80/TCP,53:30053/UDP"
    )
    assert networking.ports(service()) == "<none>"
    assert networking.cluster_ip(service(clusterIPs=["10.0.0.1"])) == "10.0.0.1"


def test_endpoints_join_addresses_and_ports() -> None:
    addresses = [{"ip": "1.1.1.1"}, {"ip": "::1"}]
    assert (
        networking.endpoints({"subsets": [{"addresses": addresses, "ports": [{"port": 80}]}]}) == "1.1.1.1:80,[::1]:80"
    )
    assert networking.endpoints({"subsets": [{"addresses": addresses}]}) == "1.1.1.1,::1"
    assert networking.endpoints({}) == "<none>"


def test_slices_show_a_few_of_their_addresses() -> None:
    found = {"ports": [{"port": 80}, {"name": "x"}, {}], "endpoints": [{"addresses": list("abcd")}]}
    assert networking.slice_ports(found) == "80,x,*"
    assert networking.slice_addresses(found) == "a,b,c + 1 more..."
    assert networking.slice_addresses({}) == "<unset>"
