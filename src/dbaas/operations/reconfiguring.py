"""Reconfiguring: other server settings; those that are not named stay."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.operation import Change, Operation


def _change(spec: OpsRequestSpec, began: str) -> Change:
    if spec.reconfiguring is None:
        return {}
    return {"config": [{"name": each.name, "value": each.value} for each in spec.reconfiguring.config]}


OPERATION = Operation("Reconfiguring", _change, {"config": "reconfiguring.config"}, minds_windows=True)
