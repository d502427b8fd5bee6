"""Upgrade: another version of the server, where a cluster of that version may have that data."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.operation import Change, Operation


def _change(spec: OpsRequestSpec, began: str) -> Change:
    return {"engine": {"version": spec.upgrade.target_version}} if spec.upgrade is not None else {}


OPERATION = Operation(
    "Upgrade",
    _change,
    {"engine.version": "upgrade.targetVersion"},
    alone=True,
    waits_for_ready=True,
    minds_windows=True,
)
