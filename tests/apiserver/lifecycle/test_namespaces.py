"""Deletion of a namespace with all that is in it."""

from __future__ import annotations

from apiserver.lifecycle.conftest import World
from fixtures.apiserver import send

NAMESPACE = "/api/v1/namespaces/team"


async def test_the_initial_namespaces_are_there(world: World) -> None:
    _, listed = await send(world.server, "GET", "/api/v1/namespaces")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["default", "kube-public", "kube-system"]


async def test_a_namespace_goes_when_all_in_it_has_gone(world: World) -> None:
    await send(world.server, "POST", "/api/v1/namespaces", {"metadata": {"name": "team"}})
    held = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    await send(world.server, "POST", f"{NAMESPACE}/configmaps", held)
    await send(world.server, "POST", f"{NAMESPACE}/secrets", {"metadata": {"name": "one"}})
    _, going = await send(world.server, "DELETE", NAMESPACE)
    assert going["status"]["phase"] == "Terminating"
    await world.settle()
    assert (await send(world.server, "GET", f"{NAMESPACE}/secrets/one"))[0] == 404
    assert (await send(world.server, "GET", NAMESPACE))[0] == 200
    patch = {"metadata": {"finalizers": None}}
    await send(world.server, "PATCH", f"{NAMESPACE}/configmaps/held", patch, "application/merge-patch+json")
    await world.settle()
    assert (await send(world.server, "GET", NAMESPACE))[0] == 404


async def test_an_empty_namespace_goes_at_once_and_can_come_again(world: World) -> None:
    for _ in range(2):
        assert (await send(world.server, "POST", "/api/v1/namespaces", {"metadata": {"name": "team"}}))[0] == 201
        await send(world.server, "DELETE", NAMESPACE)
        await world.settle()
        assert (await send(world.server, "GET", NAMESPACE))[0] == 404


async def test_only_the_loops_own_finalizer_is_taken_from_a_namespace(world: World) -> None:
    await send(world.server, "POST", "/api/v1/namespaces", {"metadata": {"name": "team"}})
    _, namespace = await send(world.server, "GET", NAMESPACE)
    namespace["spec"]["finalizers"].append("example.com/hold")
    await send(world.server, "PUT", f"{NAMESPACE}/finalize", namespace)
    await send(world.server, "DELETE", NAMESPACE)
    await world.settle()
    _, held = await send(world.server, "GET", NAMESPACE)
    assert held["spec"]["finalizers"] == ["example.com/hold"]
    held["spec"]["finalizers"] = []
    await send(world.server, "PUT", f"{NAMESPACE}/finalize", held)
    assert (await send(world.server, "GET", NAMESPACE))[0] == 404
