"""Which nodes take the pods of a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.pods import PodSchedulingPolicy
from dbaas.providers.statefulset.spreading import HOST, build_scheduling

LABELS = {"cluster": "main"}
ALIKE = {"matchLabels": {"a": "b"}}


def scheduling(*, are_several: bool = True, **policy: Any) -> dict[str, Any]:
    said = PodSchedulingPolicy.model_validate(policy) if policy else None
    return build_scheduling(said, LABELS, are_several=are_several)


def apart(said: dict[str, Any]) -> bool:
    terms = (
        said.get("affinity", {}).get("podAntiAffinity", {}).get("preferredDuringSchedulingIgnoredDuringExecution", [])
    )
    return [term["podAffinityTerm"] for term in terms] == [
        {"topologyKey": HOST, "labelSelector": {"matchLabels": LABELS}}
    ]


def test_several_are_on_different_nodes_where_there_are_such() -> None:
    assert apart(scheduling())
    assert scheduling(are_several=False) == {}


def test_which_nodes_they_may_use_says_nothing_about_each_other() -> None:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}
    nodes = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
    said = scheduling(nodeSelector={"disk": "fast"}, affinity={"nodeAffinity": nodes})
    assert apart(said) and said["nodeSelector"] == {"disk": "fast"}
    assert "nodeAffinity" in said["affinity"]


@pytest.mark.parametrize(
    "policy",
    [
        {"topologySpreadConstraints": [{"topologyKey": "zone"}]},
        {
            "affinity": {
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": HOST, "labelSelector": ALIKE}]
                }
            }
        },
        {
            "affinity": {
                "podAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone", "labelSelector": ALIKE}]
                }
            }
        },
    ],
    ids=["spread", "apart", "together"],
)
def test_whoever_says_how_they_are_placed_to_each_other_is_not_contradicted(policy: dict[str, Any]) -> None:
    assert not apart(scheduling(**policy))
