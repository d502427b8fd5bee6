"""Kinds, keys and stored objects."""

from __future__ import annotations

import msgspec
import orjson
import pytest

from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key, build_resource, parse_resource

BODY = {
    "apiVersion": "dbaas.io/v1",
    "kind": "Database",
    "metadata": {
        "name": "shop", "namespace": "n", "uid": "u1", "generation": 3, "resourceVersion": "7",
        "labels": {"a": "b"}, "managedFields": [{"manager": "x"}],
        "ownerReferences": [
            {"apiVersion": "v1", "kind": "A", "name": "a", "uid": "1"},
            {"apiVersion": "v1", "kind": "B", "name": "b", "uid": "2", "controller": True, "blockOwnerDeletion": True},
        ],
    },
    "spec": {"owner": "o"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (DATABASE.path(), "/apis/dbaas.io/v1/databases"),
        (DATABASE.path("n"), "/apis/dbaas.io/v1/namespaces/n/databases"),
        (DATABASE.path("n", "x", "status"), "/apis/dbaas.io/v1/namespaces/n/databases/x/status"),
        (SECRET.path("n", "x"), "/api/v1/namespaces/n/secrets/x"),
        (NAMESPACE.path("ignored", "n"), "/api/v1/namespaces/n"),
    ],
)
def test_a_kind_knows_its_paths(path: str, expected: str) -> None:
    assert path == expected


def test_a_kind_has_a_full_name() -> None:
    assert (DATABASE.resource, SECRET.resource) == ("databases.dbaas.io", "secrets")
    assert (DATABASE.api_version, SECRET.api_version) == ("dbaas.io/v1", "v1")


def test_a_key_reads_as_namespace_and_name() -> None:
    assert (str(Key("n", "x")), str(Key("", "x"))) == ("n/x", "x")


def test_a_resource_has_its_header_at_hand_and_its_body_on_demand() -> None:
    resource = build_resource(DATABASE, BODY)
    assert resource.key == Key("n", "shop")
    assert (resource.metadata.generation, resource.metadata.labels) == (3, {"a": "b"})
    assert resource.spec == {"owner": "o"}
    assert resource.status == {}
    assert str(resource) == "Database n/shop"


def test_managed_fields_are_dropped() -> None:
    assert b"managedFields" not in build_resource(DATABASE, BODY).raw


def test_only_the_controlling_owner_is_the_owner() -> None:
    owner = build_resource(DATABASE, BODY).metadata.owner
    assert owner is not None
    assert owner.name == "b"


def test_a_body_is_a_fresh_copy_each_time() -> None:
    resource = build_resource(DATABASE, BODY)
    resource.body()["spec"]["owner"] = "changed"
    assert resource.spec == {"owner": "o"}


def test_an_object_with_a_deletion_time_is_being_deleted() -> None:
    metadata = {"name": "x", "deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert build_resource(DATABASE, {"metadata": metadata}).metadata.is_deleting
    assert not build_resource(DATABASE, {"metadata": {"name": "x"}}).metadata.is_deleting


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"nonsense", orjson.dumps({"metadata": {"name": 5}})])
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        parse_resource(DATABASE, raw)
