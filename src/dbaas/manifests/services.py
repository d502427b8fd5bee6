"""Services and who may come through them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.core import NETWORK_POLICY, SERVICE


def build_service(
    metadata: Mapping[str, Any], selector: Mapping[str, str], ports: Mapping[str, int], **more: Any
) -> dict[str, Any]:
    """`ports` of the Service by the name that the container's port has; `more` are further fields of its spec."""
    return {
        "apiVersion": SERVICE.api_version,
        "kind": SERVICE.kind,
        "metadata": dict(metadata),
        "spec": {
            "selector": dict(selector),
            "ports": [
                {"name": name, "port": number, "protocol": "TCP", "targetPort": name} for name, number in ports.items()
            ],
            **more,
        },
    }


def build_headless_service(
    metadata: Mapping[str, Any], selector: Mapping[str, str], ports: Mapping[str, int]
) -> dict[str, Any]:
    """Gives each pod a name of its own, also while it is not ready."""
    return build_service(metadata, selector, ports, clusterIP="None", publishNotReadyAddresses=True)


def build_network_policy(
    metadata: Mapping[str, Any], selector: Mapping[str, str], entries: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Who may connect to the selected pods; what these connect to is free."""
    return {
        "apiVersion": NETWORK_POLICY.api_version,
        "kind": NETWORK_POLICY.kind,
        "metadata": dict(metadata),
        "spec": {
            "podSelector": {"matchLabels": dict(selector)},
            "policyTypes": ["Ingress"],
            "ingress": [dict(entry) for entry in entries],
        },
    }


def admit(ports: Sequence[str], sources: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """An entry for `build_network_policy`: these ports, for these sources; for all where none is given."""
    entry: dict[str, Any] = {"ports": [{"port": port, "protocol": "TCP"} for port in ports]}
    return {**entry, "from": [dict(source) for source in sources]} if sources else entry
