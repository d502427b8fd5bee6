"""What foreign objects would become, for plans."""

from __future__ import annotations

from typing import Any

from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.contracts.registry import Registry
from dbaas.controllers.foreign_plans import lay_over, with_children
from fixtures.clients import FakeClient
from fixtures.dialects import FURNITURE, GROUP, SHELF

REGISTRY = Registry(dialects={GROUP: FURNITURE})
BODY: dict[str, Any] = {
    "apiVersion": SHELF.api_version, "kind": "Shelf", "metadata": {"name": "top", "namespace": "default"},
    "spec": {"name": "books", "policy": "Retain", "protected": True},
}  # fmt: skip


async def test_what_a_foreign_object_becomes_stands_after_it() -> None:
    mine = (DATABASE, {"metadata": {"name": "mine", "namespace": "default"}, "spec": {}})
    told = await with_children(FakeClient(), REGISTRY, [(SHELF, BODY), mine])
    assert [(kind.kind, body["metadata"]["name"]) for kind, body in told] == [
        ("Shelf", "top"), ("Database", "top"), ("Database", "mine")
    ]  # fmt: skip
    assert told[1][1]["metadata"]["namespace"] == "default" and told[1][1]["spec"]["name"] == "books"


async def test_what_is_there_already_keeps_what_the_foreign_object_does_not_say() -> None:
    client = FakeClient()
    live = {"instanceRef": {"name": "main"}, "name": "books", "revokePublic": True, "deletionPolicy": "Delete"}
    metadata = {"name": "top", "namespace": "default", "labels": {"a": "b"}}
    client.put(DATABASE, {"apiVersion": "dbaas.io/v1", "kind": "Database", "metadata": metadata, "spec": live})
    told = await with_children(client, REGISTRY, [(SHELF, BODY)])
    assert told[1][1]["spec"]["revokePublic"] is True and told[1][1]["spec"]["deletionPolicy"] == "Retain"
    assert Key("default", "top") == Key(told[1][1]["metadata"]["namespace"], told[1][1]["metadata"]["name"])


def test_mappings_are_merged_and_all_else_is_replaced() -> None:
    below = {"a": {"x": 1, "y": [1]}, "b": 1}
    assert lay_over(below, {"a": {"y": [2]}, "b": {"z": 1}}) == {"a": {"x": 1, "y": [2]}, "b": {"z": 1}}
