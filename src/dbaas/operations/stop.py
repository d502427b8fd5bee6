"""Stop: no server of the cluster runs any more, and its data is kept."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.operation import Change, ClusterState, Operation


def _change(spec: OpsRequestSpec, began: str) -> Change:
    return {"stopped": True}


def _rests(state: ClusterState) -> bool:
    return state.rests


OPERATION = Operation("Stop", _change, {"stopped": "type"}, has_succeeded=_rests, alone=True)
