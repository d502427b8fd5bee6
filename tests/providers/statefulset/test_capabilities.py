"""What a cluster may ask for, and where the rest is refused."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.provider import declare
from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.providers.statefulset.capabilities import CAPABILITIES


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"profile": "prod", "storage": {"size": "1Gi"}, "stopped": True, "deletionPolicy": "Delete"}, []),
        ({"expose": {"type": "LoadBalancer"}, "monitoring": {"metrics": {}}}, []),
        ({"podSchedulingPolicy": {"nodeSelector": {"a": "b"}}, "resources": {"limits": {"cpu": "1"}}}, []),
        ({"hooks": {"preStop": {"exec": {"command": ["true"]}}}, "config": [{"name": "a", "value": "b"}]}, []),
        ({"clusterSize": 3, "topology": {"synchronous": {"mode": "quorum"}}}, []),
        (
            {"storage": {"volumeMode": "Block", "snapshots": True}},
            ["spec.storage.volumeMode", "spec.storage.snapshots"],
        ),
        ({"monitoring": {"metrics": {"serviceMonitor": True}}}, []),
        ({"monitoring": {"monitoringConfigRef": {"name": "x"}}}, []),
        ({"monitoring": {"pmm": {"serverHost": "x"}}}, []),
        ({"deletionPolicy": "Snapshot"}, ["spec.deletionPolicy"]),
    ],
    ids=str,
)
def test_what_cannot_be_had_is_refused_at_its_field(asked: dict[str, Any], fields: list[str]) -> None:
    spec = DatabaseClusterSpec.model_validate(declare(**asked).spec)
    assert [each.field for each in CAPABILITIES if each.asked(spec) and each.missing] == fields
