"""Which nodes take the pods of a cluster. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.pods import PodSchedulingPolicy, as_kubernetes

HOST = "kubernetes.io/hostname"


def build_scheduling(
    policy: PodSchedulingPolicy | None, labels: Mapping[str, str], *, are_several: bool
) -> dict[str, Any]:
    """Fields of the pod. `labels` are those of all pods of the cluster.

    Several are on different nodes where there are such, unless somebody has said how they are placed to each other.
    """
    said = as_kubernetes(policy) if policy is not None else {}
    said.pop("topologySpreadConstraints", None)
    if policy is not None and policy.topology_spread_constraints:
        said["topologySpreadConstraints"] = [
            {
                "maxSkew": each.max_skew,
                "topologyKey": each.topology_key,
                "whenUnsatisfiable": each.when_unsatisfiable,
                "labelSelector": {"matchLabels": dict(labels)},
            }
            for each in policy.topology_spread_constraints
        ]
    elif are_several and not said.get("affinity", {}).keys() & {"podAffinity", "podAntiAffinity"}:
        said["affinity"] = {**said.get("affinity", {}), "podAntiAffinity": _apart(labels)}
    return said


def _apart(labels: Mapping[str, str]) -> dict[str, Any]:
    term = {"topologyKey": HOST, "labelSelector": {"matchLabels": dict(labels)}}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
