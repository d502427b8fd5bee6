"""Owner references and labels of children."""

from __future__ import annotations

from dbaas.api.resource import LABEL_CLUSTER, LABEL_ENGINE, build_resource
from dbaas.manifests.metadata import build_metadata, build_owner, cluster_labels, is_controlled_by
from fixtures.resources import gadget


def test_a_child_is_in_its_owners_namespace_and_controlled_by_it() -> None:
    owner = gadget("parent", uid="u-1")
    metadata = build_metadata("child", owner, {"a": "b"})
    child = build_resource(owner.kind, {"metadata": metadata})
    assert metadata["namespace"] == owner.metadata.namespace
    assert metadata["labels"] == {"app.kubernetes.io/managed-by": "dbaas", "a": "b"}
    assert is_controlled_by(child, owner)


def test_an_owner_of_the_same_name_with_another_uid_is_another_owner() -> None:
    child = build_resource(
        gadget("x").kind, {"metadata": {"name": "c", "ownerReferences": [build_owner(gadget("parent", uid="old"))]}}
    )
    assert not is_controlled_by(child, gadget("parent", uid="new"))


def test_an_object_without_owner_is_controlled_by_nobody() -> None:
    assert not is_controlled_by(gadget("a", uid="1"), gadget("b", uid="2"))


def test_the_children_of_a_cluster_are_found_by_its_name_and_engine() -> None:
    labels = cluster_labels("main", "granite")
    assert (labels[LABEL_CLUSTER], labels[LABEL_ENGINE]) == ("main", "granite")
