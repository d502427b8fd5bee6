"""VerticalScaling: other resources for each instance; those that are not named stay."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.operation import Change, Operation


def _change(spec: OpsRequestSpec, began: str) -> Change:
    if spec.vertical_scaling is None:
        return {}
    return {"resources": spec.vertical_scaling.resources.model_dump(by_alias=True, exclude_defaults=True)}


OPERATION = Operation("VerticalScaling", _change, {"resources": "verticalScaling.resources"}, minds_windows=True)
