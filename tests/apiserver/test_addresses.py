"""Ports and addresses; the conformance suite has what kube-apiserver says of them."""

from __future__ import annotations

from dbaas.apiserver.addresses import endpoints_problems, slice_problems


def test_addresses_that_are_not_ready_are_checked_too() -> None:
    told = [each.field for each in endpoints_problems({"subsets": [{"notReadyAddresses": [{"ip": "x"}]}]})]
    assert set(told) == {"subsets[0].notReadyAddresses[0].ip"}


def test_names_of_hosts_are_no_addresses() -> None:
    found = {"addressType": "FQDN", "endpoints": [{"addresses": ["host.example.com"]}]}
    assert list(slice_problems(found, None)) == []
    assert [each.field for each in slice_problems({**found, "addressType": "IPv4"}, None)] == [
        "endpoints[0].addresses[0]"
    ]
    assert [each.field for each in slice_problems({**found, "addressType": "IPv4"}, found)] == ["addressType"]


def test_both_kinds_of_addresses_are_read() -> None:
    for kind, address in (("IPv4", "10.0.0.1"), ("IPv6", "2001:db8::1")):
        assert list(slice_problems({"addressType": kind, "endpoints": [{"addresses": [address]}]}, None)) == []
