"""Tests of `runtime.indices`."""

from __future__ import annotations

from dbaas.api.resource import Key
from dbaas.runtime.indices import Index
from fixtures.resources import gadget

ONE = Key("default", "one")


def test_an_object_is_found_under_each_of_its_values() -> None:
    index = Index(lambda resource: resource.spec["secrets"])
    index.add(gadget(spec={"secrets": ["a", "b", "a"]}))
    assert index.keys("a") == index.keys("b") == [ONE]


def test_a_replaced_object_is_found_under_its_new_values_only() -> None:
    index = Index(lambda resource: resource.spec["secrets"])
    old, new = gadget(spec={"secrets": ["a", "b"]}), gadget(spec={"secrets": ["b", "c"]})
    index.replace(None, old)
    index.replace(old, new)
    assert [index.keys(value) for value in "abc"] == [[], [ONE], [ONE]]


def test_children_are_found_by_the_uid_of_each_owner() -> None:
    references = [{"apiVersion": "v1", "kind": "X", "name": "x", "uid": uid} for uid in ("u1", "u2")]
    index = Index(lambda resource: (owner.uid for owner in resource.metadata.ownerReferences))
    index.add(gadget(ownerReferences=references))
    assert index.keys("u1") == index.keys("u2") == [ONE]
