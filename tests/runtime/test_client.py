"""Tests of `runtime.client`: properties 7, 8, 9, 20 and 24 of the runtime."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dbaas.api.core import SECRET
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import AlreadyExists, WriteConflict
from dbaas.contracts.reconcile import Condition, Conflict, Controller, Outcome, Watch, token_of
from dbaas.contracts.transport import Response
from fixtures.operating import PART, WIDGET, Operator, build_widget, operating, virtually

ONE = Key("default", "one")


async def _idle(_: Resource) -> Outcome:
    return Outcome([Condition("Ready", "True", "Fine")])


def _controller() -> Controller:
    return Controller(WIDGET, _idle, owns=(PART,), watches=(Watch(SECRET, lambda _: ()),))


def _sent(operator: Operator, method: str) -> int:
    return sum(request.method == method for request in operator.faults.requests)


@virtually
async def test_reads_of_watched_kinds_cost_no_request() -> None:
    async with operating(_controller()) as operator:
        await operator.make("one")
        await operator.settle()
        before = len(operator.faults.requests)
        client = operator.manager.client
        assert await client.get(WIDGET, ONE) is not None
        assert len(await client.list(WIDGET, namespace="default")) == 1
        assert await client.get(WIDGET, Key("default", "nobody")) is None
        assert len(operator.faults.requests) == before
        assert await client.get(WIDGET, ONE, fresh=True) is not None
        assert len(await client.list(WIDGET, fresh=True)) == 1
        assert len(operator.faults.requests) == before + 2


@virtually
async def test_reads_before_the_caches_have_synced_go_to_the_server() -> None:
    async with operating() as operator:
        await operator.make("one", PART)
        operator.manager.add(_controller())
        assert await operator.manager.client.get(PART, ONE) is not None
        assert len(await operator.manager.client.list(PART, namespace="default")) == 1


@virtually
async def test_a_list_by_token_waits_until_the_cache_has_synced_and_reads_nothing_itself() -> None:
    async with operating() as operator:
        await operator.make("one", PART)
        client = operator.manager.client
        operator.start(Controller(PART, _idle))
        listed = asyncio.get_running_loop().create_task(client.list(PART, token=token_of(PART, ONE)))
        await operator.settle()
        assert [found.key for found in await listed] == [ONE]
        lists = [r for r in operator.faults.requests if r.path.endswith(PART.plural) and "watch" not in r.query]
        assert len(lists) == 1, "that of the cache itself"


@virtually
async def test_what_was_written_can_be_read_even_while_the_watch_is_dead() -> None:
    async with operating(_controller()) as operator:
        await operator.settle()
        operator.faults.mute_streams()
        client = operator.manager.client
        made = await client.create(PART, build_widget("one", PART, size=1))
        assert await client.get(PART, ONE) == made
        changed = await client.patch(PART, ONE, {"spec": {"size": 2}})
        assert await client.get(PART, ONE) == changed
        await client.delete(PART, ONE, uid=made.metadata.uid)
        assert await client.get(PART, ONE) is None


@virtually
async def test_only_the_metadata_of_secrets_is_kept_and_reads_get_them_whole() -> None:
    async with operating(_controller()) as operator:
        await operator.settle()
        body = build_widget("one", SECRET) | {"data": {"password": "aHVudGVyMg=="}}
        del body["spec"]
        await operator.manager.client.apply(SECRET, body)
        await operator.settle()
        found = await operator.manager.client.get(SECRET, ONE)
        assert found is not None
        assert found.body()["data"] == {"password": "aHVudGVyMg=="}
        cached = next(cache for cache, _ in operator.manager.reflectors() if cache.kind == SECRET).get(ONE)
        assert cached is not None
        assert b"aHVudGVyMg" not in cached.raw


@virtually
async def test_a_secret_that_is_known_is_read_from_the_memory_of_the_server() -> None:
    async with operating(_controller()) as operator:
        made = await _make_secret(operator)
        read, client = operator.faults.requests, operator.manager.client
        assert await client.get(SECRET, ONE) is not None
        assert read[-1].query == {"resourceVersion": made.metadata.resourceVersion}
        assert await client.get(SECRET, ONE, fresh=True) is not None
        assert await client.get(SECRET, Key("default", "nobody")) is None
        assert [dict(each.query) for each in read[-2:]] == [{}, {}]


@virtually
async def test_an_answer_older_than_the_cache_is_refused_and_asked_for_again() -> None:
    async with operating(_controller()) as operator:
        made = await _make_secret(operator)
        stale = Response(200, made.raw)
        for change in (operator.user.patch(SECRET, ONE, {"data": {"a": "Yg=="}}), operator.user.delete(SECRET, ONE)):
            await change
            await operator.settle()
            operator.faults.replace(stale, lambda request: request.path.endswith("/secrets/one"))
            with pytest.raises(Conflict, match="older than what is known"):
                await operator.manager.client.get(SECRET, ONE)
        assert await operator.manager.client.get(SECRET, ONE) is None


@virtually
async def test_an_apply_that_changes_nothing_is_not_sent() -> None:
    async with operating(_controller()) as operator:
        await operator.settle()
        client = operator.manager.client
        first = await client.apply(PART, build_widget("one", PART, size=1))
        again = await client.apply(PART, build_widget("one", PART, size=1))
        assert first == again
        assert _sent(operator, "PATCH") == 1


@virtually
async def test_after_a_restart_an_apply_that_changes_nothing_is_not_sent_either() -> None:
    async with operating() as operator:
        await operator.rest.apply(PART, build_widget("one", PART, size=1, more=[1, 2]), force=True)
        operator.start(_controller())
        await operator.settle()
        await operator.manager.client.apply(PART, build_widget("one", PART, size=1, more=[1, 2]))
        assert _sent(operator, "PATCH") == 1


@pytest.mark.parametrize(
    "spec", [{"size": 2}, {"size": 1, "more": 3}, {"more": 3}], ids=["changed", "added", "removed"]
)
def test_an_apply_that_changes_something_is_sent(spec: dict[str, Any]) -> None:
    @virtually
    async def story() -> None:
        async with operating(_controller()) as operator:
            await operator.settle()
            client = operator.manager.client
            await client.apply(PART, build_widget("one", PART, size=1))
            changed = await client.apply(PART, build_widget("one", PART, **spec))
            assert changed.spec == spec

    story()


@virtually
async def test_an_apply_puts_right_what_somebody_changed() -> None:
    async with operating(_controller()) as operator:
        await operator.settle()
        client = operator.manager.client
        await client.apply(PART, build_widget("one", PART, size=1))
        await operator.change("one", PART, size=7)
        await operator.settle()
        assert (await client.apply(PART, build_widget("one", PART, size=1))).spec == {"size": 1}


@virtually
async def test_a_patch_with_a_version_fails_where_the_object_has_moved_on() -> None:
    async with operating(_controller()) as operator:
        client = operator.manager.client
        made = await client.create(PART, build_widget("one", PART))
        version = made.metadata.resourceVersion
        finalizers = {"metadata": {"finalizers": ["tests.dbaas.io/hold"]}}
        await client.patch(PART, ONE, finalizers, version=version)
        with pytest.raises(WriteConflict):
            await client.patch(PART, ONE, {"metadata": {"finalizers": []}}, version=version)


@virtually
async def test_creating_what_exists_is_its_own_error() -> None:
    async with operating(_controller()) as operator:
        await operator.make("one", PART)
        with pytest.raises(AlreadyExists):
            await operator.manager.client.create(PART, build_widget("one", PART))


@virtually
async def test_deleting_what_is_gone_or_has_been_made_anew_is_no_error_and_harms_nobody() -> None:
    async with operating(_controller()) as operator:
        client = operator.manager.client
        old = await operator.make("one", PART)
        await client.delete(PART, ONE, uid=old.metadata.uid)
        await client.delete(PART, ONE, uid=old.metadata.uid)
        new = await operator.make("one", PART)
        await client.delete(PART, ONE, uid=old.metadata.uid)
        assert (await operator.read("one", PART)).metadata.uid == new.metadata.uid


@virtually
async def test_a_deleted_object_that_a_finalizer_holds_stays_readable_as_deleting() -> None:
    async with operating(_controller()) as operator:
        await operator.settle()
        client = operator.manager.client
        body = build_widget("one", PART)
        body["metadata"]["finalizers"] = ["tests.dbaas.io/hold"]
        made = await client.create(PART, body)
        await client.delete(PART, ONE, uid=made.metadata.uid)
        held = await client.get(PART, ONE)
        assert held is not None
        assert held.metadata.is_deleting
        await client.patch(PART, ONE, {"metadata": {"finalizers": None}})
        await operator.settle()
        assert await client.get(PART, ONE) is None


@virtually
async def test_unwatched_kinds_are_read_from_the_server_in_pages() -> None:
    async with operating() as operator:
        await asyncio.gather(*(operator.make(f"w{number:03}") for number in range(1, 620)))
        found = await operator.manager.client.list(WIDGET, namespace="default")
        assert [resource.metadata.name for resource in found] == [f"w{number:03}" for number in range(1, 620)]


async def _make_secret(operator: Operator) -> Resource:
    body = build_widget("one", SECRET)
    del body["spec"]
    made = await operator.user.create(SECRET, body)
    await operator.settle()
    return made
