"""What Endpoints and EndpointSlices must say of ports and addresses.

Source: `pkg/apis/core/validation` and `pkg/apis/discovery/validation` in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from dbaas.apiserver.builtins.columns import items
from dbaas.apiserver.containers import IN_RANGE, PROTOCOLS, label_problems
from dbaas.apiserver.metadata import validate_name
from dbaas.apiserver.placement import ADDRESS
from dbaas.apiserver.podspecs import repeated
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.equality import equal
from dbaas.apiserver.schemas.wording import invalid, required, unsupported
from dbaas.apiserver.services import LOOPBACK

_TYPES = ("FQDN", "IPv4", "IPv6")
_VERSIONS = {"IPv4": 4, "IPv6": 6}
_LOCAL_MULTICAST = (ip_network("224.0.0.0/24"), ip_network("ff02::/16"))
_NO_ADDRESS = "must specify `addresses` or `notReadyAddresses`"


def _port_problems(ports: Sequence[Mapping[str, Any]], path: str) -> Iterator[Cause]:
    for index, port in enumerate(ports):
        where, number, protocol = f"{path}[{index}]", port.get("port") or 0, port.get("protocol") or ""
        if len(ports) > 1 and not port.get("name"):
            yield required(f"{where}.name")
        yield from label_problems(f"{where}.name", port.get("name"))
        if not 1 <= number <= 65535:
            yield invalid(f"{where}.port", number, IN_RANGE)
        if protocol not in PROTOCOLS:
            yield unsupported(f"{where}.protocol", protocol, PROTOCOLS)
    yield from repeated(ports, path)


def endpoints_problems(endpoints: Mapping[str, Any]) -> Iterator[Cause]:
    for index, subset in enumerate(items(endpoints, "subsets")):
        path = f"subsets[{index}]"
        found = {kind: items(subset, kind) for kind in ("addresses", "notReadyAddresses")}
        if not any(found.values()):
            yield required(path, _NO_ADDRESS)
        for kind, addresses in found.items():
            for number, each in enumerate(addresses):
                where = f"{path}.{kind}[{number}]"
                yield from _address_problems(each.get("ip") or "", f"{where}.ip", told_twice=True)
                yield from label_problems(f"{where}.hostname", each.get("hostname"))
        yield from _port_problems(items(subset, "ports"), f"{path}.ports")


def slice_problems(new: Mapping[str, Any], old: Mapping[str, Any] | None) -> Iterator[Cause]:
    kind = new.get("addressType") or ""
    if not kind:
        yield required("addressType")
    elif kind not in _TYPES:
        yield unsupported("addressType", kind, _TYPES)
    if old is not None and kind != old["addressType"]:
        yield invalid("addressType", kind, "field is immutable")
    changed = items(new, "endpoints") if old is None or not equal(new.get("endpoints"), old.get("endpoints")) else ()
    for index, endpoint in enumerate(changed):
        path = f"endpoints[{index}].addresses"
        if not endpoint.get("addresses"):
            yield required(path, "must contain at least 1 address")
        for number, each in enumerate(endpoint.get("addresses") or ()):
            yield from _slice_address_problems(kind, each, path, number)
        if endpoint.get("nodeName"):
            yield from validate_name(f"endpoints[{index}].nodeName", endpoint["nodeName"], "subdomain")
        yield from label_problems(f"endpoints[{index}].hostname", endpoint.get("hostname"))
    for index, port in enumerate(items(new, "ports")):
        yield from label_problems(f"ports[{index}].name", port.get("name"))
        if port.get("protocol") not in PROTOCOLS:
            yield unsupported(f"ports[{index}].protocol", port.get("protocol") or "", PROTOCOLS)
    yield from repeated(items(new, "ports"), "ports")


def _slice_address_problems(kind: str, text: str, path: str, number: int) -> Iterator[Cause]:
    if kind == "FQDN":
        yield from validate_name(f"{path}[{number}]", text, "subdomain")
        return
    if kind not in _VERSIONS:
        return
    yield from _address_problems(text, f"{path}[{number}]")
    if _version(text) not in (0, _VERSIONS[kind]):
        yield invalid(path, text, f"must be an {kind} address")


def _version(text: str) -> int:
    try:
        return ip_address(text).version
    except ValueError:
        return 0


def _address_problems(text: str, path: str, *, told_twice: bool = False) -> Iterator[Cause]:
    try:
        address = ip_address(text)
    except ValueError:
        yield invalid(path, text, ADDRESS)
        if told_twice:
            yield invalid(path, text, ADDRESS.partition(",")[0])
        return
    if address.is_unspecified:
        yield invalid(path, text, f"may not be unspecified ({text})")
    if address.is_loopback:
        yield invalid(path, text, LOOPBACK)
    if address.is_link_local:
        yield invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if any(address in each for each in _LOCAL_MULTICAST if each.version == address.version):
        yield invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
