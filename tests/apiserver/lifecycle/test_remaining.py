"""Conditions of a namespace that is being deleted."""

from __future__ import annotations

from dbaas.apiserver.kinds import builtin_resources
from dbaas.apiserver.lifecycle.remaining import Remaining

RESOURCES = {resource.collection: resource for resource in builtin_resources()}
FIRST, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z"


def test_what_is_left_is_counted_by_kind_and_by_finalizer() -> None:
    remaining = Remaining()
    assert not remaining
    remaining.count(RESOURCES["secrets"], ["b"])
    remaining.count(RESOURCES["jobs.batch"], ["b", "a"])
    remaining.count(RESOURCES["secrets"], [])
    assert remaining
    messages = {each["type"]: each["message"] for each in remaining.conditions([], FIRST)}
    assert messages["NamespaceContentRemaining"] == (
        "Some resources are remaining: jobs.batch has 1 resource instances, secrets. has 2 resource instances"
    )
    assert messages["NamespaceFinalizersRemaining"] == (
        "Some content in the namespace has finalizers remaining: a in 1 resource instances, b in 2 resource instances"
    )


def test_a_condition_tells_since_when_its_status_is_so() -> None:
    remaining = Remaining()
    remaining.count(RESOURCES["secrets"], [])
    before = remaining.conditions([], FIRST)
    remaining.count(RESOURCES["secrets"], ["a"])
    moments = {each["type"]: each["lastTransitionTime"] for each in remaining.conditions(before, LATER)}
    assert moments["NamespaceContentRemaining"] == FIRST
    assert moments["NamespaceFinalizersRemaining"] == LATER


def test_conditions_of_others_stay() -> None:
    other = {"type": "Other", "status": "True", "lastTransitionTime": FIRST}
    assert Remaining().conditions([other], LATER)[-1] == other
