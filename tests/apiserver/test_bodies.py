"""Patches of every kind on built-in kinds, and bodies in every encoding."""

from __future__ import annotations

import pytest

from dbaas.apiserver.server import ApiServer
from dbaas.contracts.transport import Request
from fixtures.apiserver import send, send_raw

PATH = "/api/v1/namespaces/default/services"
SERVICE = {
    "metadata": {"name": "one"},
    "spec": {"clusterIP": "None", "selector": {"app": "w"}, "ports": [{"name": "a", "port": 1}]},
}


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        ("application/merge-patch+json", {"spec": {"selector": {"app": "x"}}}),
        ("application/json-patch+json", [{"op": "add", "path": "/spec/selector", "value": {"app": "x"}}]),
        ("application/strategic-merge-patch+json", {"spec": {"selector": {"app": "x"}}}),
    ],
)
async def test_every_patch_changes_a_built_in_object(server: ApiServer, media_type: str, patch: object) -> None:
    await send(server, "POST", PATH, SERVICE)
    status, patched = await send(server, "PATCH", f"{PATH}/one", patch, media_type)  # type: ignore[arg-type]
    assert status == 200
    assert patched["spec"]["selector"] == {"app": "x"}
    assert [port["name"] for port in patched["spec"]["ports"]] == ["a"]


async def test_a_strategic_patch_merges_lists_by_their_keys(server: ApiServer) -> None:
    await send(server, "POST", PATH, SERVICE)
    patch = {"spec": {"ports": [{"name": "b", "port": 2}]}}
    _, patched = await send(server, "PATCH", f"{PATH}/one", patch, "application/strategic-merge-patch+json")
    assert {port["name"] for port in patched["spec"]["ports"]} == {"a", "b"}


async def test_an_applied_object_may_be_yaml(server: ApiServer) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: b}\n"
    path = "/api/v1/namespaces/default/configmaps/one"
    headers = {"content-type": "application/apply-patch+yaml"}
    answer = await server.request(Request("PATCH", path, {"fieldManager": "me"}, headers, text))
    assert answer.status == 201


async def test_a_refused_patch_never_shows_the_object(server: ApiServer) -> None:
    path = "/api/v1/namespaces/default/secrets"
    await send(server, "POST", path, {"metadata": {"name": "one"}, "stringData": {"a": "hunter2"}})
    answer = await send_raw(
        server,
        "PATCH",
        f"{path}/one",
        {"unknown": "field"},
        {"content-type": "application/merge-patch+json"},
        {"fieldValidation": "Strict"},
    )
    assert answer.status == 422
    assert b"hunter2" not in answer.body
    assert b"aHVudGVyMg==" not in answer.body


async def test_an_applied_object_that_is_json_is_read_as_json(server: ApiServer) -> None:
    path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/one"
    text = b'{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"one"},'
    text += b'"spec":{"leaseDurationSeconds":1e1}}'
    headers = {"content-type": "application/apply-patch+yaml"}
    answer = await server.request(Request("PATCH", path, {"fieldManager": "m"}, headers, text))
    assert answer.status == 201, answer.body  # 1e1 is a number in JSON, and a text to YAML 1.1
