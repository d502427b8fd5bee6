"""To whom a switchover is."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.operations.switchover import OPERATION


def test_it_is_to_the_instance_that_is_named_or_to_any() -> None:
    asked = {"clusterRef": {"name": "main"}, "type": "Switchover"}
    for more, target in (({}, ""), ({"switchover": {}}, ""), ({"switchover": {"targetInstance": "main-2"}}, "main-2")):
        assert OPERATION.instance(OpsRequestSpec.model_validate({**asked, **more})) == target
