"""Tests of `runtime.predicates`: properties 17 and 18 of the runtime."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.core import SECRET
from dbaas.api.resource import Kind, is_paused
from dbaas.runtime.cache import Change
from dbaas.runtime.predicates import content_matters, find_owner, is_finished, primary_matters, priority_of
from dbaas.runtime.queue import Priority
from fixtures.resources import GADGET, gadget


@pytest.mark.parametrize(
    ("before", "after", "matters"),
    [
        ({}, {"status": {"phase": "Ready"}}, False),
        ({}, {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "x"}}, False),
        ({}, {"finalizers": ["dbaas.io/finalizer"]}, False),
        ({}, {"generation": 2}, True),
        ({}, {"labels": {"a": "b"}}, True),
        ({}, {"annotations": {"dbaas.io/reconcile-at": "now"}}, True),
        ({}, {"annotations": {"dbaas.io/made-at": "now"}}, False),
        ({}, {"deletionTimestamp": "2026-01-01T00:00:00Z"}, True),
        ({"finalizers": ["a", "b"]}, {"finalizers": ["a"]}, True),
        ({"generation": 0}, {"generation": 0, "status": {}}, True),
    ],
)
def test_a_primary_is_woken_by_what_a_reconciler_would_act_on(
    before: dict[str, Any], after: dict[str, Any], matters: bool
) -> None:
    assert primary_matters(Change(gadget("one", 1, **before), gadget("one", 2, **after))) is matters


def test_annotations_of_the_kinds_own_group_matter() -> None:
    shelf = Kind("furniture.example", "v1", "Shelf", "shelves")
    before = gadget("one", 1, kind=shelf)
    for name, matters in (("furniture.example/paused", True), ("example/paused", False)):
        assert primary_matters(Change(before, gadget("one", 2, kind=shelf, annotations={name: "x"}))) is matters


def test_creations_and_deletions_always_matter() -> None:
    for change in (Change(None, gadget()), Change(gadget(), None)):
        assert primary_matters(change)
        assert content_matters(change)


def test_another_version_alone_does_not_matter_in_a_child() -> None:
    assert not content_matters(Change(gadget("one", 1), gadget("one", 2)))
    assert content_matters(Change(gadget("one", 1), gadget("one", 2, status={"ready": 1})))
    assert content_matters(Change(gadget("one", 1), gadget("one", 2, labels={"a": "b"})))


def test_a_new_version_of_a_secret_matters_since_its_data_cannot_be_seen() -> None:
    assert content_matters(Change(gadget("one", 1, kind=SECRET), gadget("one", 2, kind=SECRET)))


def test_what_the_first_list_brings_is_not_urgent() -> None:
    assert priority_of(Change(None, gadget(), initial=True), Priority.USER) is Priority.BACKGROUND
    assert priority_of(Change(None, gadget()), Priority.USER) is Priority.USER


def _child(**owner: Any) -> Any:
    reference = {"apiVersion": "tests.dbaas.io/v1", "kind": "Gadget", "name": "main", "uid": "u", "controller": True}
    return gadget("child", ownerReferences=[reference | owner])


@pytest.mark.parametrize(
    ("owner", "found"),
    [
        ({}, True),
        ({"apiVersion": "tests.dbaas.io/v2"}, True),
        ({"controller": False}, False),
        ({"kind": "Widget"}, False),
        ({"apiVersion": "other.io/v1"}, False),
        ({"apiVersion": "v1"}, False),
    ],
)
def test_the_owner_is_the_controlling_one_of_that_group_and_kind(owner: dict[str, Any], found: bool) -> None:
    assert (find_owner(_child(**owner), GADGET) is not None) is found


def test_an_owner_without_namespace_is_looked_for_without_one() -> None:
    cluster_scoped = Kind("tests.dbaas.io", "v1", "Gadget", "gadgets", namespaced=False)
    for kind, namespace in ((GADGET, "default"), (cluster_scoped, "")):
        owner = find_owner(_child(), kind)
        assert owner is not None
        assert owner[0] == (namespace, "main")


def test_an_object_is_paused_by_its_annotation() -> None:
    assert is_paused(gadget(annotations={"dbaas.io/paused": "true"}))
    assert not is_paused(gadget(annotations={"dbaas.io/paused": "false"}))
    assert not is_paused(gadget())


def test_an_object_is_finished_when_it_is_deleted_and_nobody_holds_it() -> None:
    deleted = "2026-01-01T00:00:00Z"
    assert is_finished(gadget(deletionTimestamp=deleted))
    assert not is_finished(gadget(deletionTimestamp=deleted, finalizers=["a"]))
    assert not is_finished(gadget())
