"""Tests of `app.definitions`: what differs between the definitions that are served and ours, and who is told."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION
from dbaas.api.resource import GROUP
from dbaas.api.role import DATABASE_ROLE
from dbaas.app.cluster import build_definitions
from dbaas.app.definitions import (
    AGREES,
    LOOK_SECONDS,
    TELL_AGAIN_SECONDS,
    Definitions,
    Difference,
    compare,
    read_fields,
)
from dbaas.contracts.client import Forbidden
from dbaas.contracts.leadership import Leadership, Uncontested
from dbaas.contracts.registry import build_registry
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import LoopClock
from dbaas.kube.published import GROUP_VERSION_KIND, INDEX, Published
from fixtures.clients import FakeClient
from fixtures.operating import virtually

REGISTRY = build_registry([], [], "")
ROLES = DATABASE_ROLE.resource
KEEPS = {"x-kubernetes-preserve-unknown-fields": True}


class _Standby(Uncontested):
    def holds(self) -> bool:
        return False


class _Forbidding(FakeClient):
    async def get(self, *_: object, **__: object) -> None:
        raise Forbidden("no", code=403, reason="Forbidden")


@dataclass
class _Cluster:
    """What is served, by the names of kinds; implements what `Published` asks for."""

    schemas: dict[str, Any]
    client: FakeClient = field(default_factory=FakeClient)
    leadership: Leadership = field(default_factory=Uncontested)
    collected: CollectorRegistry = field(default_factory=CollectorRegistry)
    changes: int = 0
    is_away: bool = False

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        if self.is_away:
            raise TransportError("cannot read: it is away")
        address = f"{INDEX}/apis/{GROUP}/v1"
        if path == INDEX:
            return {"paths": {f"apis/{GROUP}/v1": {"serverRelativeURL": f"{address}?hash={self.changes}"}}}
        assert (path, query) == (address, {"hash": str(self.changes)})
        return {"components": {"schemas": self.schemas}}

    def spec_of(self, kind: str) -> dict[str, Any]:
        """To be changed in place."""
        self.changes += 1
        properties: dict[str, Any] = self.schemas[kind]["properties"]["spec"]["properties"]
        return properties

    def events(self) -> list[tuple[str, str]]:
        return [(event.about, event.reason) for event in self.client.events]

    def metrics(self) -> list[str]:
        lines = generate_latest(self.collected).decode().splitlines()
        return [line for line in lines if line.startswith("dbaas_definition_differences{")]


@asynccontextmanager
async def _watching(**differently: Any) -> AsyncIterator[_Cluster]:
    """With definitions that agree; time goes on by `asyncio.sleep`."""
    schemas, client = {}, differently.pop("client", FakeClient())
    for body in build_definitions(REGISTRY):
        (version,), kind = body["spec"]["versions"], body["spec"]["names"]["kind"]
        identity = {"group": GROUP, "version": version["name"], "kind": kind}
        schemas[kind] = {**copy.deepcopy(version["schema"]["openAPIV3Schema"]), GROUP_VERSION_KIND: [identity]}
        client.put(CUSTOM_RESOURCE_DEFINITION, body)
    cluster = _Cluster(schemas, client, **differently)
    definitions = Definitions(Published(cluster), REGISTRY, cluster, LoopClock(), cluster.collected)
    task = asyncio.ensure_future(definitions.run())
    try:
        yield cluster
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@virtually
async def test_nothing_is_said_of_definitions_that_agree() -> None:
    with capture_logs() as lines:
        async with _watching() as cluster:
            await asyncio.sleep(2 * TELL_AGAIN_SECONDS)
    assert (lines, cluster.events(), cluster.metrics()) == ([], [], [])


@virtually
async def test_an_older_definition_is_told_of_with_what_is_lost_and_what_to_do() -> None:
    with capture_logs() as lines:
        async with _watching() as cluster:
            del cluster.spec_of("DatabaseRole")["memberships"]
            await asyncio.sleep(LOOK_SECONDS)
    (line,) = lines
    assert (line["log_level"], line["definition"], line["reason"]) == ("warning", ROLES, "DefinitionOlder")
    assert (
        f"{ROLES} is older than this operator: the API server drops what is written to spec.memberships"
        in line["message"]
    )
    assert "dbaas install, kubectl apply -k" in line["message"]
    assert cluster.events() == [(f"CustomResourceDefinition {ROLES}", "DefinitionOlder")]
    assert cluster.metrics() == [f'dbaas_definition_differences{{definition="{ROLES}",how="older"}} 1.0']


@virtually
async def test_a_newer_definition_is_told_of_and_says_that_the_operator_is_old() -> None:
    async with _watching() as cluster:
        cluster.spec_of("DatabaseRole")["quota"] = {"type": "object", "properties": {"rows": {"type": "integer"}}}
        await asyncio.sleep(LOOK_SECONDS)
    (event,) = cluster.client.events
    assert (event.type, event.reason) == ("Warning", "DefinitionNewer")
    assert "nothing is done about spec.quota; bring the operator up to date" in event.note


@virtually
async def test_a_missing_definition_is_counted_and_logged_and_no_more_when_it_is_back() -> None:
    with capture_logs() as lines:
        async with _watching() as cluster:
            cluster.changes += 1
            taken = cluster.schemas.pop("DatabaseRole")
            await asyncio.sleep(LOOK_SECONDS)
            assert cluster.metrics() == [f'dbaas_definition_differences{{definition="{ROLES}",how="missing"}} 1.0']
            cluster.schemas["DatabaseRole"] = taken
            cluster.changes += 1
            await asyncio.sleep(LOOK_SECONDS)
    assert [(line["event"], line.get("reason")) for line in lines] == [
        ("definition_differs", "DefinitionMissing"),
        ("definition_agrees", None),
    ]
    assert (cluster.metrics(), cluster.events()) == ([], [])


@virtually
async def test_what_stays_is_told_once_an_hour() -> None:
    async with _watching() as cluster:
        del cluster.spec_of("DatabaseRole")["memberships"]
        await asyncio.sleep(TELL_AGAIN_SECONDS - LOOK_SECONDS)
        assert len(cluster.events()) == 1
        await asyncio.sleep(3 * LOOK_SECONDS)
        assert len(cluster.events()) == 2


@virtually
async def test_who_stands_by_writes_no_events() -> None:
    async with _watching(leadership=_Standby()) as cluster:
        del cluster.spec_of("DatabaseRole")["memberships"]
        await asyncio.sleep(LOOK_SECONDS)
    assert (len(cluster.metrics()), cluster.events()) == (1, [])


@virtually
async def test_all_differences_are_told_where_no_definition_may_be_read() -> None:
    with capture_logs() as lines:
        async with _watching(client=_Forbidding()) as cluster:
            del cluster.spec_of("DatabaseRole")["memberships"]
            del cluster.spec_of("DatabaseUser")["username"]
            await asyncio.sleep(LOOK_SECONDS)
    assert [line["definition"] for line in lines if line["event"] == "definition_differs"] == [
        "databaseusers.dbaas.io",
        ROLES,
    ]


@virtually
async def test_an_api_that_is_away_is_told_once_and_asked_again() -> None:
    with capture_logs() as lines:
        async with _watching(is_away=True) as cluster:
            del cluster.spec_of("DatabaseRole")["memberships"]
            await asyncio.sleep(3 * LOOK_SECONDS)
            cluster.is_away = False
            await asyncio.sleep(LOOK_SECONDS)
    told = [line["event"] for line in lines if line["log_level"] != "debug"]
    assert told == ["definitions_not_compared", "definition_differs"]


def _schema(**spec: Any) -> dict[str, Any]:
    return {"properties": {"metadata": {}, "spec": {"type": "object", "properties": spec}}}


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ({"a": {}}, {"a": {}}, AGREES),
        ({"a": {}, "b": {}}, {"a": {}}, Difference(dropped=("spec.b",))),
        ({"a": {}}, {"a": {}, "b": {"properties": {"c": {}}}}, Difference(unknown=("spec.b",))),
        ({"a": {"properties": {"b": {}}}}, {"a": KEEPS}, Difference(unknown=("spec.a.**",))),
        ({"a": KEEPS}, {"a": {"type": "object"}}, Difference(dropped=("spec.a.**",))),
        ({"a": {"items": {"properties": {"b": {}}}}}, {"a": {"items": {}}}, Difference(dropped=("spec.a[].b",))),
        (
            {"a": {"additionalProperties": {"properties": {"b": {}}}}},
            {"a": {"additionalProperties": {"properties": {"c": {}}}}},
            Difference(dropped=("spec.a.*.b",), unknown=("spec.a.*.c",)),
        ),
    ],
)
def test_fields_are_compared_by_where_they_are(ours: dict[str, Any], theirs: dict[str, Any], found: Difference) -> None:
    assert compare(read_fields(_schema(**ours)), _schema(**theirs)) == found


def test_of_many_fields_some_are_named() -> None:
    ((_, message),) = Difference(dropped=tuple(f"spec.f{n}" for n in range(9))).messages("shops.example")
    assert "spec.f4 and 4 more, without" in message
