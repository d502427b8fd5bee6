"""Objects for what is on a server already."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from controllers.make import instance
from dbaas.api.database import DATABASE
from dbaas.api.instance import ANNOTATION_ADOPT_DATABASES, ANNOTATION_ADOPT_ROLES, ANNOTATION_ADOPT_USERS
from dbaas.api.resource import Key
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.engine import Inventory
from dbaas.controllers.adoption import AdoptionStep, explain_impossible, object_name
from dbaas.controllers.metrics import ControllerCounts
from fixtures.clients import FakeClient

THERE = Inventory(databases=("Old Shop", "orders", "ours"), users=("app",), roles=("readers",))


async def adopt(client: FakeClient, **annotations: str) -> None:
    named = {ANNOTATION_ADOPT_DATABASES: annotations.get("databases", ""),
             ANNOTATION_ADOPT_USERS: annotations.get("users", ""),
             ANNOTATION_ADOPT_ROLES: annotations.get("roles", "")}  # fmt: skip
    managed = {"databases": frozenset({"ours"})}
    counts = ControllerCounts(CollectorRegistry())
    await AdoptionStep(client, counts).adopt(instance(annotations=named), THERE, managed)


async def test_nothing_is_stated_but_the_name_and_the_real_thing_stays() -> None:
    client = FakeClient()
    await adopt(client, databases="orders", roles="readers")
    made = client.peek(DATABASE, Key("default", "orders"))
    role = client.peek(DATABASE_ROLE, Key("default", "readers"))
    assert made is not None and role is not None
    assert made.spec == {
        "instanceRef": {"name": "main"}, "name": "orders", "revokePublic": False, "deletionPolicy": "Retain"
    }  # fmt: skip
    assert role.spec == {"instanceRef": {"name": "main"}, "roleName": "readers", "deletionPolicy": "Retain"}
    assert made.metadata.labels["dbaas.io/adopted"] == "true"


async def test_a_user_keeps_its_password() -> None:
    client = FakeClient()
    await adopt(client, users="app, readers")
    assert [key.name for _, key in client.objects] == ["app"]
    made = client.peek(DATABASE_USER, Key("default", "app"))
    assert made is not None
    assert made.spec == {
        "instanceRef": {"name": "main"}, "username": "app", "passwordSecret": {"generate": False},
        "deletionPolicy": "Retain",
    }  # fmt: skip


async def test_only_what_is_there_and_has_no_object_is_adopted() -> None:
    client = FakeClient()
    await adopt(client, databases="ours, nothing ,")
    assert client.objects == {}


async def test_an_object_of_that_name_is_left_alone_and_told() -> None:
    client = FakeClient()
    await adopt(client, databases="orders")
    before = client.writes
    await adopt(client, databases="orders")
    assert client.writes == before
    assert client.events[-1].reason == "AdoptionNotPossible"


@pytest.mark.parametrize("name", ["Old Shop", "OLD-shop", "старый", "_", "a.b"])
def test_any_name_becomes_one_that_kubernetes_takes(name: str) -> None:
    made = object_name(name)
    assert made.strip("abcdefghijklmnopqrstuvwxyz0123456789-") == "" and made[0].isalnum()
    assert made != object_name(name + " ")


def test_what_cannot_be_adopted_is_explained() -> None:
    assert explain_impossible(instance(annotations={ANNOTATION_ADOPT_DATABASES: "a"})) == ""
    nowhere = instance(annotations={ANNOTATION_ADOPT_DATABASES: "a"}, namespace="")
    assert "in no namespace" in explain_impossible(nowhere)
