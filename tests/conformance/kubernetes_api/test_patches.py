"""JSON patch, merge patch and strategic merge patch."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.kubernetes_api.specimens import Specimens, listed, specimens
from fixtures.control_plane import Answer, Api

__all__ = ["specimens"]

GENERIC = "the server rejected our request due to an error in our request"


def op(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": name, "path": path, **more}


async def config_map(api: Api, **data: str) -> str:
    made = await api.post(api.collection("configmaps"), {"metadata": {"name": "c"}, "data": data})
    assert made.status == 201, made.body
    return f"{api.collection('configmaps')}/c"


@pytest.mark.parametrize(
    ("operations", "data"),
    [
        ([op("add", "/data/b", value="2")], {"a": "1", "b": "2"}),
        ([op("replace", "/data/absent", value="2")], {"a": "1", "absent": "2"}),
        ([op("move", "/data/b", **{"from": "/data/a"})], {"b": "1"}),
        ([op("copy", "/data/b", **{"from": "/data/a"}), op("test", "/data/b", value="1")], {"a": "1", "b": "1"}),
        ([op("test", "/data/absent", value=None)], {"a": "1"}),
        (
            [op("add", "/metadata/finalizers", value=["x/a", "x/b"]), op("remove", "/metadata/finalizers/-1")],
            {"a": "1"},
        ),
        ([op("add", "/data", value={"z~/": "1"}), op("remove", "/data/z~0~1")], None),
    ],
)
async def test_a_json_patch_carries_out_its_operations(api: Api, operations: list[Any], data: Any) -> None:
    path = await config_map(api, a="1")
    answer = await api.patch(path, operations, "json", dryRun="All")
    assert answer.status == 200, answer.body
    assert answer.body.get("data") == data


@pytest.mark.parametrize(
    "operation",
    [
        op("test", "/data/a", value="2"),
        op("test", "/absent/a", value=None),
        op("remove", "/data/absent"),
        op("remove", "/metadata/finalizers/0"),
        op("remove", ""),
        op("add", "/absent/a", value="1"),
        op("add", "/data/a/b", value="1"),
        op("add", "data", value="1"),
        op("move", "/data/b", **{"from": "/data/absent"}),
        op("copy", "/data/b", **{"from": "/absent/a"}),
        op("bogus", "/data/a"),
        {"op": "add", "value": "1"},
    ],
)
async def test_a_json_patch_that_does_not_fit_is_unprocessable(api: Api, operation: dict[str, Any]) -> None:
    path = await config_map(api, a="1")
    answer = await api.patch(path, [operation], "json")
    assert answer.status == 422
    assert (answer.body["message"], answer.body["reason"], answer.body["details"]) == (GENERIC, "Invalid", {})


@pytest.mark.parametrize("body", [{"op": "add"}, [1], "x"])
async def test_a_json_patch_that_is_none_is_a_bad_request(api: Api, body: object) -> None:
    path = await config_map(api, a="1")
    answer = await api.patch(path, body, "json")
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")
    assert answer.body["message"].startswith("error decoding patch: json: cannot unmarshal")


async def test_a_merge_patch_replaces_lists_and_merges_maps(specimens: Specimens) -> None:
    await specimens.create({"list": [{"name": "x"}, {"name": "y"}], "map": {"a": "1", "b": "2"}})
    patch = {"spec": {"list": [{"name": "z"}], "map": {"a": None, "c": "3"}}}
    answer = await specimens.api.patch(specimens.at(), patch)
    assert answer.body["spec"]["list"] == [{"name": "z"}]
    assert answer.body["spec"]["map"] == {"b": "2", "c": "3"}


@pytest.mark.parametrize("body", [[], "x", 5])
async def test_a_merge_patch_that_is_no_object_is_a_bad_request(api: Api, body: object) -> None:
    path = await config_map(api, a="1")
    answer = await api.patch(path, body)
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")


async def account(api: Api) -> str:
    """An object with lists that are merged by a key and lists of scalars that are united."""
    references = []
    for name in ("a", "b"):
        owner = await api.post(api.collection("configmaps"), {"metadata": {"name": name}})
        uid = owner.body["metadata"]["uid"]
        references.append({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid})
    metadata = {"name": "acc", "ownerReferences": references, "finalizers": ["x.io/a", "x.io/b"]}
    body = {"metadata": metadata, "secrets": [{"name": "a"}, {"name": "b"}]}
    made = await api.post(api.collection("serviceaccounts"), body)
    assert made.status == 201, made.body
    return f"{api.collection('serviceaccounts')}/acc"


async def strategic(api: Api, path: str, patch: Any) -> Answer:
    return await api.patch(path, patch, "strategic", dryRun="All")


@pytest.mark.parametrize(
    ("patch", "names"),
    [
        ({"secrets": [{"name": "c"}]}, ["c", "a", "b"]),
        ({"secrets": [{"name": "b"}, {"name": "c"}]}, ["a", "b", "c"]),
        ({"secrets": [{"name": "a", "$patch": "delete"}]}, ["b"]),
        ({"secrets": [{"name": "c"}, {"$patch": "replace"}]}, ["c"]),
        ({"$setElementOrder/secrets": [{"name": "b"}, {"name": "a"}]}, ["b", "a"]),
        ({"secrets": None}, []),
    ],
)
async def test_a_strategic_patch_merges_lists_by_their_key(api: Api, patch: Any, names: list[str]) -> None:
    answer = await strategic(api, await account(api), patch)
    assert answer.status == 200, answer.body
    assert [each["name"] for each in answer.body.get("secrets", [])] == names


@pytest.mark.parametrize(
    ("metadata", "finalizers"),
    [
        ({"finalizers": ["x.io/c", "x.io/a"]}, ["x.io/c", "x.io/a", "x.io/b"]),
        ({"$deleteFromPrimitiveList/finalizers": ["x.io/a"]}, ["x.io/b"]),
        ({"$setElementOrder/finalizers": ["x.io/b", "x.io/a"]}, ["x.io/b", "x.io/a"]),
    ],
)
async def test_a_strategic_patch_unites_lists_of_scalars(api: Api, metadata: Any, finalizers: list[str]) -> None:
    answer = await strategic(api, await account(api), {"metadata": metadata})
    assert answer.status == 200, answer.body
    assert answer.body["metadata"]["finalizers"] == finalizers


async def test_owner_references_are_merged_by_uid(api: Api) -> None:
    path = await account(api)
    first = (await api.get(path)).body["metadata"]["ownerReferences"][0]
    patch = {"metadata": {"ownerReferences": [{"uid": first["uid"], "$patch": "delete"}]}}
    answer = await strategic(api, path, patch)
    assert [each["name"] for each in answer.body["metadata"]["ownerReferences"]] == ["b"]


async def test_conditions_of_a_pod_are_merged_by_their_type(api: Api) -> None:
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    assert (await api.post(api.collection("pods"), pod)).status == 201
    path = f"{api.collection('pods')}/p/status"
    await api.patch(path, {"status": {"conditions": [{"type": "A", "status": "True"}]}}, "strategic")
    patch = {"status": {"conditions": [{"type": "B", "status": "False"}, {"type": "A", "reason": "Why"}]}}
    answer = await api.patch(path, patch, "strategic")
    found = {each["type"]: (each["status"], each.get("reason")) for each in answer.body["status"]["conditions"]}
    assert found == {"A": ("True", "Why"), "B": ("False", None)}


async def test_a_strategic_patch_is_for_built_in_kinds_only(specimens: Specimens) -> None:
    await specimens.create({})
    answer = await specimens.api.patch(specimens.at(), {"spec": {"size": 1}}, "strategic")
    assert (answer.status, answer.body["reason"]) == (415, "UnsupportedMediaType")


async def test_a_strategic_patch_that_is_no_object_is_a_bad_request(api: Api) -> None:
    path = await config_map(api, a="1")
    answer = await strategic(api, path, [])
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize("kind", ["merge", "json", "apply"])
async def test_no_patch_makes_another_object_of_it(api: Api, specimens: Specimens, kind: str) -> None:
    await specimens.create({"size": 1})
    uid = "00000000-0000-0000-0000-000000000001"
    bodies: dict[str, Any] = {
        "merge": {"metadata": {"uid": uid}},
        "json": [{"op": "replace", "path": "/metadata/uid", "value": uid}],
        "apply": specimens.obj({}, metadata={"uid": uid}),
    }
    refused = await api.patch(specimens.at(), bodies[kind], kind, fieldManager="m")
    assert set(listed(refused)) == {f'metadata.uid: Invalid value: "{uid}": field is immutable'}
    stored = (await api.get(specimens.at())).body
    replaced = await api.put(specimens.at(), {**stored, "metadata": {**stored["metadata"], "uid": uid}})
    assert replaced.status == 409
