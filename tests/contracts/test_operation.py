"""Changes of a spec as values: merged, compared, told apart."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.contracts.operation import (
    ClusterState,
    change_spec,
    complete_change,
    fields_meet,
    find_values,
    has_settled,
    stated_values,
)

SPEC = {
    "clusterSize": 3,
    "stopped": False,
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}},
    "config": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}],
    "expose": {"loadBalancerSourceRanges": ["10.0.0.0/8"]},
}


@pytest.mark.parametrize(
    ("change", "patch", "previous"),
    [
        ({"clusterSize": 5}, {"clusterSize": 5}, {"clusterSize": "3"}),
        ({"stopped": True}, {"stopped": True}, {"stopped": "false"}),
        ({"storage": {"size": "20Gi"}}, {"storage": {"size": "20Gi"}}, {"storage.size": None}),
        (
            {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "4"}}},
            {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "4"}}},
            {"resources.requests.cpu": "1", "resources.limits.cpu": None},
        ),
        (
            {"config": [{"name": "b", "value": "3"}, {"name": "c", "value": "4"}]},
            {"config": [{"name": "a", "value": "1"}, {"name": "b", "value": "3"}, {"name": "c", "value": "4"}]},
            {"config[b]": "2", "config[c]": None},
        ),
        (
            {"expose": {"loadBalancerSourceRanges": ["192.0.2.0/24"]}},
            {"expose": {"loadBalancerSourceRanges": ["192.0.2.0/24"]}},
            {"expose.loadBalancerSourceRanges": '["10.0.0.0/8"]'},
        ),
    ],
    ids=str,
)
def test_a_change_says_what_to_write_and_what_was_there(
    change: dict[str, Any], patch: dict[str, Any], previous: dict[str, str | None]
) -> None:
    assert complete_change(SPEC, change) == patch
    assert find_values(SPEC, change) == previous
    changed = change_spec(SPEC, change)
    assert find_values(changed, change) == stated_values(change)
    assert change_spec(changed, change) == changed


def test_what_is_not_named_stays() -> None:
    changed = change_spec(SPEC, {"resources": {"requests": {"cpu": "2"}}})
    assert changed["resources"] == {"requests": {"cpu": "2", "memory": "1Gi"}}
    assert SPEC["resources"] == {"requests": {"cpu": "1", "memory": "1Gi"}}


def test_changes_meet_where_they_state_the_same_field() -> None:
    config = [{"config": [{"name": name, "value": "1"}]} for name in "ab"]
    assert fields_meet(config[0], config[0])
    assert not fields_meet(config[0], config[1])
    assert not fields_meet({"resources": {"limits": {"cpu": "1"}}}, {"resources": {"requests": {"cpu": "1"}}})
    assert not fields_meet({}, {"clusterSize": 1})


def test_a_very_long_value_is_told_in_part() -> None:
    assert len(stated_values({"a": "x" * 5000})["a"] or "") == 4096


def test_a_cluster_has_settled_when_it_serves_or_rests() -> None:
    assert has_settled(ClusterState(is_current=True, is_ready=True))
    assert has_settled(ClusterState(is_current=True, is_ready=False, reason="Stopped"))
    assert not has_settled(ClusterState(is_current=True, is_ready=False, reason="Stopped", ready_instances=1))
    assert not has_settled(ClusterState(is_current=True, is_ready=False, reason="Starting"))
