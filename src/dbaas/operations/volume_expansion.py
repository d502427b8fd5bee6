"""VolumeExpansion: larger volumes; it has succeeded when all of them have their new size."""

from __future__ import annotations

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.operation import Change, ClusterState, Operation
from dbaas.contracts.provider import VOLUME_REFUSED, VOLUMES_GROW


def _change(spec: OpsRequestSpec, began: str) -> Change:
    return {"storage": {"size": spec.volume_expansion.size}} if spec.volume_expansion is not None else {}


def _has_grown(state: ClusterState) -> bool:
    return (state.is_ready and state.reason != VOLUMES_GROW) or state.rests


OPERATION = Operation(
    "VolumeExpansion",
    _change,
    {"storage.size": "volumeExpansion.size"},
    has_succeeded=_has_grown,
    hopeless=frozenset({VOLUME_REFUSED}),
    capability="volume expansion",
)
