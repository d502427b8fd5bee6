"""Lists whose past is forgotten."""

from __future__ import annotations

from dbaas.apiserver.server import ApiServer
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from fixtures.apiserver import send

PATH = "/api/v1/namespaces/default/configmaps"


async def open_short() -> ApiServer:
    """A server that remembers three changes."""
    server = ApiServer(None, LoopClock(), SeededRandomness(1), InlineOffload(), None, 3)
    await server.start()
    for name in "abcd":
        await send(server, "POST", PATH, {"metadata": {"name": name}})
    return server


async def test_a_list_that_has_expired_can_go_on_inconsistently() -> None:
    server = await open_short()
    _, first = await send(server, "GET", PATH, limit="2")
    for name in "efgh":
        await send(server, "POST", PATH, {"metadata": {"name": name}})
    status, expired = await send(server, "GET", PATH, limit="2", **{"continue": first["metadata"]["continue"]})
    assert (status, expired["reason"]) == (410, "Expired")
    token = expired["metadata"]["continue"]
    status, rest = await send(server, "GET", PATH, **{"continue": token})
    assert status == 200
    assert [item["metadata"]["name"] for item in rest["items"]] == list("cdefgh")
    await server.stop()


async def test_a_past_that_is_forgotten_cannot_be_listed() -> None:
    server = await open_short()
    status, gone = await send(server, "GET", PATH, resourceVersion="2", resourceVersionMatch="Exact")
    assert (status, gone["reason"]) == (410, "Expired")
    await server.stop()


async def test_a_token_of_another_making_is_refused(server: ApiServer) -> None:
    for token in ("x", "e30", "eyJydiI6ImEiLCJzdGFydCI6IiJ9"):
        assert (await send(server, "GET", PATH, **{"continue": token}))[0] == 400
