"""Our finalizer beside others'."""

from __future__ import annotations

import pytest

from controllers.make import database
from dbaas.api.database import DATABASE
from dbaas.api.resource import FINALIZER, Key
from dbaas.contracts.client import WriteConflict
from dbaas.controllers.finalizers import hold, is_held, let_go
from fixtures.clients import FakeClient

KEY = Key("default", "shop")


async def test_holding_twice_writes_once() -> None:
    client = FakeClient()
    held = await hold(client, client.put(DATABASE, database(finalizers=["other/one"]).body()))
    written = client.writes
    assert held.metadata.finalizers == ["other/one", FINALIZER]
    assert await hold(client, held) == held
    assert client.writes == written


async def test_an_annotation_comes_in_the_same_write_and_only_with_the_finalizer() -> None:
    client = FakeClient()
    found = client.put(DATABASE, database().body())
    before = client.writes
    held = await hold(client, found, annotations={"a": "1"})
    assert (client.writes - before, held.metadata.annotations["a"]) == (1, "1")
    assert await hold(client, held, annotations={"a": "2"}) == held


async def test_letting_go_leaves_the_finalizers_of_others() -> None:
    client = FakeClient()
    await let_go(client, client.put(DATABASE, database(finalizers=["other/one", FINALIZER]).body()))
    found = client.peek(DATABASE, KEY)
    assert found is not None
    assert found.metadata.finalizers == ["other/one"]
    assert not is_held(found)


async def test_a_write_in_between_is_a_conflict() -> None:
    client = FakeClient()
    seen = client.put(DATABASE, database().body())
    await client.patch(DATABASE, KEY, {"metadata": {"labels": {"a": "b"}}})
    with pytest.raises(WriteConflict):
        await hold(client, seen)
