"""What commands ask of controllers without running any: plans, who may do what, what nobody manages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from dbaas.api.resource import Kind
from dbaas.contracts.client import Client
from dbaas.contracts.registry import Registry, find_registry
from dbaas.contracts.transport import Transport
from dbaas.controllers.foreign_plans import with_children
from dbaas.controllers.managed.adopting import Found, Sought, find_adoptable
from dbaas.controllers.managed.overlay import Witness, unseen
from dbaas.controllers.managed.planning import ObjectPlan, plan_objects
from dbaas.controllers.managed.reviewing import Asked, Reviewed, review
from dbaas.core.clock import SystemClock
from dbaas.core.randomness import SystemRandomness
from dbaas.kube.verbs import RestClient
from dbaas.lanes.lanes import ServerLanes
from dbaas.runtime.manager import Manager


async def plan_changes(
    transport: Transport, bodies: Sequence[tuple[Kind, Mapping[str, Any]]], witness: Witness = unseen, *,
    on_laptop: bool = False,
) -> list[ObjectPlan]:  # fmt: skip
    """What applying these objects would do, objects and statements; reads the API and the servers, changes neither.

    `witness` is told every object that was looked at. `on_laptop`: no DNS knows the names of Services, in all of these.
    """
    async with _only_reading(transport) as (client, lanes):
        registry = _find_registry(on_laptop=on_laptop)
        with_all = await with_children(client, registry, bodies)
        return await plan_objects(client, lanes, registry, with_all, witness, no_dns=on_laptop)


async def review_access(transport: Transport, asked: Asked, *, on_laptop: bool = False) -> list[Reviewed]:
    """Who may do what, by which way, and which objects want it so; reads the API and a server, changes neither."""
    async with _only_reading(transport) as (client, lanes):
        return await review(client, lanes, _find_registry(on_laptop=on_laptop), asked, no_dns=on_laptop)


async def find_unmanaged(transport: Transport, sought: Sought, *, on_laptop: bool = False) -> list[Found]:
    """What is on a server, and the objects that would leave it as it is; reads the API and the server."""
    async with _only_reading(transport) as (client, lanes):
        return await find_adoptable(client, lanes, _find_registry(on_laptop=on_laptop), sought, no_dns=on_laptop)


def _find_registry(*, on_laptop: bool) -> Registry:
    return find_registry("laptop" if on_laptop else "kubernetes")


@asynccontextmanager
async def _only_reading(transport: Transport) -> AsyncIterator[tuple[Client, ServerLanes]]:
    """A client that is never run: it reads from the API itself."""
    clock, randomness = SystemClock(), SystemRandomness()
    lanes = ServerLanes(clock, randomness)
    try:
        yield Manager(RestClient(transport), clock, randomness).client, lanes
    finally:
        await lanes.close_all()
