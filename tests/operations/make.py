"""What an operation states of a cluster, for tests."""

from __future__ import annotations

from typing import Any

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.operation import Change
from fixtures.operations import OPERATIONS

BEGAN = "2026-02-03T04:05:06Z"


def stated(type_: str, **blocks: Any) -> Change:
    spec = OpsRequestSpec.model_validate({"clusterRef": {"name": "main"}, "type": type_, **blocks})
    return OPERATIONS[type_].change(spec, BEGAN)
