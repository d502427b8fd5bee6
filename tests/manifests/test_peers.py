"""The notes in which instances agree, and who is new among them."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.provider import declare
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import Resource, build_resource
from dbaas.contracts.provider import Instance, SecretKey, Workload
from dbaas.manifests.peers import build_notes, find_newcomers

MEMBERS = tuple(Instance(name, ("run",), uses_api=True) for name in ("main", "main-2", "main-3"))
NOTES = {"config": {"config": "{}"}, "leader": {}}
WORKLOAD = Workload("engine", "18", MEMBERS, SecretKey("main-credentials", "password"), "admin", notes=NOTES)


def told(**status: Any) -> Resource:
    body = declare().body()
    return build_resource(DATABASE_CLUSTER, {**body, "status": status})


@pytest.mark.parametrize("keeps_data", [True, False])
def test_notes_are_kept_with_the_data_and_are_never_news_to_the_cluster(keeps_data: bool) -> None:
    for note in build_notes(declare(), WORKLOAD, keeps_data=keeps_data):
        owners = [owner["controller"] for owner in note["metadata"].get("ownerReferences", [])]
        assert owners == ([] if keeps_data else [False])


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
