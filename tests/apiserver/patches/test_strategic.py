"""Strategic merge patch."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.patches import PatchRefused, strategic_merge_patch
from dbaas.apiserver.schemas import Schema

NAMED = {"x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge"}
ENV = {"type": "array", **NAMED, "items": {"type": "object"}}
SCHEMA = Schema.compile(
    {
        "type": "object",
        "properties": {
            "containers": {
                "type": "array",
                **NAMED,
                "items": {"type": "object", "properties": {"env": ENV, "args": {"type": "array", "items": {}}}},
            },
            "volumes": {"type": "array", **NAMED, "x-kubernetes-patch-strategy": "merge,retainKeys", "items": {}},
            "finalizers": {"type": "array", "x-kubernetes-patch-strategy": "merge", "items": {"type": "string"}},
            "whole": {"type": "object", "x-kubernetes-patch-strategy": "replace"},
        },
    }
)


def one(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


ORIGINAL: dict[str, Any] = {
    "containers": [one("a", image="x", env=[one("E", value="1")], args=["p"]), one("b", image="y")],
    "volumes": [one("v", emptyDir={})],
    "finalizers": ["f", "g"],
    "whole": {"k": 1},
    "plain": {"k": {"x": 1}},
}


def patched(**patch: Any) -> dict[str, Any]:
    return strategic_merge_patch(ORIGINAL, patch, SCHEMA)


def test_elements_are_merged_by_their_key() -> None:
    found = patched(containers=[one("a", image="z", env=[one("F", value="2")])])["containers"]
    assert found[0] == one("a", image="z", env=[one("F", value="2"), one("E", value="1")], args=["p"])
    assert found[1] == one("b", image="y")


def test_new_elements_come_where_the_patch_puts_them() -> None:
    assert [each["name"] for each in patched(containers=[one("c")])["containers"]] == ["c", "a", "b"]
    assert [each["name"] for each in patched(containers=[one("b"), one("c")])["containers"]] == ["a", "b", "c"]


def test_an_element_is_deleted_by_a_directive() -> None:
    assert patched(containers=[{"name": "a", "$patch": "delete"}])["containers"] == [one("b", image="y")]


def test_a_list_is_replaced_by_a_directive() -> None:
    assert patched(containers=[one("c"), {"$patch": "replace"}])["containers"] == [one("c")]


def test_an_order_may_be_asked_for() -> None:
    order = {"$setElementOrder/containers": [one("b"), one("a")]}
    assert [each["name"] for each in patched(**order)["containers"]] == ["b", "a"]
    with pytest.raises(PatchRefused) as caught:
        patched(**order, containers=[one("a"), one("b")])
    assert caught.value.status == 500


def test_maps_are_merged_replaced_and_emptied() -> None:
    assert patched(plain={"k": {"y": 2}})["plain"] == {"k": {"x": 1, "y": 2}}
    assert patched(plain={"$patch": "replace", "z": 1})["plain"] == {"z": 1}
    assert patched(plain={"$patch": "delete"})["plain"] == {}
    assert patched(whole={"z": 1})["whole"] == {"z": 1}
    assert "plain" not in patched(plain=None)


def test_only_the_retained_keys_stay() -> None:
    volume = one("v", configMap={"name": "c"})
    assert patched(volumes=[{**volume, "$retainKeys": ["name", "configMap"]}])["volumes"] == [volume]
    with pytest.raises(PatchRefused, match="retainKeys") as caught:
        patched(volumes=[{**volume, "$retainKeys": ["name"]}])
    assert caught.value.status == 400


def test_lists_of_scalars_are_united_and_shortened() -> None:
    assert patched(finalizers=["h", "f"])["finalizers"] == ["h", "f", "g"]
    assert patched(**{"$deleteFromPrimitiveList/finalizers": ["f"]})["finalizers"] == ["g"]


def test_lists_without_a_strategy_are_replaced() -> None:
    assert patched(containers=[one("a", args=["q"])])["containers"][0]["args"] == ["q"]


def test_nulls_of_new_parts_say_nothing() -> None:
    assert patched(fresh={"a": None, "b": {"$patch": "delete"}, "c": 1})["fresh"] == {"c": 1}


def test_an_element_without_its_key_is_an_error() -> None:
    with pytest.raises(PatchRefused, match="does not contain declared merge key: name"):
        patched(containers=[{"image": "x"}])


def test_null_changes_nothing_and_other_values_are_refused() -> None:
    assert strategic_merge_patch(ORIGINAL, None, SCHEMA) == ORIGINAL
    with pytest.raises(PatchRefused, match="cannot unmarshal array"):
        strategic_merge_patch(ORIGINAL, [], SCHEMA)
