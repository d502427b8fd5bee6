"""StatefulSets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.core import STATEFUL_SET


def build_stateful_set(
    metadata: Mapping[str, Any],
    selector: Mapping[str, str],
    *,
    service: str,
    replicas: int,
    template: Mapping[str, Any],
) -> dict[str, Any]:
    """Pods are replaced without waiting for one that never gets ready, else a wrong setting could not be put right.

    (Known as "forced rollback" in the manual of StatefulSets; it concerns the policy OrderedReady only.)
    """
    return {
        "apiVersion": STATEFUL_SET.api_version,
        "kind": STATEFUL_SET.kind,
        "metadata": dict(metadata),
        "spec": {
            "replicas": replicas,
            "serviceName": service,
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},
            "selector": {"matchLabels": dict(selector)},
            "template": dict(template),
        },
    }
