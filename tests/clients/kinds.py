"""What the official client calls the kinds that every server has, and an object of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CONTAINERS = [{"name": "main", "image": "none"}]


@dataclass(frozen=True)
class TypedKind:
    """`api` is the client's class, `noun` the part of the names of its methods.

    `change` is merged into the object, `applied` is what a second manager would apply of it: the same field with
    another value.
    """

    noun: str
    api: str
    version: str
    kind: str
    body: dict[str, Any]
    change: dict[str, Any]
    applied: dict[str, Any]


def _labelled(value: str) -> dict[str, Any]:
    return {"metadata": {"labels": {"changed": value}}}


TYPED_KINDS = (
    TypedKind("config_map", "CoreV1Api", "v1", "ConfigMap",
              {"data": {"a": "1"}}, {"data": {"b": "2"}}, {"data": {"b": "3"}}),
    TypedKind("secret", "CoreV1Api", "v1", "Secret",
              {"stringData": {"a": "1"}}, {"data": {"b": "Mg=="}}, {"data": {"b": "Mw=="}}),
    TypedKind("service", "CoreV1Api", "v1", "Service",
              {"spec": {"clusterIP": "None", "ports": [{"name": "sql", "port": 5432}], "selector": {"app": "x"}}},
              {"spec": {"trafficDistribution": "PreferClose"}}, {"spec": {"trafficDistribution": "PreferSameZone"}}),
    TypedKind("endpoints", "CoreV1Api", "v1", "Endpoints",
              {"subsets": [{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 5432, "name": "sql"}]}]},
              _labelled("1"), _labelled("2")),
    TypedKind("pod", "CoreV1Api", "v1", "Pod", {"spec": {"containers": CONTAINERS, "restartPolicy": "Never"}},
              {"spec": {"activeDeadlineSeconds": 60}}, {"spec": {"activeDeadlineSeconds": 50}}),
    TypedKind("service_account", "CoreV1Api", "v1", "ServiceAccount", {},
              {"automountServiceAccountToken": False}, {"automountServiceAccountToken": True}),
    TypedKind("event", "CoreV1Api", "v1", "Event",
              {"involvedObject": {"kind": "Pod", "name": "x", "namespace": ""}, "reason": "Tried", "type": "Normal"},
              {"message": "once"}, {"message": "twice"}),
    TypedKind("lease", "CoordinationV1Api", "coordination.k8s.io/v1", "Lease",
              {"spec": {"holderIdentity": "me", "leaseDurationSeconds": 9, "renewTime": "2026-01-02T03:04:05.000006Z"}},
              {"spec": {"holderIdentity": "you"}}, {"spec": {"holderIdentity": "her"}}),
    TypedKind("job", "BatchV1Api", "batch/v1", "Job",
              {"spec": {"suspend": True, "template": {"spec": {"containers": CONTAINERS, "restartPolicy": "Never"}}}},
              {"spec": {"parallelism": 2}}, {"spec": {"parallelism": 3}}),
    TypedKind("endpoint_slice", "DiscoveryV1Api", "discovery.k8s.io/v1", "EndpointSlice",
              {"addressType": "IPv4", "endpoints": [{"addresses": ["10.1.2.3"]}], "ports": [{"port": 80, "name": ""}]},
              _labelled("1"), _labelled("2")),
)  # fmt: skip


def named(kind: TypedKind, name: str, content: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """A whole object with this content."""
    merged = {**content.get("metadata", {}), "name": name, **metadata}
    return {"apiVersion": kind.version, "kind": kind.kind, **content, "metadata": merged}
