"""Names that two definitions of a group want."""

from __future__ import annotations

import asyncio
from typing import Any

from dbaas.apiserver.naming import Naming, settle_names
from dbaas.apiserver.server import ApiServer
from fixtures.apiserver import send

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def names(plural: str, kind: str, *short: str) -> dict[str, Any]:
    made = {"plural": plural, "singular": plural[:-1], "kind": kind, "listKind": kind + "List"}
    return {**made, "shortNames": list(short)} if short else made


async def make(server: ApiServer, wanted: dict[str, Any]) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object"}}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    spec = {"group": "example.com", "scope": "Cluster", "names": wanted, "versions": versions}
    body = {"metadata": {"name": f"{wanted['plural']}.example.com"}, "spec": spec}
    status, made = await send(server, "POST", DEFINITIONS, body)
    assert status == 201, made
    return dict(made["status"])


def test_names_that_nobody_has_are_all_accepted() -> None:
    wanted = names("gizmos", "Gizmo", "gz") | {"categories": ["all"]}
    assert settle_names(wanted, {}, []) == Naming(wanted)


async def test_of_names_that_are_taken_the_last_is_told_and_the_others_are_accepted(server: ApiServer) -> None:
    await make(server, names("gizmos", "Gizmo", "gz"))
    status = await make(server, names("gadgets", "Gizmo", "gz"))
    conditions = {each["type"]: (each["status"], each["reason"], each["message"]) for each in status["conditions"]}
    assert conditions == {
        "NamesAccepted": ("False", "ListKindConflict", '"GizmoList" is already in use'),
        "Established": ("False", "NotAccepted", "not all names are accepted"),
    }
    assert status["acceptedNames"] == {"plural": "gadgets", "singular": "gadget", "kind": ""}
    assert (await send(server, "GET", "/apis/example.com/v1/gizmos"))[0] == 200


async def test_it_is_served_once_it_is_written_again_and_the_names_are_free(server: ApiServer) -> None:
    await make(server, names("gizmos", "Gizmo"))
    await make(server, names("gadgets", "Gizmo"))
    other = f"{DEFINITIONS}/gizmos.example.com"
    await send(server, "DELETE", other)
    async with asyncio.timeout(10):
        while (await send(server, "GET", other))[0] != 404:
            await asyncio.sleep(0)
    patch = {"metadata": {"labels": {"again": "yes"}}}
    path = f"{DEFINITIONS}/gadgets.example.com"
    _, changed = await send(server, "PATCH", path, patch, "application/merge-patch+json")
    assert {each["type"]: each["status"] for each in changed["status"]["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert (await send(server, "GET", "/apis/example.com/v1/gadgets"))[0] == 200
