"""Expose: how clients from outside reach the cluster."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.operation import Change, Operation


def _change(spec: OpsRequestSpec, began: str) -> Change:
    if spec.expose is None:
        return {}
    return {"expose": spec.expose.model_dump(by_alias=True, exclude_unset=True)}


OPERATION = Operation("Expose", _change, {"expose": "expose"})
