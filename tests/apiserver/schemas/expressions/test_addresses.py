"""Addresses of hosts and networks; `tests/conformance` proves many more."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.addresses import (
    FUNCTIONS,
    contains_cidr,
    contains_ip,
    is_canonical,
    masked,
    to_cidr,
    to_ip,
)
from dbaas.apiserver.schemas.expressions.failures import NoOverload
from dbaas.apiserver.schemas.expressions.things import Opaque


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("1.2.3.4", "1.2.3.4"), ("2001:DB8::0:1", "2001:db8::1"), ("::1.2.3.4", "::102:304"), ("1:2:3:4:5:6:7:8",) * 2],
)
def test_an_address_is_written_in_one_way(text: str, canonical: str) -> None:
    assert to_ip(text) == Opaque("net.IP", canonical)
    assert is_canonical(text) == (text == canonical)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.2.3.04", "IPv4 field has octet with leading zero"),
        ("1.2..4", r'IPv4 field must have at least one digit \(at ".4"\)'),
        ("::1::", r'multiple :: in address \(at ":"\)'),
        ("1:2", "address string too short"),
        ("::1%a", "with zone value is not allowed"),
        ("::ffff:1.2.3.4", "IPv4-mapped IPv6 address .* is not allowed"),
    ],
)
def test_what_is_no_address_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        to_ip(text)
    assert not FUNCTIONS["isIP"](text)


@pytest.mark.parametrize(
    ("text", "reason"), [("1.2.3.4", "no '/'"), ("1.2.3.4/33", "out of range"), ("1.2.3.4/08", "bad bits after slash")]
)
def test_what_is_no_network_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        to_cidr(text)
    assert not FUNCTIONS["isCIDR"](text)


def test_a_network_contains_addresses_and_smaller_networks_of_its_family() -> None:
    network = to_cidr("10.1.2.3/8")
    assert masked(network) == Opaque("net.CIDR", "10.0.0.0/8")
    assert [contains_ip(network, each) for each in ("10.255.0.1", to_ip("11.0.0.1"), "::1")] == [True, False, False]
    assert [contains_cidr(network, each) for each in ("10.9.0.0/16", "0.0.0.0/0", "::/0")] == [True, False, False]
    with pytest.raises(NoOverload):
        contains_ip(network, "x")


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("isUnspecified", "::", "::1"),
        ("isLoopback", "127.9.9.9", "128.0.0.1"),
        ("isLinkLocalMulticast", "ff12::1", "ff01::1"),
        ("isLinkLocalUnicast", "169.254.0.1", "fec0::1"),
        ("isGlobalUnicast", "fd00::1", "255.255.255.255"),
    ],
)
def test_addresses_are_of_kinds(question: str, yes: str, no: str) -> None:
    assert FUNCTIONS[question](to_ip(yes))
    assert not FUNCTIONS[question](to_ip(no))
