"""JSON patch."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.patches import PatchRefused, json_patch

ORIGINAL: dict[str, Any] = {"data": {"a": "1"}, "list": ["x", "y"]}


def op(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": name, "path": path, **more}


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([op("add", "/data/b", value="2")], {"data": {"a": "1", "b": "2"}, "list": ["x", "y"]}),
        (
            [op("add", "/list/-", value="z"), op("add", "/list/0", value="w")],
            {**ORIGINAL, "list": ["w", "x", "y", "z"]},
        ),
        ([op("add", "/list/-1", value="z")], {**ORIGINAL, "list": ["x", "y", "z"]}),
        ([op("remove", "/list/-1")], {**ORIGINAL, "list": ["x"]}),
        ([op("replace", "/list/1", value={"k": 1})], {**ORIGINAL, "list": ["x", {"k": 1}]}),
        ([op("replace", "/data/absent", value="1")], {**ORIGINAL, "data": {"a": "1", "absent": "1"}}),
        ([op("move", "/data/b", **{"from": "/data/a"})], {**ORIGINAL, "data": {"b": "1"}}),
        ([op("copy", "/data/c~1d~0e", **{"from": "/data/a"})], {**ORIGINAL, "data": {"a": "1", "c/d~e": "1"}}),
        ([op("copy", "/data/b", **{"from": "/data/absent"})], {**ORIGINAL, "data": {"a": "1", "b": None}}),
        ([op("test", "/data/a", value="1"), op("test", "/data/absent", value=None)], ORIGINAL),
        ([op("add", "/data/b")], {**ORIGINAL, "data": {"a": "1", "b": None}}),
        ([op("replace", "", value={"k": 1})], {"k": 1}),
        ([op("test", "", value=ORIGINAL)], ORIGINAL),
        ([], ORIGINAL),
    ],
)
def test_operations_are_carried_out_in_order(operations: list[Any], expected: dict[str, Any]) -> None:
    assert json_patch(ORIGINAL, operations) == expected
    assert ORIGINAL == {"data": {"a": "1"}, "list": ["x", "y"]}


@pytest.mark.parametrize(
    "operation",
    [
        op("test", "/data/a", value="2"),
        op("test", "/absent/a", value=None),
        op("test", "", value={}),
        op("remove", "/data/absent"),
        op("remove", "/list/5"),
        op("remove", ""),
        op("add", "/absent/a", value="1"),
        op("add", "/data/a/b", value="1"),
        op("add", "/list/5", value="1"),
        op("add", "/list/x", value="1"),
        op("add", "data", value="1"),
        op("replace", "/absent/a", value="1"),
        op("replace", "", value="text"),
        op("move", "/data/b", **{"from": "/data/absent"}),
        op("copy", "/data/b", **{"from": "/absent/a"}),
        op("bogus", "/data/a"),
        {"op": "add", "value": "1"},
    ],
)
def test_an_operation_that_does_not_fit_is_unprocessable(operation: dict[str, Any]) -> None:
    with pytest.raises(PatchRefused) as caught:
        json_patch(ORIGINAL, [operation])
    assert (caught.value.status, caught.value.reason) == (422, "Invalid")


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ({"op": "add"}, "cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        ([1], "cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
        ("x", "cannot unmarshal string into Go value of type []handlers.jsonPatchOp"),
    ],
)
def test_what_is_no_list_of_operations_is_a_bad_request(operations: object, message: str) -> None:
    with pytest.raises(PatchRefused) as caught:
        json_patch(ORIGINAL, operations)
    assert caught.value.status == 400
    assert caught.value.message == f"error decoding patch: json: {message}"


def test_values_of_a_patch_are_not_shared_with_the_object() -> None:
    value: dict[str, Any] = {"k": 1}
    patched = json_patch(ORIGINAL, [op("add", "/data/b", value=value), op("add", "/data/b/x", value=2)])
    assert (patched["data"]["b"], value) == ({"k": 1, "x": 2}, {"k": 1})
