"""Types of places."""

from __future__ import annotations

from typing import Any

from apiserver.fields.specimens import SCHEMA
from dbaas.apiserver.fields.places import Type, kind_of, list_key, type_of
from dbaas.apiserver.schemas import Schema

ROOT = type_of(SCHEMA)


def at(*names: str) -> Type:
    place: Type | None = ROOT
    for name in names:
        assert place is not None
        place = place.field(name)
    assert place is not None
    return place


def test_lists_and_maps_merge_only_where_the_schema_says_so() -> None:
    assert not at("spec", "list").is_atomic_list
    assert not at("spec", "set").is_atomic_list
    assert at("spec", "atom").is_atomic_list
    assert at("spec", "whole").is_atomic_map
    assert not at("spec", "map").is_atomic_map


def test_metadata_is_typed_whatever_the_schema_says() -> None:
    assert not at("metadata", "finalizers").is_atomic_list
    assert list_key({"uid": "1", "name": "a"}, at("metadata", "ownerReferences").items(), ("uid",)) == {"uid": "1"}
    assert ROOT.names("metadata")


def test_what_is_not_declared_has_a_type_only_where_it_is_kept() -> None:
    assert at("spec").field("unknown") is None
    kept = at("spec", "free", "any", "thing")
    assert (kept.kind({}), kept.kind([]), kept.kind(1), kept.is_atomic_list) == ("map", "list", "scalar", True)


def test_fields_below_a_place_that_keeps_unknown_ones_are_kept_as_well() -> None:
    inner: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
    schema = Schema.compile(
        {"type": "object", "properties": {"spec": inner}, "x-kubernetes-preserve-unknown-fields": True}
    )
    spec = type_of(schema).field("spec")
    assert spec is not None
    assert spec.field("unknown") is not None


def test_keys_that_are_left_out_have_their_default() -> None:
    ports = at("spec", "ports")
    assert list_key({"port": "80"}, ports.items(), ("port", "protocol")) == {"port": "80", "protocol": "TCP"}
    assert list_key({}, at("spec", "list").items(), ("name",)) == {}


def test_null_is_what_the_schema_declares() -> None:
    assert at("spec", "size").kind(None) == "scalar"
    assert at("spec", "atom").kind(None) == "list"
    assert at("spec", "either").kind(None) == "map"
    assert kind_of("x") == "scalar"


def test_a_place_has_the_same_type_each_time() -> None:
    assert type_of(SCHEMA) is type_of(SCHEMA)
    assert at("spec", "list").items() is at("spec", "list").items()
    assert at("spec", "map", "one") is at("spec", "map", "other")
