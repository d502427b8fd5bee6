"""Garbage collection by owner references, as kube-controller-manager does it."""

from __future__ import annotations

from apiserver.lifecycle.conftest import World
from fixtures.apiserver import send

HOLD = "example.com/hold"


async def test_dependents_go_with_their_owner_and_theirs_with_them(world: World) -> None:
    owner = await world.make("owner")
    child = await world.make("child", owner)
    await world.make("grandchild", child)
    await world.make("other")
    await world.delete("owner")
    await world.settle()
    assert await world.names() == {"other"}


async def test_one_owner_that_is_left_is_enough(world: World) -> None:
    first, second = await world.make("first"), await world.make("second")
    await world.make("child", first, second)
    await world.delete("first")
    await world.settle()
    child = await world.get("child")
    assert child is not None
    assert [owner["name"] for owner in child["metadata"]["ownerReferences"]] == ["second"]


async def test_orphans_stay_without_their_owner(world: World) -> None:
    owner = await world.make("owner")
    await world.make("child", owner)
    await world.delete("owner", "Orphan")
    await world.settle()
    child = await world.get("child")
    assert await world.names() == {"child"}
    assert child is not None
    assert "ownerReferences" not in child["metadata"]


async def test_in_the_foreground_an_owner_waits_for_its_dependents(world: World) -> None:
    owner = await world.make("owner")
    await world.make("child", owner, finalizers=[HOLD])
    held = await world.delete("owner", "Foreground")
    assert held["metadata"]["finalizers"] == ["foregroundDeletion"]
    await world.settle()
    child = await world.get("child")
    assert child is not None
    assert "deletionTimestamp" in child["metadata"]
    assert await world.names() == {"owner", "child"}
    merge = "application/merge-patch+json"
    await send(world.server, "PATCH", f"{world.path}/child", {"metadata": {"finalizers": None}}, merge)
    await world.settle()
    assert await world.names() == set()


async def test_dependents_that_do_not_block_are_not_waited_for(world: World) -> None:
    owner = await world.make("owner")
    reference = {**world.reference(owner), "blockOwnerDeletion": False}
    await world.make("child", ownerReferences=[reference], finalizers=[HOLD])
    await world.delete("owner", "Foreground")
    await world.settle()
    assert await world.names() == {"child"}


async def test_a_dependent_of_nobody_goes(world: World) -> None:
    ghost = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ghost", "uid": "no-such-uid"}}
    await world.make("child", ghost)
    await world.settle()
    assert await world.names() == set()


async def test_an_owner_of_the_same_name_but_another_uid_is_another(world: World) -> None:
    old = await world.make("owner")
    await world.delete("owner")
    await world.make("owner")
    await world.make("child", old)
    await world.settle()
    assert await world.names() == {"owner"}


async def test_an_owner_in_another_namespace_is_none(world: World) -> None:
    await send(world.server, "POST", "/api/v1/namespaces", {"metadata": {"name": "other"}})
    path = world.path.replace("default", "other")
    _, elsewhere = await send(world.server, "POST", path, {"metadata": {"name": "owner"}})
    await world.make("child", elsewhere)
    await world.settle()
    assert await world.get("child") is None


async def test_a_cluster_scoped_owner_owns_in_every_namespace(world: World) -> None:
    _, owner = await send(world.server, "POST", "/api/v1/namespaces", {"metadata": {"name": "owner"}})
    await world.make("child", owner)
    await world.settle()
    assert await world.names() == {"child"}
    await send(world.server, "DELETE", "/api/v1/namespaces/owner")
    await world.settle()
    assert await world.names() == set()


async def test_an_owner_of_a_kind_that_is_not_served_may_exist(world: World) -> None:
    unknown = {"apiVersion": "nowhere.example.com/v1", "kind": "Thing", "metadata": {"name": "x", "uid": "u"}}
    await world.make("child", unknown)
    await world.settle()
    assert await world.names() == {"child"}


async def test_a_cycle_goes_with_what_held_it(world: World) -> None:
    first = await world.make("first")
    second = await world.make("second", first)
    patch = {"metadata": {"ownerReferences": [world.reference(second)]}}
    await send(world.server, "PATCH", f"{world.path}/first", patch, "application/merge-patch+json")
    await world.delete("first", "Foreground")
    await world.settle()
    assert await world.names() == set()
