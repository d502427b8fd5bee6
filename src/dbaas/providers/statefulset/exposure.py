"""Who reaches a cluster, by which Services, and who may. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.pods import Expose
from dbaas.api.resource import LABEL_CLUSTER
from dbaas.contracts.provider import Workload
from dbaas.manifests.metadata import LABEL_ROLE
from dbaas.manifests.services import admit, build_network_policy, build_service
from dbaas.providers.statefulset.pods import METRICS

EXTERNAL_DNS = "external-dns.alpha.kubernetes.io/hostname"
NAMESPACE_NAME = "kubernetes.io/metadata.name"
OPERATOR_LABELS: Mapping[str, str] = {"app.kubernetes.io/name": "dbaas-operator"}
"""Labels of the operator's own pods, wherever it is installed."""
_OPERATOR: Mapping[str, Any] = {"namespaceSelector": {}, "podSelector": {"matchLabels": dict(OPERATOR_LABELS)}}


def build_services(
    cluster: str, expose: Expose | None, ports: Mapping[str, int], metadata: Callable[[str], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """`-rw` leads to the instance that takes writes, `-ro` to the others, `-r` to any that is ready."""
    if ports:
        name, number = next(iter(ports.items()))
        ports = {**ports, name: find_port(expose, number)}
    everyone = {LABEL_CLUSTER: cluster}
    first = build_service(metadata(f"{cluster}-rw"), {**everyone, LABEL_ROLE: "primary"}, ports, **_outside(expose))
    annotations = _annotations(expose)
    if annotations:
        first["metadata"]["annotations"] = annotations
    yield first
    yield build_service(metadata(f"{cluster}-ro"), {**everyone, LABEL_ROLE: "replica"}, ports)
    yield build_service(metadata(f"{cluster}-r"), everyone, ports)


def find_port(expose: Expose | None, usual: int) -> int:
    """Of the Services. `usual` is the first port of the servers, for clients."""
    return expose.port if expose is not None and expose.port is not None else usual


def build_policy(metadata: Mapping[str, Any], spec: DatabaseClusterSpec, workload: Workload) -> dict[str, Any]:
    """Servers are reached by those that may use them, by each other and by us; metrics by everybody.

    What clients have no business with, only by the last two.
    """
    every = workload.instances[0].ports
    ports = [port.name for port in every if not port.is_private]
    entries = [admit(ports, build_sources(spec))]
    if len(ports) < len(every):
        members = {"podSelector": {"matchLabels": {LABEL_CLUSTER: metadata["name"]}}}
        entries.append(admit([port.name for port in every if port.is_private], [members, _OPERATOR]))
    if _is_exposed(spec.expose):
        ranges = spec.expose.load_balancer_source_ranges if spec.expose else []
        entries.append(admit(ports, [{"ipBlock": {"cidr": each}} for each in ranges]))
    if workload.exporter is not None:
        entries.append(admit([METRICS]))
    return build_network_policy(metadata, {LABEL_CLUSTER: metadata["name"]}, entries)


def build_sources(spec: DatabaseClusterSpec) -> list[dict[str, Any]]:
    """Those that may use the cluster, and the operator, for a NetworkPolicy."""
    named = sorted(spec.allowed_namespaces)
    own: dict[str, Any] = {"podSelector": {}}
    if "*" in named:
        return [own, {"namespaceSelector": {}}]
    if not named:
        return [own, dict(_OPERATOR)]
    chosen = {"matchExpressions": [{"key": NAMESPACE_NAME, "operator": "In", "values": named}]}
    return [own, {"namespaceSelector": chosen}, dict(_OPERATOR)]


def _is_exposed(expose: Expose | None) -> bool:
    return expose is not None and expose.type != "ClusterIP"


def _outside(expose: Expose | None) -> dict[str, Any]:
    more: dict[str, Any] = {"type": expose.type if expose is not None else "ClusterIP"}
    if expose is not None and expose.type == "LoadBalancer" and expose.load_balancer_source_ranges:
        more["loadBalancerSourceRanges"] = list(expose.load_balancer_source_ranges)
    return more


def _annotations(expose: Expose | None) -> dict[str, str]:
    if expose is None:
        return {}
    name = {EXTERNAL_DNS: expose.external_dns} if expose.external_dns else {}
    return {**expose.annotations, **name}
