"""Kinds come and go with their definitions."""

from __future__ import annotations

import copy

import orjson

from conformance.kubernetes_api.conftest import DEFINITION, GROUP, widget
from dbaas.apiserver.server import ApiServer
from dbaas.contracts.transport import Request
from fixtures.apiserver import send

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = f"/apis/{GROUP}/v1/namespaces/default/widgets"
NAME = DEFINITION["metadata"]["name"]
MERGE = "application/merge-patch+json"


async def test_a_kind_is_served_as_soon_as_its_definition_is_answered(server: ApiServer) -> None:
    assert (await send(server, "POST", PATH, DEFINITION))[0] == 201
    assert (await send(server, "POST", WIDGETS, widget()))[0] == 201


async def test_a_dry_run_serves_nothing(server: ApiServer) -> None:
    assert (await send(server, "POST", PATH, DEFINITION, dryRun="All"))[0] == 201
    answer = await server.request(Request("GET", WIDGETS))
    assert answer.status == 404


async def test_a_changed_definition_acts_at_once(server: ApiServer) -> None:
    await send(server, "POST", PATH, DEFINITION)
    changed = copy.deepcopy(DEFINITION["spec"]["versions"])
    changed[0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"]["minimum"] = 5
    await send(server, "PATCH", f"{PATH}/{NAME}", {"spec": {"versions": changed}}, MERGE)
    assert (await send(server, "POST", WIDGETS, widget(size=4)))[0] == 422
    _, described = await send(server, "GET", f"/openapi/v3/apis/{GROUP}/v1")
    schema = described["components"]["schemas"]["com.example.conformance.v1.Widget"]
    assert schema["properties"]["spec"]["properties"]["size"]["minimum"] == 5


async def test_a_write_of_an_older_object_brings_what_its_definition_has_got_since(server: ApiServer) -> None:
    await send(server, "POST", PATH, DEFINITION)
    await send(server, "POST", WIDGETS, {**widget(), "spec": {"size": 1, "parts": [{"name": "a"}]}})
    changed = copy.deepcopy(DEFINITION["spec"]["versions"])
    properties = changed[0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    properties["weight"] = {"type": "integer", "default": 7}
    del properties["parts"]
    await send(server, "PATCH", f"{PATH}/{NAME}", {"spec": {"versions": changed}}, MERGE)
    _, patched = await send(server, "PATCH", f"{WIDGETS}/one", {"metadata": {"labels": {"a": "b"}}}, MERGE)
    assert patched["spec"] == {"size": 1, "colour": "grey", "weight": 7}


async def test_a_patch_of_an_object_that_is_complete_is_completed_where_it_changes_something(server: ApiServer) -> None:
    await send(server, "POST", PATH, DEFINITION)
    await send(server, "POST", WIDGETS, widget())
    _, labelled = await send(server, "PATCH", f"{WIDGETS}/one", {"metadata": {"labels": {"a": "b"}}}, MERGE)
    assert labelled["spec"] == {"size": 1, "colour": "grey"}
    _, patched = await send(server, "PATCH", f"{WIDGETS}/one", {"spec": {"colour": None, "unknown": 1}}, MERGE)
    assert patched["spec"] == {"size": 1, "colour": "grey"}
    _, seen = await send(server, "PATCH", f"{WIDGETS}/one/status", {"status": {"seen": 1, "unknown": 1}}, MERGE)
    assert seen["status"] == {"seen": 1}


async def test_a_watch_ends_with_its_kind(server: ApiServer) -> None:
    await send(server, "POST", PATH, DEFINITION)
    await send(server, "POST", WIDGETS, widget())
    response = await server.request(Request("GET", WIDGETS, {"watch": "true"}))
    assert response.stream is not None
    first = orjson.loads(await anext(response.stream))
    await send(server, "DELETE", f"{PATH}/{NAME}")
    rest = [orjson.loads(line) async for piece in response.stream for line in piece.splitlines()]
    assert [event["type"] for event in (first, *rest)] == ["ADDED", "DELETED"]
