"""The rules of metadata that the conformance suite does not reach."""

from __future__ import annotations

import pytest

from dbaas.apiserver.kinds import builtin_resources
from dbaas.apiserver.metadata import (
    ANNOTATIONS_LIMIT,
    assign_identity,
    validate_key,
    validate_label_value,
    validate_metadata,
    validate_name,
    warn_of_finalizers,
)
from dbaas.core.randomness import SeededRandomness

RESOURCES = {resource.collection: resource for resource in builtin_resources()}


def messages(metadata: dict[str, object], collection: str = "configmaps") -> list[str]:
    return [str(cause) for cause in validate_metadata({"name": "a", **metadata}, RESOURCES[collection])]


def test_a_generated_name_is_cut_to_fit() -> None:
    metadata = {"generateName": "x" * 100}
    assign_identity(metadata, SeededRandomness(1), "2026-01-01T00:00:00Z")
    assert len(metadata["name"]) == 63
    assert not validate_name("f", metadata["name"], "label")


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("subdomain", "a.b-c.1", "a..b"),
        ("label", "1a", "a.b"),
        ("label1035", "a1", "1a"),
        ("segment", "Any Thing", "a/b"),
    ],
)
def test_each_kind_of_name_has_its_rule(rule: str, good: str, bad: str) -> None:
    assert not validate_name("f", good, rule)
    assert validate_name("f", bad, rule)
    assert validate_name("f", "x" * 300, rule) or rule == "segment"


def test_a_prefix_may_end_in_a_hyphen() -> None:
    assert not validate_name("f", "made-", "label", is_prefix=True)


@pytest.mark.parametrize("key", ["", "/a", "a/b/c", "a b", "Bad_Prefix/a", "x" * 64, "a/"])
def test_a_key_that_is_none_is_named(key: str) -> None:
    assert validate_key("f", key)


def test_a_label_value_may_be_empty_but_not_long() -> None:
    assert not validate_label_value("f", "")
    assert validate_label_value("f", "x" * 64)
    assert validate_label_value("f", "-x")


def test_annotations_may_not_grow_without_bound() -> None:
    (message,) = messages({"annotations": {"a": "x" * ANNOTATIONS_LIMIT}})
    assert "Too long: may not be more than 262144 bytes" in message


def test_an_owner_must_be_complete_and_only_one_controls() -> None:
    assert len(messages({"ownerReferences": [{}]})) == 4
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "u", "controller": True}
    (message,) = messages({"ownerReferences": [owner, {**owner, "name": "b"}]})
    assert "ConfigMap/a and ConfigMap/b" in message


def test_orphan_and_foreground_exclude_each_other() -> None:
    (message,) = messages({"finalizers": ["orphan", "foregroundDeletion"]})
    assert message.endswith("finalizer orphan and foregroundDeletion cannot be both set")


def test_a_cluster_scoped_object_has_no_namespace() -> None:
    assert messages({"namespace": "a"}, "namespaces") == ["metadata.namespace: Forbidden: not allowed on this type"]


def test_only_new_finalizers_are_warned_of() -> None:
    assert warn_of_finalizers({"finalizers": ["a", "kubernetes"]}, {"finalizers": ["a"]}) == []
    (warning,) = warn_of_finalizers({"finalizers": ["a.b"]}, None)
    assert "including a path (/)" in warning
