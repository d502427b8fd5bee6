"""Parts of a pod that every one of ours has alike: no privileges, no token, nothing writable but its volumes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CONTAINER_SECURITY: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


def build_pod_security(user: int, group: int) -> dict[str, Any]:
    """Volumes are given to the group once, when their root is not its own yet.

    Otherwise each mount would add rights of the group all over a folder that a server keeps to itself.
    """
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": group,
        "fsGroup": group,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


API_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where every client of the API looks in a pod."""
_TOKEN_SECONDS = 3607  # as the token has that Kubernetes would mount by itself; it is renewed long before


def build_api_access(name: str) -> dict[str, Any]:
    """A volume as Kubernetes would mount it in every container, for those alone that need it."""
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": _TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": 0o440}}


def build_probe(
    *, command: Sequence[str] = (), port: str = "", path: str = "", period: int = 1, timeout: int = 1, failures: int = 3
) -> dict[str, Any]:
    """A command that exits 0, or else a connection to the container's port of that name, or a page there. Seconds."""
    asked: dict[str, Any] = {"httpGet": {"port": port, "path": path}} if path else {"tcpSocket": {"port": port}}
    how: dict[str, Any] = {"exec": {"command": list(command)}} if command else asked
    return {**how, "periodSeconds": period, "timeoutSeconds": timeout, "failureThreshold": failures}
