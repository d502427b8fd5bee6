"""Unknown fields."""

from __future__ import annotations

from typing import Any

from dbaas.apiserver.schemas import Schema

SPEC = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "size": {"type": "integer"},
                "parts": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "free": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": True,
                    "properties": {"known": {"type": "object", "properties": {}}},
                },
                "any": {"x-kubernetes-preserve-unknown-fields": True},
                "inner": {"type": "object", "x-kubernetes-embedded-resource": True},
            },
        }
    },
}
SCHEMA = Schema.compile(SPEC)


def obj(spec: object, **metadata: object) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "K", "metadata": {"name": "a", **metadata}, "spec": spec}


def test_unknown_fields_are_named_with_their_paths_in_order() -> None:
    sent = obj({"z": 1, "parts": [{"name": "a"}, {"nmae": "b"}]}, lables={}, ownerReferences=[{"nam": 1}])
    assert SCHEMA.unknown_fields({**sent, "spce": {}}) == [
        'unknown field "spce"',
        'unknown field "spec.parts[1].nmae"',
        'unknown field "spec.z"',
        'unknown field "metadata.lables"',
        'unknown field "metadata.ownerReferences[0].nam"',
    ]


def test_pruning_removes_exactly_what_is_unknown() -> None:
    pruned = SCHEMA.prune(obj({"z": 1, "size": 2, "parts": [{"nmae": "b"}]}, lables={}))
    assert pruned == obj({"size": 2, "parts": [{}]})


def test_an_object_without_unknown_fields_is_left_as_it_is() -> None:
    sent = obj({"labels": {"any.key": "x"}, "size": 1})
    assert SCHEMA.prune(sent)["spec"] is sent["spec"]
    assert SCHEMA.unknown_fields(sent) == []


def test_what_is_preserved_is_kept_but_its_known_parts_are_pruned() -> None:
    free = {"other": {"deep": [1]}, "known": {"gone": 1}}
    assert SCHEMA.prune(obj({"free": free}))["spec"]["free"] == {"other": {"deep": [1]}, "known": {}}
    assert SCHEMA.unknown_fields(obj({"free": free, "any": [{"x": 1}]})) == ['unknown field "spec.free.known.gone"']


def test_an_embedded_resource_has_kind_and_metadata_without_saying_so() -> None:
    inner = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "bogus": 1}, "spec": {}}
    assert SCHEMA.unknown_fields(obj({"inner": inner})) == [
        'unknown field "spec.inner.spec"',
        'unknown field "spec.inner.metadata.bogus"',
    ]


def test_empty_metadata_does_not_stay() -> None:
    pruned = SCHEMA.prune(obj({}, labels={}, finalizers=[], managedFields=[], annotations=None))
    assert pruned["metadata"] == {"name": "a"}


def test_nothing_that_was_sent_is_changed() -> None:
    sent = obj({"z": 1})
    SCHEMA.prune(sent)
    assert sent == obj({"z": 1})
