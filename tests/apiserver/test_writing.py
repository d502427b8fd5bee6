"""Admission, and writers that meet each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from dbaas.apiserver.server import ApiServer
from dbaas.contracts.admission import Review, Verdict, Violation
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from fixtures.apiserver import send, send_raw

PATH = "/api/v1/namespaces/default/configmaps"
MERGE = "application/merge-patch+json"


@dataclass
class Gate:
    """Admission that records what it was asked, and answers or acts as it is told."""

    reviews: list[Review] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def review(self, review: Review) -> Verdict:
        self.reviews.append(review)
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            await act()
        return self.verdict


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def guarded(gate: Gate) -> Any:
    server = ApiServer(None, LoopClock(), SeededRandomness(1), InlineOffload(), gate)
    await server.start()
    gate.reviews.clear()
    yield server
    await server.stop()


def configmap(**data: str) -> dict[str, Any]:
    return {"metadata": {"name": "one"}, "data": data}


async def test_admission_is_asked_before_each_write_with_old_and_new(guarded: ApiServer, gate: Gate) -> None:
    await send(guarded, "POST", PATH, configmap(a="1"))
    await send(guarded, "PATCH", f"{PATH}/one", {"data": {"a": "2"}}, MERGE, dryRun="All")
    await send(guarded, "DELETE", f"{PATH}/one")
    created, updated, deleted = gate.reviews
    assert (created.operation, created.kind, created.old) == ("CREATE", "ConfigMap", None)
    assert created.new is not None
    assert created.new["metadata"]["uid"]
    assert (updated.operation, updated.dry_run) == ("UPDATE", True)
    assert updated.old is not None
    assert updated.new is not None
    assert (updated.old["data"], updated.new["data"]) == ({"a": "1"}, {"a": "2"})
    assert (deleted.operation, deleted.new) == ("DELETE", None)


async def test_violations_refuse_all_at_once_and_nothing_is_stored(guarded: ApiServer, gate: Gate) -> None:
    gate.verdict = Verdict([Violation("data.a", "no"), Violation("data.b", "never", "FieldValueForbidden")])
    status, refused = await send(guarded, "POST", PATH, configmap(a="1"))
    assert status == 422
    assert refused["message"] == 'ConfigMap "one" is invalid: [data.a: no, data.b: never]'
    assert [cause["reason"] for cause in refused["details"]["causes"]] == ["FieldValueInvalid", "FieldValueForbidden"]
    assert (await send(guarded, "GET", f"{PATH}/one"))[0] == 404


async def test_warnings_of_admission_are_passed_on(guarded: ApiServer, gate: Gate) -> None:
    gate.verdict = Verdict(warnings=["mind", "mind", 'the "gap"'])
    response = await send_raw(guarded, "POST", PATH, configmap())
    assert response.status == 201
    assert response.headers["warning"] == '299 - "mind", 299 - "the \\"gap\\""'


async def test_admission_is_not_asked_what_the_schema_refuses(guarded: ApiServer, gate: Gate) -> None:
    status, _ = await send(guarded, "POST", PATH, {"metadata": {"name": "Not Valid"}})
    assert status == 422
    assert gate.reviews == []


async def test_a_patch_that_was_overtaken_is_made_again_on_the_newer_object(guarded: ApiServer, gate: Gate) -> None:
    await send(guarded, "POST", PATH, configmap(a="1"))
    gate.meanwhile = lambda: send(guarded, "PATCH", f"{PATH}/one", {"data": {"b": "2"}}, MERGE)
    status, patched = await send(guarded, "PATCH", f"{PATH}/one", {"data": {"c": "3"}}, MERGE)
    assert status == 200
    assert patched["data"] == {"a": "1", "b": "2", "c": "3"}


async def test_a_replace_that_was_overtaken_conflicts(guarded: ApiServer, gate: Gate) -> None:
    _, made = await send(guarded, "POST", PATH, configmap(a="1"))
    gate.meanwhile = lambda: send(guarded, "PATCH", f"{PATH}/one", {"data": {"b": "2"}}, MERGE)
    status, _ = await send(guarded, "PUT", f"{PATH}/one", {**made, "data": {"c": "3"}})
    assert status == 409


async def test_a_creation_that_was_overtaken_conflicts(guarded: ApiServer, gate: Gate) -> None:
    gate.meanwhile = lambda: send(guarded, "POST", PATH, configmap(a="1"))
    status, refused = await send(guarded, "POST", PATH, configmap(a="2"))
    assert (status, refused["reason"]) == (409, "AlreadyExists")


async def test_of_many_writers_of_one_version_one_wins(server: ApiServer) -> None:
    _, made = await send(server, "POST", PATH, configmap())
    writes = [send(server, "PUT", f"{PATH}/one", {**made, "data": {"n": str(number)}}) for number in range(20)]
    statuses = [status for status, _ in await asyncio.gather(*writes)]
    assert sorted(statuses) == [200] + [409] * 19


async def test_no_update_of_many_patches_is_lost(server: ApiServer) -> None:
    await send(server, "POST", PATH, configmap())
    patches = [send(server, "PATCH", f"{PATH}/one", {"data": {f"k{n}": "x"}}, MERGE) for n in range(20)]
    assert {status for status, _ in await asyncio.gather(*patches)} == {200}
    _, stored = await send(server, "GET", f"{PATH}/one")
    assert len(stored["data"]) == 20


async def test_a_number_that_becomes_a_truth_value_is_a_change(server: ApiServer) -> None:
    free = {"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    names = {"kind": "Gadget", "plural": "gadgets", "singular": "gadget"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": free}}
    definition = {
        "metadata": {"name": "gadgets.tests.dbaas.io"},
        "spec": {"group": "tests.dbaas.io", "scope": "Cluster", "names": names, "versions": [version]},
    }
    await send(server, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    path = "/apis/tests.dbaas.io/v1/gadgets"
    gadget = {"apiVersion": "tests.dbaas.io/v1", "kind": "Gadget", "metadata": {"name": "one"}, "spec": {"on": 1}}
    _, made = await send(server, "POST", path, gadget)
    _, changed = await send(server, "PATCH", f"{path}/one", {"spec": {"on": True}}, MERGE)
    assert changed["spec"]["on"] is True
    assert changed["metadata"]["generation"] == made["metadata"]["generation"] + 1
    assert (await send(server, "GET", f"{path}/one"))[1]["spec"]["on"] is True
