"""What Services, Endpoints and EndpointSlices must say of ports and addresses.

Source: `pkg/apis/core/validation` and `pkg/apis/discovery/validation` in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from dbaas.apiserver.builtins.columns import items
from dbaas.apiserver.podspecs import repeated
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.wording import invalid, required

_RANGE = "must be between 1 and 65535, inclusive"
_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_LOOPBACK = "may not be in the loopback range (127.0.0.0/8, ::1/128)"
_NO_ADDRESS = "must specify `addresses` or `notReadyAddresses`"


def service_problems(service: Mapping[str, Any]) -> Iterator[Cause]:
    """Ports and their names, which several ports need."""
    ports = items(service, "spec", "ports")
    yield from _port_problems(ports, "spec.ports")
    seen = set()
    for index, port in enumerate(ports):
        key = port.get("protocol", "TCP"), port.get("port")
        if key in seen:
            shown = f'"Protocol":"{key[0]}","AppProtocol":null,"Port":{key[1]},"TargetPort":0,"NodePort":0'
            message = f'Duplicate value: {{"Name":"",{shown}}}'
            yield Cause(f"spec.ports[{index}]", message, "FieldValueDuplicate")
        seen.add(key)


def _port_problems(ports: Sequence[Mapping[str, Any]], path: str) -> Iterator[Cause]:
    for index, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield required(f"{path}[{index}].name")
        number = port.get("port", 0)
        if not 1 <= number <= 65535:
            yield invalid(f"{path}[{index}].port", number, _RANGE)
    yield from repeated(ports, path)


def endpoints_problems(endpoints: Mapping[str, Any]) -> Iterator[Cause]:
    for index, subset in enumerate(items(endpoints, "subsets")):
        path = f"subsets[{index}]"
        found = {kind: items(subset, kind) for kind in ("addresses", "notReadyAddresses")}
        if not any(found.values()):
            yield required(path, _NO_ADDRESS)
        for kind, addresses in found.items():
            for number, each in enumerate(addresses):
                yield from _address_problems(each.get("ip", ""), f"{path}.{kind}[{number}].ip")
        yield from _port_problems(items(subset, "ports"), f"{path}.ports")


def slice_problems(new: Mapping[str, Any], old: Mapping[str, Any] | None) -> Iterator[Cause]:
    if old is not None and new["addressType"] != old["addressType"]:
        yield invalid("addressType", new["addressType"], "field is immutable")
    for index, endpoint in enumerate(items(new, "endpoints")):
        path = f"endpoints[{index}].addresses"
        if not endpoint.get("addresses"):
            yield required(path, "must contain at least 1 address")
        if new["addressType"] != "FQDN":
            for number, each in enumerate(endpoint.get("addresses") or ()):
                yield from _address_problems(each, f"{path}[{number}]")
    yield from repeated(items(new, "ports"), "ports")


def _address_problems(text: str, path: str) -> Iterator[Cause]:
    try:
        address = ip_address(text)
    except ValueError:
        yield invalid(path, text, _ADDRESS)
        return
    if address.is_loopback:
        yield invalid(path, text, _LOOPBACK)
