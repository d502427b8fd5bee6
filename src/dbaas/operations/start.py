"""Start: the servers of a stopped cluster run again, on the data that was kept."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.operation import Change, ClusterState, Operation


def _change(spec: OpsRequestSpec, began: str) -> Change:
    return {"stopped": False}


def _serves(state: ClusterState) -> bool:
    return state.is_ready


OPERATION = Operation("Start", _change, {"stopped": "type"}, has_succeeded=_serves, alone=True)
