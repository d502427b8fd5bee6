"""Whose data is made anew."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.operations.rebuild_instance import OPERATION


def test_it_is_that_of_the_instance_that_is_named() -> None:
    asked = {"clusterRef": {"name": "main"}, "type": "RebuildInstance", "rebuildInstance": {"instanceName": "main-2"}}
    assert OPERATION.instance(OpsRequestSpec.model_validate(asked)) == "main-2"
