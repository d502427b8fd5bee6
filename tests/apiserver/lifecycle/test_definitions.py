"""Deletion of a definition with its objects; the rest is in the conformance suite."""

from __future__ import annotations

from apiserver.lifecycle.conftest import World
from conformance.kubernetes_api.conftest import DEFINITION, GROUP, widget
from fixtures.apiserver import send

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = f"/apis/{GROUP}/v1/namespaces/default/widgets"


async def test_objects_go_with_their_definition(world: World) -> None:
    await send(world.server, "POST", DEFINITIONS, DEFINITION)
    await send(world.server, "POST", WIDGETS, widget("one"))
    await send(world.server, "DELETE", f"{DEFINITIONS}/widgets.{GROUP}")
    await world.settle()
    assert (await send(world.server, "GET", f"{DEFINITIONS}/widgets.{GROUP}"))[0] == 404
    await send(world.server, "POST", DEFINITIONS, DEFINITION)
    _, listed = await send(world.server, "GET", WIDGETS)
    assert listed["items"] == []


async def test_a_dependent_of_a_custom_object_goes_with_the_definition(world: World) -> None:
    await send(world.server, "POST", DEFINITIONS, DEFINITION)
    _, owner = await send(world.server, "POST", WIDGETS, widget("one"))
    await world.make("child", owner)
    await send(world.server, "DELETE", f"{WIDGETS}/one")
    await world.settle()
    assert await world.names() == set()
