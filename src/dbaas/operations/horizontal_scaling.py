"""HorizontalScaling: more instances, or fewer."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.operation import Change, Operation


def _change(spec: OpsRequestSpec, began: str) -> Change:
    return {"clusterSize": spec.horizontal_scaling.replicas} if spec.horizontal_scaling is not None else {}


OPERATION = Operation("HorizontalScaling", _change, {"clusterSize": "horizontalScaling.replicas"}, waits_for_ready=True)
