"""What a cluster may ask for, and the sentences that refuse the rest."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.providers.process.capabilities import CAPABILITIES


def refusals(**asked: Any) -> list[str]:
    spec = DatabaseClusterSpec.model_validate({"engine": {"type": "engine", "version": "18"}, **asked})
    return [capability.field for capability in CAPABILITIES if capability.missing and capability.asked(spec)]


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"clusterSize": 1}, []),
        ({"clusterSize": 1, "config": [{"name": "a", "value": "b"}], "stopped": True, "deletionPolicy": "Delete"}, []),
        ({"clusterSize": 3}, []),
        ({"clusterSize": 1, "monitoring": {"enabled": True}}, []),
        (
            {"clusterSize": 1, "monitoring": {"metrics": {"serviceMonitor": True}}},
            ["spec.monitoring.metrics.serviceMonitor"],
        ),
        ({"clusterSize": 1, "monitoring": {"enabled": False, "metrics": {}}}, []),
        (
            {"clusterSize": 1, "monitoring": {"monitoringConfigRef": {"name": "x"}}},
            ["spec.monitoring.monitoringConfigRef"],
        ),
        ({"clusterSize": 1, "monitoring": {"pmm": {"serverHost": "x"}}}, ["spec.monitoring.pmm"]),
        ({"clusterSize": 1, "deletionPolicy": "Snapshot"}, ["spec.deletionPolicy"]),
    ],
    ids=str,
)
def test_what_cannot_be_had_is_refused_at_its_field(asked: dict[str, Any], fields: list[str]) -> None:
    assert refusals(**asked) == fields


def test_every_refusal_says_why_and_what_to_do() -> None:
    for capability in CAPABILITIES:
        if capability.missing:
            why, _, what = capability.missing.partition(": ")
            assert why.startswith("the process provider ")
            assert what.startswith(("set ", "use "))
