"""A server is found by its name in either scope, and all its names are known."""

from __future__ import annotations

import pytest

from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.managed.snapshot import take_snapshot
from fixtures.looking import HERE, Slate


async def test_one_in_the_namespace_goes_before_one_for_all() -> None:
    slate = Slate()
    connection = {"host": "h", "port": 1, "secretRef": {"name": "s", "namespace": "n"}}
    for name in ("main", "shared"):
        slate.put(CLUSTER_DATABASE_INSTANCE, name, {"engine": "slate", "connection": connection})
    snapshot = await take_snapshot(slate.client)
    assert (await snapshot.find_instance(slate.registry, "default", "main")).key == HERE
    assert (await snapshot.find_instance(slate.registry, "default", "shared")).key == Key("", "shared")
    with pytest.raises(Refused, match="and no ClusterDatabaseInstance gone"):
        await snapshot.find_instance(slate.registry, "default", "gone")


async def test_a_server_that_nobody_has_reached_yet_is_only_itself() -> None:
    slate = Slate()
    slate.put_instance("new")
    slate.put_instance("alias", identity="one")
    snapshot = await take_snapshot(slate.client)
    known = {name: await snapshot.find_instance(slate.registry, "default", name) for name in ("main", "new")}
    assert snapshot.same_servers(known["main"]) == {HERE, Key("default", "alias")}
    assert snapshot.same_servers(known["new"]) == {Key("default", "new")}
