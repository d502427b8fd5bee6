"""What there is on a server, and what no object stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prometheus_client import CollectorRegistry

from controllers.make import instance
from dbaas.api.database import DATABASE
from dbaas.api.instance import MOST_LISTED
from dbaas.api.role import CLUSTER_DATABASE_ROLE, DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.engine import Inventory, ServerFacts
from dbaas.contracts.registry import Registry
from dbaas.controllers.discovery import LIST_SECONDS, DiscoveryStep, describe, merge
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.tokens import provided_by
from dbaas.controllers.metrics import ControllerCounts
from dbaas.controllers.servers import Server, read_server
from dbaas.core.clock import LoopClock
from fixtures.clients import FakeClient
from fixtures.operating import virtually
from simulation.engine import Network, build_engine

COUNTS = ControllerCounts(CollectorRegistry())
FACTS = ServerFacts("1", 1, "id", "root")
NOW = "2026-01-01T00:00:00Z"


class FixedLane:
    """Answers with names, and counts how often it was asked."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.questions = 0

    async def observe(self, part: str, database: str | None, names: object, *, background: bool = False) -> Any:
        assert background and names is None
        self.questions += 1
        return dict.fromkeys(self.answers.get(part, ()))


def count(observed: Mapping[str, Mapping[str, Any]], facts: ServerFacts) -> Inventory:
    return Inventory(tuple(sorted(observed["bases"])), tuple(sorted(observed["roles"])))


def read(**spec: Any) -> Server:
    engine = replace(build_engine(Network()), inventory_parts=("bases", "roles"), take_inventory=count)
    return read_server(instance(spec=spec), Registry({"basalt": engine}, {}, ""))


def client() -> FakeClient:
    made = FakeClient()
    for kind in (DATABASE, DATABASE_USER, DATABASE_ROLE, CLUSTER_DATABASE_ROLE):
        made.provides[kind] = lambda resource: provided_by(MANAGED[resource.kind], resource)
    body = {"apiVersion": "dbaas.io/v1", "kind": "Database", "metadata": {"name": "shop", "namespace": "default"},
            "spec": {"instanceRef": {"name": "main"}}}  # fmt: skip
    made.put(DATABASE, body)
    return made


@virtually
async def test_names_are_listed_and_looked_up_seldom() -> None:
    lane, step, clock = (
        FixedLane(bases=["b", "a"], roles=["r"]),
        DiscoveryStep(client(), LoopClock(), COUNTS),
        LoopClock(),
    )
    found = await step.look(read(), lane, FACTS)  # type: ignore[arg-type]
    assert found == {"databases": ["a", "b"], "databaseCount": 2, "users": ["r"], "userCount": 1}
    await step.look(read(), lane, FACTS)  # type: ignore[arg-type]
    assert lane.questions == 2
    await clock.sleep(LIST_SECONDS)
    await step.look(read(), lane, FACTS)  # type: ignore[arg-type]
    assert lane.questions == 4


@virtually
async def test_what_no_object_stands_for_is_told_and_the_time_stays_while_nothing_changes() -> None:
    lane, step, clock = FixedLane(bases=["old", "shop"]), DiscoveryStep(client(), LoopClock(), COUNTS), LoopClock()
    server = read(discovery={"enabled": True})
    found = dict(await step.look(server, lane, FACTS))  # type: ignore[arg-type]
    (entry,) = found["discoveredResources"]["databases"]
    assert (entry["name"], entry["adopted"]) == ("old", False)
    await clock.sleep(LIST_SECONDS)
    later = replace(server, resource=instance(spec={}, status=found))
    assert (await step.look(later, lane, FACTS)) == found  # type: ignore[arg-type]


def test_what_was_found_once_and_is_managed_since_is_adopted() -> None:
    before = [{"name": "old", "discovered": NOW}, {"name": "gone", "discovered": NOW}]
    assert merge(before, ["new", "old", "ours"], frozenset({"old", "ours"}), "later") == [
        {"name": "new", "discovered": "later", "adopted": False},
        {"name": "old", "discovered": NOW, "adopted": True},
    ]


def test_lists_have_an_end_and_counts_do_not() -> None:
    names = tuple(f"d{number:05}" for number in range(MOST_LISTED + 5))
    told = describe(Inventory(databases=names))
    assert (len(told["databases"]), told["databaseCount"]) == (MOST_LISTED, MOST_LISTED + 5)
