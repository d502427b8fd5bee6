"""What instances agree through, and what is read of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.provider import declare
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import Kind, Resource, build_resource
from dbaas.contracts.provider import Instance, SecretKey, Workload
from dbaas.providers.process.peers import find_newcomers, find_unsettled, read_roles, render_peers

MEMBERS = tuple(Instance(name, ("run",), uses_api=True) for name in ("main", "main-2", "main-3"))
NOTES = {"config": {"config": "{}"}, "leader": {}}
WORKLOAD = Workload("engine", "18", MEMBERS, SecretKey("main-credentials", "password"), "admin", notes=NOTES)
ALONE = Workload("engine", "18", (Instance("main", ("run",)),), SecretKey("main-credentials", "password"), "admin")


def there(kind: Kind, name: str, *, labels: dict[str, str] | None = None, **annotations: str) -> Resource:
    return build_resource(kind, {"metadata": {"name": name, "namespace": "shop", "labels": labels or {},
                                              "annotations": annotations}})  # fmt: skip


def pod(name: str, role: str = "", **annotations: str) -> Resource:
    return there(POD, name, labels={"dbaas.io/role": role} if role else {}, **annotations)


def told(**status: Any) -> Resource:
    body = declare().body()
    return build_resource(DATABASE_CLUSTER, {**body, "status": status})


def test_a_single_instance_needs_nothing() -> None:
    assert list(render_peers(declare(), ALONE, keeps_data=True)) == []
    assert read_roles(declare(), []) is None


def test_each_of_several_has_a_pod_and_all_have_their_notes() -> None:
    rendered = list(render_peers(declare(), WORKLOAD, keeps_data=False))
    assert [(each["kind"], each["metadata"]["name"]) for each in rendered] == [
        ("ConfigMap", "main-config"), ("ConfigMap", "main-leader"), ("Pod", "main"), ("Pod", "main-2"),
        ("Pod", "main-3"),
    ]  # fmt: skip
    assert rendered[0]["metadata"]["annotations"] == {"config": "{}"}
    assert "annotations" not in rendered[1]["metadata"]
    for each in rendered:
        assert each["metadata"]["labels"]["dbaas.io/cluster"] == "main"


@pytest.mark.parametrize("keeps_data", [True, False])
def test_notes_are_kept_with_the_data_and_are_never_news_to_the_cluster(keeps_data: bool) -> None:
    for note in list(render_peers(declare(), WORKLOAD, keeps_data=keeps_data))[:2]:
        owners = [owner["controller"] for owner in note["metadata"].get("ownerReferences", [])]
        assert owners == ([] if keeps_data else [False])


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
    ("status", "newcomers"),
    [
        ({}, set()),
        ({"database": {"instances": 1, "roles": {"main": "primary"}}}, {"main-2", "main-3"}),
        ({"database": {"instances": 3, "roles": {"main": "primary"}}, "phase": "Healing"}, set()),
        ({"database": {"instances": 3, "roles": {"main": "primary"}}, "phase": "Scaling"}, {"main-2", "main-3"}),
        (
            {"database": {"instances": 3, "roles": {"main": "primary", "main-2": "replica"}}, "phase": "Scaling"},
            {"main-3"},
        ),
    ],
    ids=["made together", "just asked for", "sick", "joining", "joined"],
)
def test_who_comes_to_a_cluster_that_serves_begins_without_what_was_left(
    status: dict[str, Any], newcomers: set[str]
) -> None:
    assert find_newcomers(told(**status), WORKLOAD) == newcomers
