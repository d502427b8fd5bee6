"""Columns of Services, Endpoints and EndpointSlices: addresses and ports in short."""

from __future__ import annotations

from typing import Any

from dbaas.apiserver.builtins.columns import (
    AGE,
    NAME,
    NONE,
    Column,
    Object,
    field,
    format_labels,
    format_some,
    items,
    text,
)


def _host_and_port(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def cluster_ip(service: Object) -> str:
    addresses = items(service, "spec", "clusterIPs")
    return str(addresses[0]) if addresses else NONE


def external_ip(service: Object) -> str:
    """Where the Service is reached from outside; `<pending>` while a load balancer has no address yet."""
    kind = field(service, "spec", "type")
    if kind == "ExternalName":
        return str(field(service, "spec", "externalName") or "")
    own = list(items(service, "spec", "externalIPs"))
    if kind in ("ClusterIP", "NodePort"):
        return ",".join(own) or NONE
    balancers = items(service, "status", "loadBalancer", "ingress")
    given = {each.get("ip") or each.get("hostname") or "" for each in balancers} - {""}
    return ",".join(sorted(given) + own) or "<pending>"


def _port(port: dict[str, Any]) -> str:
    number = f"{port['port']}:{port['nodePort']}" if port.get("nodePort") else str(port["port"])
    return f"{number}/{port.get('protocol', 'TCP')}"


def ports(service: Object) -> str:
    return ",".join(map(_port, items(service, "spec", "ports"))) or NONE


def endpoints(obj: Object) -> str:
    """`10.0.0.1:5432,…`; addresses alone where a subset names no port."""
    shown: list[str] = []
    for subset in items(obj, "subsets"):
        addresses = [each["ip"] for each in items(subset, "addresses")]
        if not items(subset, "ports"):
            shown += addresses
        for port in items(subset, "ports"):
            shown += [_host_and_port(address, port["port"]) for address in addresses]
    return format_some(shown, len(shown)) if items(obj, "subsets") and shown else _no_endpoints(obj)


def _no_endpoints(obj: Object) -> str:
    return "" if items(obj, "subsets") else NONE


def slice_ports(obj: Object) -> str:
    shown = [str(each.get("port") or each.get("name") or "*") for each in items(obj, "ports")]
    return format_some(shown, len(shown)) if shown else "<unset>"


def slice_addresses(obj: Object) -> str:
    shown = [address for each in items(obj, "endpoints") for address in each.get("addresses") or ()]
    return format_some(shown, len(shown)) if shown else "<unset>"


SERVICE_COLUMNS: tuple[Column, ...] = (
    NAME,
    text("Type", lambda obj: field(obj, "spec", "type")),
    text("Cluster-IP", cluster_ip),
    text("External-IP", external_ip),
    text("Port(s)", ports),
    AGE,
    text("Selector", lambda obj: format_labels(field(obj, "spec", "selector")), priority=1),
)
ENDPOINTS_COLUMNS: tuple[Column, ...] = (NAME, text("Endpoints", endpoints), AGE)
SLICE_COLUMNS: tuple[Column, ...] = (
    NAME,
    text("AddressType", lambda obj: field(obj, "addressType")),
    text("Ports", slice_ports),
    text("Endpoints", slice_addresses),
    AGE,
)
