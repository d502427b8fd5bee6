"""Events about owners that are elsewhere; that they are worded as Kubernetes does is in the conformance suite."""

from __future__ import annotations

from typing import Any

from apiserver.lifecycle.conftest import World
from fixtures.apiserver import send

NAMESPACES = "/api/v1/namespaces"


async def events_in(world: World, namespace: str) -> list[dict[str, Any]]:
    _, listed = await send(world.server, "GET", f"{NAMESPACES}/{namespace}/events")
    found: list[dict[str, Any]] = listed["items"]
    return found


async def test_a_dependent_that_stays_is_told_of_once(world: World) -> None:
    owner = await world.make("owner")
    metadata = {"name": "team", "ownerReferences": [world.reference(owner)]}
    await send(world.server, "POST", NAMESPACES, {"metadata": metadata})
    await world.settle()
    patch = {"metadata": {"labels": {"a": "b"}}}
    await send(world.server, "PATCH", f"{NAMESPACES}/team", patch, "application/merge-patch+json")
    await world.settle()
    (event,) = await events_in(world, "default")
    assert (event["involvedObject"]["name"], event["count"]) == ("team", 1)


async def test_nobody_is_told_of_an_owner_that_is_nowhere(world: World) -> None:
    ghost = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ghost", "uid": "no-such-uid"}}
    await world.make("child", ghost)
    await world.settle()
    assert await world.names() == set()
    assert await events_in(world, "default") == []


async def test_an_event_that_cannot_be_written_keeps_nothing(world: World) -> None:
    owner = await world.make("owner")
    await send(world.server, "POST", NAMESPACES, {"metadata": {"name": "team"}})
    held = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    await send(world.server, "POST", f"{NAMESPACES}/team/configmaps", held)
    await send(world.server, "DELETE", f"{NAMESPACES}/team")
    patch = {"metadata": {"ownerReferences": [world.reference(owner)]}}
    merge = "application/merge-patch+json"
    await send(world.server, "PATCH", f"{NAMESPACES}/team/configmaps/held", patch, merge)
    await world.make("canary", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "uid": "none"}})
    await world.settle()
    assert await world.names() == {"owner"}
