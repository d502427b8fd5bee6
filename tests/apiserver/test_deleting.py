"""Admission of deletions, and deletions that meet writers."""

from __future__ import annotations

import asyncio

from dbaas.apiserver.server import ApiServer
from dbaas.contracts.admission import Review, Verdict, Violation
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from fixtures.apiserver import send

PATH = "/api/v1/namespaces/default/configmaps"


class Protection:
    """Refuses every deletion."""

    async def review(self, review: Review) -> Verdict:
        return Verdict([Violation("", "it is protected")] if review.operation == "DELETE" else [])


async def test_admission_can_keep_an_object() -> None:
    server = ApiServer(None, LoopClock(), SeededRandomness(1), InlineOffload(), Protection())
    await server.start()
    await send(server, "POST", PATH, {"metadata": {"name": "one"}})
    status, refused = await send(server, "DELETE", f"{PATH}/one")
    assert status == 422
    assert refused["message"].endswith("it is protected")
    assert (await send(server, "DELETE", PATH))[0] == 422
    assert (await send(server, "GET", f"{PATH}/one"))[0] == 200
    await server.stop()


async def test_of_many_deletions_one_answers_with_success(server: ApiServer) -> None:
    await send(server, "POST", PATH, {"metadata": {"name": "one"}})
    answers = await asyncio.gather(*(send(server, "DELETE", f"{PATH}/one") for _ in range(5)))
    assert sorted(status for status, _ in answers) == [200, 404, 404, 404, 404]


async def test_an_object_that_is_gone_can_be_made_in_the_same_tick(server: ApiServer) -> None:
    await send(server, "POST", PATH, {"metadata": {"name": "one"}, "data": {"a": "1"}})
    deleted, made = await asyncio.gather(
        send(server, "DELETE", f"{PATH}/one"), send(server, "POST", PATH, {"metadata": {"name": "one"}})
    )
    assert (deleted[0], made[0]) == (200, 201)
    _, stored = await send(server, "GET", f"{PATH}/one")
    assert "data" not in stored


async def test_nothing_keeps_the_initial_namespaces_from_being_kept(server: ApiServer) -> None:
    for name in ("default", "kube-system", "kube-public"):
        assert (await send(server, "DELETE", f"/api/v1/namespaces/{name}"))[0] == 403
