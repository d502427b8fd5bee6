"""What is in the way of an upgrade is asked of whoever can tell, and nobody else is waited for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import build_resource
from dbaas.contracts.engine import Unreachable
from dbaas.contracts.lane import Lane
from dbaas.controllers.cluster.hindrances import Hindrances
from dbaas.controllers.cluster.subject import Cluster, read_cluster
from fixtures.registries import granite_registry, granite_spec


class Asked:
    """A lane to a server that answers with that."""

    def __init__(self, answer: str | Exception) -> None:
        self._answer = answer

    async def visit(self, database: str | None, work: Callable[[Any, Any], Awaitable[Any]]) -> Any:
        return await work(self, None)

    async def find_hindrance(self, session: Any, version: str) -> str:
        if isinstance(self._answer, Exception):
            raise self._answer
        return f"{version}: {self._answer}" if self._answer else ""


def cluster(lane: Asked, ready: int = 1) -> Cluster:
    status = {"database": {"readyInstances": ready}}
    body = {"metadata": {"name": "main", "namespace": "default"}, "spec": granite_spec(), "status": status}
    found = read_cluster(build_resource(DATABASE_CLUSTER, body), granite_registry())
    return replace(found, engine=replace(found.engine, find_hindrance=lane.find_hindrance))


@pytest.mark.parametrize(
    ("answer", "ready", "told"),
    [
        ("slots", 1, "main: the data stays as it was, because it cannot be upgraded: 1: slots"),
        ("", 1, ""),
        (Unreachable("it is away"), 1, ""),
        ("slots", 0, ""),
    ],
    ids=["hindered", "free", "away", "nobody serves"],
)
async def test_only_what_is_known_counts(answer: str | Exception, ready: int, told: str) -> None:
    lane = Asked(answer)
    assert await Hindrances(lambda key: cast(Lane, lane)).find(cluster(lane, ready), "1") == told


async def test_where_nobody_is_reached_nobody_is_asked() -> None:
    lane = Asked("slots")
    assert await Hindrances(lambda key: None).find(cluster(lane), "1") == ""
    without = replace(cluster(lane), engine=replace(cluster(lane).engine, find_hindrance=None))
    assert await Hindrances(lambda key: cast(Lane, lane)).find(without, "1") == ""
