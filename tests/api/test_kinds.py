"""Our definitions against real API servers."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.kinds import DEFINITIONS, LAPTOP_DEFINITIONS
from dbaas.api.schema import UNSEEN, build_crd
from dbaas.contracts.registry import find_registry
from fixtures.control_plane import Api
from fixtures.definitions import built_crd

ALL = (*DEFINITIONS, *LAPTOP_DEFINITIONS)
REGISTRY = find_registry()


async def test_every_definition_is_accepted_and_established(api: Api) -> None:
    for definition in ALL:
        await api.define(build_crd(definition, REGISTRY.blocks(definition.kind.kind)))
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for definition in ALL:
        stored = (await api.get(f"{path}/{definition.kind.resource}")).body
        conditions = {each["type"]: each["status"] for each in stored["status"]["conditions"]}
        assert conditions == {"Established": "True", "NamesAccepted": "True"}


def user(name: str = "u", **spec: Any) -> dict[str, Any]:
    body = {"instanceRef": {"name": "main"}, **spec}
    return {"apiVersion": "dbaas.io/v1", "kind": "DatabaseUser", "metadata": {"name": name}, "spec": body}


async def define_all(api: Api) -> None:
    for definition in ALL:
        await api.define(built_crd(definition, REGISTRY.blocks(definition.kind.kind)))


async def test_defaults_are_stored_and_empty_ones_are_not(api: Api) -> None:
    await define_all(api)
    made = await api.post(api.collection("databaseusers", "dbaas.io"), user())
    assert made.body["spec"] == {
        "instanceRef": {"kind": "DatabaseInstance", "name": "main"},
        "passwordSecret": {
            "generate": True, "length": 32, "includeSpecialChars": True, "format": "kubernetes", "key": "password"
        },
        "drop": {"revokePrivileges": False, "dropOwned": False, "checkOwnership": True},
        "deletionPolicy": "Delete",
        "deletionProtection": False,
    }  # fmt: skip


async def test_a_status_is_stored_as_it_was_written(api: Api) -> None:
    await define_all(api)
    path = api.collection("databaseusers", "dbaas.io")
    await api.post(path, user())
    written = {"phase": "Ready", "drift": {"detected": False}, "user": {"username": "u"}}
    stored = await api.patch(f"{path}/u/status", {"status": written})
    assert stored.body["status"] == {**written, "observedGeneration": UNSEEN}


@pytest.mark.parametrize("change", [{"username": "other"}, {"instanceRef": {"name": "elsewhere"}}])
async def test_names_and_servers_cannot_be_changed(api: Api, change: dict[str, Any]) -> None:
    await define_all(api)
    path = api.collection("databaseusers", "dbaas.io")
    await api.post(path, user())
    refused = await api.patch(f"{path}/u", {"spec": change})
    assert refused.status == 422
    assert "cannot be changed" in refused.body["message"]


async def test_unknown_fields_are_refused_by_strict_validation(api: Api) -> None:
    await define_all(api)
    refused = await api.post(api.collection("databaseusers", "dbaas.io"), user(usrname="x"), fieldValidation="Strict")
    assert refused.status == 400
    assert 'unknown field "spec.usrname"' in refused.body["message"]
    assert refused.body["reason"] == "BadRequest"


async def test_a_clusters_name_leaves_room_for_its_childrens(api: Api) -> None:
    await define_all(api)
    path = api.collection("databaseclusters", "dbaas.io")
    cluster = {"apiVersion": "dbaas.io/v1", "kind": "DatabaseCluster", "metadata": {"name": "c" * 51},
               "spec": {"engine": {"type": "x", "version": "1"}}}  # fmt: skip
    refused = await api.post(path, cluster)
    assert refused.status == 422
    assert "at most 50 characters" in refused.body["message"]
