"""Who else is on the way out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from controllers.make import database, instance, make, with_conditions
from dbaas.api.core import NAMESPACE
from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.reconcile import Waiting
from dbaas.controllers.holding import ON_SERVERS
from dbaas.controllers.managed.kinds import Subject, read_subject
from dbaas.controllers.managed.leaving import PATIENCE, TOGETHER, Leaving
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.servers import Server, read_server
from dbaas.controllers.tokens import lives_on
from dbaas.core.clock import LoopClock, format_time
from fixtures.clients import FakeClient
from fixtures.operating import virtually
from fixtures.registries import granite_registry

GONE = {"finalizers": ["dbaas.io/finalizer"]}
NOT_READY = Waiting("InstanceNotReady", "it is away")


def subject(resource: Resource) -> Subject:
    return read_subject(MANAGED[resource.kind], resource)


def server(**metadata: Any) -> Server:
    return read_server(instance(spec={"engine": "granite"}, **metadata), granite_registry())


def populate(*residents: Resource) -> FakeClient:
    client = FakeClient()
    client.provides = {kind: lambda each: [lives_on(Key("default", "main"))] for kind in ON_SERVERS}
    for resident in residents:
        client.put(resident.kind, resident.body())
    return client


def user(**metadata: Any) -> Resource:
    return make(DATABASE_USER, "app", {"instanceRef": {"name": "main"}}, **metadata)


@virtually
async def test_only_others_of_another_kind_can_be_in_the_way() -> None:
    client = populate(database(**GONE), user(**GONE))
    leaving = Leaving(client, LoopClock())
    assert not await leaving.others_are_leaving(subject(user()), server())
    client.mark_deleted(DATABASE, Key("default", "shop"))
    assert await leaving.others_are_leaving(subject(user()), server())
    assert not await leaving.others_are_leaving(subject(database()), server())


@virtually
async def test_who_was_to_go_long_ago_is_stuck_and_not_waited_for() -> None:
    clock = LoopClock()
    client = populate(database(**GONE, deletionTimestamp=format_time(clock.now() - TOGETHER)), user(**GONE))
    assert not await Leaving(client, clock).others_are_leaving(subject(user()), server())


@virtually
async def test_the_last_kind_on_a_server_that_goes_has_nothing_in_its_way() -> None:
    going = {"deletionTimestamp": "2026-01-01T00:00:00Z", **GONE}
    alone, together = populate(user()), populate(user(), database())
    assert await Leaving(alone, LoopClock()).is_last_on_going(subject(user()), server(**going))
    assert not await Leaving(alone, LoopClock()).is_last_on_going(subject(user()), server())
    assert not await Leaving(together, LoopClock()).is_last_on_going(subject(user()), server(**going))


@pytest.mark.parametrize("published", [False, True])
async def test_only_a_server_of_a_cluster_goes_down_with_its_namespace(published: bool) -> None:
    client = FakeClient()
    client.put(DATABASE_INSTANCE, instance(spec={"clusterRef": {"name": "main"}} if published else {}).body())
    client.put(NAMESPACE, {"metadata": {"name": "default", "finalizers": ["kubernetes"]}})
    leaving = Leaving(client, LoopClock())
    assert not await leaving.goes_with_server(subject(database()))
    client.mark_deleted(NAMESPACE, Key("", "default"))
    assert await leaving.goes_with_server(subject(database())) == published


@virtually
async def test_patience_begins_when_both_the_deletion_and_the_absence_have_begun() -> None:
    clock = LoopClock()
    now = clock.now()
    deleted = database(deletionTimestamp=format_time(now - timedelta(minutes=8)), **GONE)
    client = FakeClient()
    leaving = Leaving(client, clock)
    assert await leaving.remaining(subject(deleted), NOT_READY) == timedelta(minutes=2)
    away = with_conditions(("Connected", "False", "Unreachable"))
    away["conditions"][0]["lastTransitionTime"] = format_time(now - timedelta(minutes=3))
    client.put(DATABASE_INSTANCE, instance(status=away).body())
    assert await leaving.remaining(subject(deleted), NOT_READY) == timedelta(minutes=7)


@virtually
async def test_a_server_that_was_there_a_moment_ago_is_waited_for_anew() -> None:
    client = FakeClient()
    client.put(DATABASE_INSTANCE, instance(status=with_conditions(("Connected", "True", "Connected"))).body())
    deleted = database(deletionTimestamp="2020-01-01T00:00:00Z", **GONE)
    leaving = Leaving(client, LoopClock())
    assert await leaving.remaining(subject(deleted), NOT_READY) == PATIENCE
    assert await leaving.remaining(subject(deleted), Waiting("DatabaseNotFound", "")) < timedelta(0)
