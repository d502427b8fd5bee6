"""The scale subresource of a custom kind."""

from __future__ import annotations

import copy

import pytest

from conformance.kubernetes_api.conftest import DEFINITION, GROUP, widget
from dbaas.apiserver.server import ApiServer
from fixtures.apiserver import send

WIDGETS = f"/apis/{GROUP}/v1/namespaces/default/widgets"
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"


@pytest.fixture
async def scalable(server: ApiServer) -> ApiServer:
    definition = copy.deepcopy(DEFINITION)
    scale = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.seen"}
    definition["spec"]["versions"][0]["subresources"]["scale"] = scale
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert (await send(server, "POST", path, definition))[0] == 201
    await send(server, "POST", WIDGETS, widget(size=2))
    await send(server, "PATCH", f"{WIDGETS}/one/status", {"status": {"seen": 1}}, MERGE)
    return server


async def test_an_object_is_seen_as_its_scale(scalable: ApiServer) -> None:
    status, scale = await send(scalable, "GET", f"{WIDGETS}/one/scale")
    assert status == 200
    assert (scale["apiVersion"], scale["kind"]) == ("autoscaling/v1", "Scale")
    assert scale["spec"] == {"replicas": 2}
    assert scale["status"] == {"replicas": 1}
    assert (await send(scalable, "GET", f"{WIDGETS}/nobody/scale"))[0] == 404


async def test_scaling_changes_the_object_and_its_generation(scalable: ApiServer) -> None:
    _, scale = await send(scalable, "GET", f"{WIDGETS}/one/scale")
    scale["spec"]["replicas"] = 5
    assert (await send(scalable, "PUT", f"{WIDGETS}/one/scale", scale))[0] == 200
    assert (await send(scalable, "PUT", f"{WIDGETS}/one/scale", scale))[0] == 409
    await send(scalable, "PATCH", f"{WIDGETS}/one/scale", {"spec": {"replicas": 6}}, MERGE)
    operation = [{"op": "replace", "path": "/spec/replicas", "value": 7}]
    _, scaled = await send(scalable, "PATCH", f"{WIDGETS}/one/scale", operation, JSON_PATCH)
    assert scaled["spec"] == {"replicas": 7}
    _, obj = await send(scalable, "GET", f"{WIDGETS}/one")
    assert obj["spec"]["size"] == 7
    assert obj["metadata"]["generation"] == 4
    assert obj["status"] == {"seen": 1}


async def test_a_number_that_is_none_is_refused(scalable: ApiServer) -> None:
    for replicas, expected in ((-1, 422), (2**31, 422), ("many", 400), (None, 200)):
        status, _ = await send(scalable, "PATCH", f"{WIDGETS}/one/scale", {"spec": {"replicas": replicas}}, MERGE)
        assert status == expected
    status, _ = await send(scalable, "PATCH", f"{WIDGETS}/one/scale", {}, "application/apply-patch+yaml")
    assert status == 415
