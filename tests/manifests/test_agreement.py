"""What instances have agreed on, as they say themselves."""

from __future__ import annotations

import json

import pytest

from conformance.provider import declare
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import Kind, Resource, build_resource
from dbaas.manifests.agreement import explain_exposure, find_unsettled, read_roles


def there(kind: Kind, name: str, *, labels: dict[str, str] | None = None, **annotations: str) -> Resource:
    return build_resource(kind, {"metadata": {"name": name, "namespace": "shop", "labels": labels or {},
                                              "annotations": annotations}})  # fmt: skip


def pod(name: str, role: str = "", **annotations: str) -> Resource:
    return there(POD, name, labels={"dbaas.io/role": role} if role else {}, **annotations)


def test_without_pods_the_only_instance_is_the_primary() -> None:
    assert read_roles(declare(), []) is None


def test_who_takes_writes_is_whom_they_agreed_on_even_where_a_dead_one_is_still_labelled() -> None:
    children = [
        pod("main", "primary"), pod("main-2", "primary"), pod("main-3", "replica"),
        there(CONFIG_MAP, "main-leader", leader="main-2"), there(CONFIG_MAP, "main-config", leader="main"),
    ]  # fmt: skip
    assert read_roles(declare(), children) == {"main": "", "main-2": "primary", "main-3": "replica"}
    assert read_roles(declare(), children[:3]) == {"main": "", "main-2": "", "main-3": "replica"}


def test_settings_that_wait_for_a_start_are_told_by_instance() -> None:
    said = json.dumps({"pending_restart_reason": {"max_connections": {"old_value": "100"}}})
    assert find_unsettled([pod("main", status=said), pod("main-2", status="{}"), pod("main-3", status="no JSON")]) == (
        "main must be started anew before these settings count: max_connections",
    )


@pytest.mark.parametrize(
    ("config", "sync", "instances", "expected"),
    [
        ({}, None, 3, ""),
        ({"synchronous_mode": "quorum"}, None, 3, "commits wait for no replica yet, so none may take over"),
        ({"synchronous_mode": "quorum"}, {}, 3, "commits wait for no replica yet, so none may take over"),
        ({"synchronous_mode": "quorum"}, {"leader": "main", "sync_standby": "main-2, main-3"}, 3, ""),
        ({"synchronous_mode": True}, {"leader": "main", "sync_standby": "main-3"}, 3, ""),
        (
            {"synchronous_mode": True, "synchronous_node_count": 2}, {"leader": "main", "sync_standby": "main-3"}, 3,
            "commits wait for 1 of 2 replicas yet, so none may take over",
        ),
        ({"synchronous_mode": True, "synchronous_node_count": 2}, {"leader": "main", "sync_standby": "main-3"}, 2, ""),
        ({"synchronous_mode": "quorum"}, {"leader": "main", "sync_standby": "main"}, 3, "no replica"),
        ({"synchronous_mode": "quorum"}, {"leader": "main-2", "sync_standby": "main,main-3"}, 3, "no replica"),
        ({"synchronous_mode": "quorum"}, None, 1, ""),
    ],
    ids=[
        "no commit is to wait", "no note", "nobody yet", "both", "the one", "one of two", "there is but one",
        "the primary itself", "of the primary before", "alone",
    ],
)  # fmt: skip
def test_nobody_may_take_over_before_commits_wait_for_somebody(
    config: dict[str, object], sync: dict[str, str] | None, instances: int, expected: str
) -> None:
    notes = [
        there(CONFIG_MAP, "main-leader", leader="main"),
        there(CONFIG_MAP, "main-config", config=json.dumps(config)),
        *([there(CONFIG_MAP, "main-sync", **sync)] if sync is not None else []),
    ]
    told = explain_exposure(declare(), notes, instances)
    assert expected in told and bool(expected) == bool(told)
