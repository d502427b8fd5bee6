"""Rules that take long hold up nobody else, and say the same as rules that do not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dbaas.apiserver.server import ApiServer
from dbaas.core.clock import SystemClock
from dbaas.core.offload import ThreadOffload
from dbaas.core.randomness import SeededRandomness
from fixtures.apiserver import send

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PATH = "/apis/example.com/v1/namespaces/default/slows"
LENGTH = 300
PAIRS = "self.l.all(a, self.l.all(b, a + b >= 0))"
MANY_ANSWERS = 20


def definition(rules: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = {"type": "array", "maxItems": LENGTH, "items": {"type": "integer"}}
    spec = {"type": "object", "properties": {"l": numbers}, "x-kubernetes-validations": rules}
    root = {"type": "object", "properties": {"spec": spec}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": root}}
    names = {"plural": "slows", "kind": "Slow"}
    given = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": "slows.example.com"}, "spec": given}


def slow(name: str, length: int = LENGTH, last: int = 0) -> dict[str, Any]:
    spec = {"l": [0] * (length - 1) + [last]}
    return {"apiVersion": "example.com/v1", "kind": "Slow", "metadata": {"name": name}, "spec": spec}


@pytest.fixture
async def threaded() -> AsyncIterator[ApiServer]:
    offload = ThreadOffload(2, "validating")
    server = ApiServer(None, SystemClock(), SeededRandomness(1), offload)
    await server.start()
    yield server
    await server.stop()
    offload.close()


async def serve(server: ApiServer, rules: list[dict[str, Any]]) -> None:
    status, answer = await send(server, "POST", DEFINITIONS, definition(rules))
    assert status == 201, answer


@pytest.mark.slow
async def test_others_are_answered_while_rules_take_long(threaded: ApiServer) -> None:
    await serve(threaded, [{"rule": PAIRS}] * 4)
    began = time.monotonic()
    writing = asyncio.create_task(send(threaded, "POST", PATH, slow("one")))
    answered = 0
    while not writing.done():
        status, _ = await send(threaded, "GET", "/api/v1/namespaces/default")
        answered += status == 200
        await asyncio.sleep(0)
    assert (await writing)[0] == 201
    assert answered > MANY_ANSWERS, f"of one that took {time.monotonic() - began:.1f} s"


async def test_what_takes_long_is_refused_as_what_does_not(threaded: ApiServer) -> None:
    await serve(threaded, [{"rule": PAIRS, "message": "no two may be less than nothing"}])
    for length in (2, LENGTH):
        status, answer = await send(threaded, "POST", PATH, slow("one", length, last=-1))
        causes = [(each["field"], each["message"]) for each in answer["details"]["causes"]]
        assert (status, causes) == (422, [("spec", "Invalid value: no two may be less than nothing")])


async def test_who_is_checked_for_long_still_meets_who_wrote_meanwhile(threaded: ApiServer) -> None:
    await serve(threaded, [{"rule": PAIRS}])
    await send(threaded, "POST", PATH, slow("one", 1))
    _, stored = await send(threaded, "GET", f"{PATH}/one")
    late = {**stored, "spec": slow("one")["spec"]}
    writing = asyncio.create_task(send(threaded, "PUT", f"{PATH}/one", late))
    await asyncio.sleep(0)
    status, _ = await send(threaded, "PUT", f"{PATH}/one", {**stored, "spec": {"l": [7]}})
    assert status == 200
    assert (await writing)[0] == 409
