"""How the loops take their work and write."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from dbaas.apiserver.kinds import builtin_resources
from dbaas.apiserver.lifecycle.access import Access, LifecycleError, Worklist, path_of
from dbaas.apiserver.resources import Catalogue
from dbaas.apiserver.store import Change, Database, Entry, Store
from dbaas.apiserver.store.database import MEMORY
from dbaas.contracts.transport import Request, Response
from dbaas.core.offload import InlineOffload


async def test_a_key_is_worked_on_once_however_often_it_was_added() -> None:
    work, done = Worklist(), []
    for key in ("a", "b", "a"):
        work.add("things", key)

    async def step(collection: str, key: str) -> None:
        done.append(key)

    task = asyncio.create_task(work.run(step))
    await asyncio.sleep(0)
    work.add("things", "a")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    assert done == ["a", "b", "a"]


async def test_a_key_whose_step_fails_comes_again_after_the_others() -> None:
    work, seen = Worklist(), []
    work.add("things", "bad")
    work.add("things", "good")

    async def step(collection: str, key: str) -> None:
        seen.append(key)
        if seen.count("bad") == 1 and key == "bad":
            raise LifecycleError("not now")

    with pytest.raises(LifecycleError):
        await work.run(step)
    task = asyncio.create_task(work.run(step))
    await asyncio.sleep(0)
    task.cancel()
    assert seen == ["bad", "good", "bad"]


class Answering:
    """A transport that answers with one status."""

    def __init__(self, status: int) -> None:
        self.status = status

    async def request(self, request: Request) -> Response:
        return Response(self.status, orjson.dumps({"message": "because"}))


@pytest.mark.parametrize(("status", "made"), [(201, True), (404, False), (409, False)])
async def test_losing_a_race_is_no_error(status: int, made: bool) -> None:
    access = Access(Answering(status), Store(Database(MEMORY), InlineOffload()), Catalogue())
    assert await access.create("/api/v1/namespaces", {}) is made


async def test_another_refusal_is_one() -> None:
    access = Access(Answering(500), Store(Database(MEMORY), InlineOffload()), Catalogue())
    with pytest.raises(LifecycleError, match="cannot post '/api/v1/namespaces': because"):
        await access.create("/api/v1/namespaces", {})


@pytest.mark.parametrize("way", ["delete", "merge", "replace"])
async def test_who_lost_a_race_goes_on_when_what_was_faster_can_be_read(way: str) -> None:
    """Else the same is tried again and again, and the loop never comes to commit what was faster."""
    store = Store(Database(MEMORY), InlineOffload())
    await store.open()
    resource = next(each for each in builtin_resources() if each.collection == "secrets")
    before, after = (Entry.read("ns/a", version, b'"metadata":{"name":"a"}}') for version in (1, 2))
    await store.submit(Change("secrets", None, before))
    store.submit(Change("secrets", before, after))
    access = Access(Answering(409), store, Catalogue())
    arguments = {"delete": [], "merge": [{}], "replace": [{}, "status"]}[way]
    await getattr(access, way)(resource, before, *arguments)
    assert store.collection("secrets").get("ns/a") == after
    await store.close()


def test_paths_have_the_namespace_where_there_is_one() -> None:
    by_name = {resource.collection: resource for resource in builtin_resources()}
    body = b'"metadata":{"name":"x"}}'
    assert path_of(by_name["secrets"], Entry.read("ns/a", 1, body)) == "/api/v1/namespaces/ns/secrets/a"
    assert path_of(by_name["namespaces"], Entry.read("a", 1, body)) == "/api/v1/namespaces/a"
    assert path_of(by_name["jobs.batch"], Entry.read("ns/a", 1, body)) == "/apis/batch/v1/namespaces/ns/jobs/a"
