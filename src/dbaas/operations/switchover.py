"""Switchover: another instance becomes the primary, as planned; an action of the provider."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.action import SWITCHOVER
from dbaas.contracts.operation import Operation


def _target(spec: OpsRequestSpec) -> str:
    return (spec.switchover.target_instance if spec.switchover is not None else None) or ""


OPERATION = Operation(
    "Switchover",
    action=SWITCHOVER,
    instance=_target,
    places={"instance": "switchover.targetInstance"},
    alone=True,
    needs_running=True,
    waits_for_ready=True,
)
