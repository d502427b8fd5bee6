"""Published Secrets: their shape, and how they follow it."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from controllers.make import make
from dbaas.api.core import SECRET
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER, PasswordSecret
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.managed.publishing import WRITTEN, Shape, build_shape, find_changes, password_key
from dbaas.manifests.secrets import LOGIN_VARIABLES
from fixtures.operating import virtually
from simulation.world import HOST, World, simulated_world

HERE = {"instanceRef": {"name": "main"}}
USUAL = {"username": "app", "password": "p w", "host": "db", "port": "1", "database": "d", "sslmode": "off"}
USER = Key("shop", "app-user")


def shape(**wanted: Any) -> Shape:
    return build_shape(PasswordSecret.model_validate(wanted), USUAL, USER)


def published(found: Shape, **more: str) -> Any:
    values = {name: base64.b64encode(value.encode()).decode() for name, value in {**found.values, **more}.items()}
    annotations = {**found.annotations, **({WRITTEN: found.note} if found.note else {})}
    resource = make(SECRET, "app", {}, labels=dict(found.labels), annotations=annotations)
    return type(resource)(SECRET, resource.metadata, _with_data(resource, values))


def _with_data(resource: Any, values: dict[str, str]) -> bytes:

    return orjson.dumps({**resource.body(), "data": values})


def test_every_variable_can_be_used() -> None:
    source = "|".join(f"{{{{ .{name} }}}}" for name in LOGIN_VARIABLES)
    data = shape(secretTemplate={"data": {"all": source}}).values
    assert data == {"all": "app|p w|db|1|d|off|shop|app-user|||", "password": "p w"}


def test_a_template_replaces_the_usual_keys_and_not_the_password() -> None:
    found = shape(key="secret", secretTemplate={"data": {"url": "{{ .Password | urlEncode }}@{{ .Host }}"}})
    assert found.values == {"url": "p+w@db", "secret": "p w"}
    assert password_key(published(found)) == "secret"


def test_a_template_that_fails_is_refused_without_the_value() -> None:
    with pytest.raises(Refused) as refusal:
        shape(secretTemplate={"data": {"x": "{{ base64Decode .Password }}"}})
    assert refusal.value.reason == "InvalidTemplate" and "p w" not in refusal.value.message


def test_what_a_template_does_not_say_any_more_is_taken_away_and_nothing_else() -> None:
    template = {"labels": {"a": "1"}, "annotations": {"b": "2"}, "data": {"url": "x", "user": "{{ .Username }}"}}
    before = shape(secretTemplate=template)
    assert find_changes(before, published(before), USUAL) == {}
    after = shape(secretTemplate={"data": {"url": "x"}})
    changes = find_changes(after, published(before, added="by somebody"), USUAL)
    assert changes["data"] == {"user": None}
    assert changes["metadata"]["labels"] == {"a": None} and changes["metadata"]["annotations"]["b"] is None
    back = find_changes(shape(), published(before), USUAL)
    assert back["metadata"]["annotations"] == {"b": None, WRITTEN: None}
    assert {name for name, value in back["data"].items() if value is None} == {"url", "user"}


def test_the_usual_keys_go_when_a_template_comes() -> None:
    changes = find_changes(shape(secretTemplate={"data": {"url": "x"}}), published(shape(), added="y"), USUAL)
    assert {name for name, value in changes["data"].items() if value is None} == set(USUAL) - {"password"}


async def make_user(world: World, **secret: Any) -> None:
    await world.connect()
    await world.make(DATABASE_USER, "app", {**HERE, "passwordSecret": secret})
    await world.settle()


async def read(world: World) -> Any:
    found = await world.user.get(SECRET, Key("default", "app-credentials"))
    assert found is not None
    return found


@virtually
async def test_a_secret_takes_the_shape_of_its_template_and_follows_it() -> None:
    async with simulated_world() as world:
        data = {"DATABASE_URL": "db://{{ urlEncode .Username }}@{{ .Host }}:{{ .Port }}/{{ .Database }}"}
        await make_user(world, secretTemplate={"labels": {"team": "shop"}, "data": data})
        password = world.server.roles["app"]
        assert await world.read_secret("app-credentials") == {
            "DATABASE_URL": f"db://app@{HOST}:7000/system", "password": password
        }  # fmt: skip
        assert (await read(world)).metadata.labels["team"] == "shop"
        await world.change(DATABASE_USER, "app", {"passwordSecret": {"secretTemplate": {"labels": {"team": "all"}}}})
        await world.settle()
        assert (await read(world)).metadata.labels["team"] == "all"
        await world.change(DATABASE_USER, "app", {"passwordSecret": {"secretTemplate": None}})
        await world.settle()
        values = await world.read_secret("app-credentials")
        assert "DATABASE_URL" not in values and values["password"] == password == world.server.roles["app"]
        assert "team" not in (await read(world)).metadata.labels


@virtually
async def test_another_type_means_another_secret_with_the_same_password() -> None:
    async with simulated_world() as world:
        await make_user(world)
        password, first = world.server.roles["app"], await read(world)
        await world.change(
            DATABASE_USER, "app", {"passwordSecret": {"secretTemplate": {"type": "kubernetes.io/basic-auth"}}}
        )
        await world.settle()
        second = await read(world)
        assert second.body()["type"] == "kubernetes.io/basic-auth" and second.metadata.uid != first.metadata.uid
        assert (await world.read_secret("app-credentials"))["password"] == password == world.server.roles["app"]


@virtually
async def test_a_settled_secret_of_any_shape_is_not_written_again() -> None:
    async with simulated_world() as world:
        await make_user(world, key="pw", secretTemplate={"annotations": {"a": "b"}, "data": {"x": "{{ .Password }}"}})
        before = await read(world)
        touched = {"metadata": {"annotations": {"dbaas.io/reconcile-at": "now"}}}
        await world.user.patch(DATABASE_USER, Key("default", "app"), touched)
        await world.settle()
        assert (await read(world)).metadata.resourceVersion == before.metadata.resourceVersion
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")
