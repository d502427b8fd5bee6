"""Restart: every server of the cluster is stopped and started once."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.operation import Change, Operation


def _change(spec: OpsRequestSpec, began: str) -> Change:
    return {"restartedAt": began}


OPERATION = Operation("Restart", _change, {"restartedAt": "type"}, needs_running=True)
