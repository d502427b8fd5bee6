"""After an upgrade the published server is asked again, and the cluster is not Ready before it has answered."""

from __future__ import annotations

import pytest

from controllers.cluster.conftest import KEY, World
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.controllers.cluster.version import ANNOTATION_SERVES
from fixtures.registries import RUNNER


def noted(world: World) -> str | None:
    instance = world.get(DATABASE_INSTANCE)
    assert instance is not None
    return instance.metadata.annotations.get(ANNOTATION_SERVES)


async def test_the_published_server_is_told_the_version_only_when_all_instances_serve(world: World) -> None:
    world.declare()
    await world.reconcile()
    assert noted(world) is None
    world.serve()
    await world.reconcile()
    assert noted(world) == "2"
    world.show(RUNNER, Key("default", "main-0"), {"ready": False})
    await world.reconcile()
    assert noted(world) == "2"


@pytest.mark.parametrize(("said", "reason"), [("1.9", "Upgrading"), ("2", "Ready"), ("2.3", "Ready"), ("", "Ready")])
async def test_a_server_that_has_last_said_another_version_is_not_what_is_wanted(
    serving: World, said: str, reason: str
) -> None:
    found = serving.get(DATABASE_INSTANCE)
    assert found is not None
    serving.show(DATABASE_INSTANCE, KEY, {**found.status, "version": said})
    outcome = await serving.reconcile()
    assert (outcome.phase, outcome.conditions[0].reason) == (reason, reason)


async def test_another_version_that_serves_is_an_event_and_one_that_is_known_more_exactly_is_none(world: World) -> None:
    world.declare()
    await world.reconcile()
    world.serve()
    await world.reconcile()
    world.connect()
    assert (await world.reconcile()).status["currentVersion"] == "2.3"
    assert "VersionChanged" not in world.told()
    found = world.get(DATABASE_INSTANCE)
    assert found is not None
    world.show(DATABASE_INSTANCE, KEY, {**found.status, "version": "2.4"})
    for _ in range(2):
        await world.reconcile()
    world.show(DATABASE_INSTANCE, KEY, {each: value for each, value in found.status.items() if each != "version"})
    assert (await world.reconcile()).status["currentVersion"] == "2.4", "what it last said"
    (told,) = [event.note for event in world.client.events if event.reason == "VersionChanged"]
    assert told == "version 2.4 serves now, before it was 2.3"
