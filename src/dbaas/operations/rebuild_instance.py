"""RebuildInstance: the data of one replica is thrown away and copied anew; an action of the provider."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.action import REBUILD
from dbaas.contracts.operation import Operation


def _target(spec: OpsRequestSpec) -> str:
    return spec.rebuild_instance.instance_name if spec.rebuild_instance is not None else ""


OPERATION = Operation(
    "RebuildInstance",
    action=REBUILD,
    instance=_target,
    places={"instance": "rebuildInstance.instanceName"},
    alone=True,
    needs_running=True,
)
