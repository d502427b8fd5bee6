"""Which size volumes shall have, and when all of them have it."""

from __future__ import annotations

from dbaas.contracts.operation import ClusterState
from fixtures.operations import OPERATIONS
from operations.make import stated


def test_it_states_the_size_of_the_volumes() -> None:
    assert stated("VolumeExpansion", volumeExpansion={"size": "20Gi"}) == {"storage": {"size": "20Gi"}}
    assert stated("VolumeExpansion") == {}


def test_volumes_have_their_size_when_none_grows_any_more() -> None:
    growing = ClusterState(is_current=True, is_ready=True, reason="VolumesGrow", ready_instances=1)
    assert not OPERATIONS["VolumeExpansion"].has_succeeded(growing)
    assert OPERATIONS["VerticalScaling"].has_succeeded(growing)
    assert "VolumeCannotGrow" in OPERATIONS["VolumeExpansion"].hopeless
