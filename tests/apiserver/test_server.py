"""The server as a whole: it starts, answers, stops, and what it answered is there again."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from conformance.kubernetes_api.conftest import DEFINITION, GROUP, widget
from dbaas.apiserver.server import ApiServer
from dbaas.apiserver.store import StorageError
from dbaas.contracts.transport import Request
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload, ThreadOffload
from dbaas.core.randomness import SeededRandomness
from fixtures.apiserver import send, send_raw

PATH = "/api/v1/namespaces/default/configmaps"
WIDGETS = f"/apis/{GROUP}/v1/namespaces/default/widgets"


async def open_server(path: Path | None, seed: int = 1) -> ApiServer:
    server = ApiServer(path, LoopClock(), SeededRandomness(seed), InlineOffload())
    await server.start()
    return server


async def test_objects_and_definitions_survive_a_restart(tmp_path: Path) -> None:
    server = await open_server(tmp_path / "store")
    await send(server, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITION)
    _, made = await send(server, "POST", WIDGETS, widget())
    _, before = await send(server, "GET", WIDGETS)
    await server.stop()
    again = await open_server(tmp_path / "store", seed=2)
    _, after = await send(again, "GET", WIDGETS)
    assert after == before
    _, changed = await send(again, "PUT", f"{WIDGETS}/one", {**made, "spec": {"size": 2}})
    assert int(changed["metadata"]["resourceVersion"]) > int(before["metadata"]["resourceVersion"])
    await again.stop()


async def test_a_watch_goes_on_after_a_restart_from_the_last_version(tmp_path: Path) -> None:
    server = await open_server(tmp_path / "store")
    await send(server, "POST", PATH, {"metadata": {"name": "a"}})
    _, listed = await send(server, "GET", PATH)
    await server.stop()
    again = await open_server(tmp_path / "store")
    version = listed["metadata"]["resourceVersion"]
    response = await again.request(Request("GET", PATH, {"watch": "true", "resourceVersion": version}))
    assert response.stream is not None
    await send(again, "POST", PATH, {"metadata": {"name": "b"}})
    event = orjson.loads(await anext(response.stream))
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "b")
    older = await again.request(Request("GET", PATH, {"watch": "true", "resourceVersion": str(int(version) - 1)}))
    assert older.stream is not None
    assert orjson.loads(await anext(older.stream))["object"]["code"] == 410
    await again.stop()


async def test_the_same_seed_makes_the_same_answers() -> None:
    answers = []
    for _ in range(2):
        server = await open_server(None, seed=3)
        _, made = await send(server, "POST", PATH, {"metadata": {"generateName": "x-"}})
        made["metadata"].pop("creationTimestamp")
        made["metadata"].pop("managedFields", None)
        answers.append(made)
        await server.stop()
    assert answers[0] == answers[1]


async def test_two_servers_cannot_have_one_file(tmp_path: Path) -> None:
    server = await open_server(tmp_path / "store")
    with pytest.raises(StorageError, match="another process has it open"):
        await open_server(tmp_path / "store")
    await server.stop()


async def test_a_server_that_does_not_run_is_unavailable() -> None:
    server = ApiServer(None, LoopClock(), SeededRandomness(1), InlineOffload())
    assert (await send(server, "GET", PATH))[0] == 503
    await server.start()
    await server.stop()
    assert (await send(server, "GET", PATH))[0] == 503


async def test_it_works_with_its_database_in_a_thread(tmp_path: Path) -> None:
    offload = ThreadOffload(1, "store")
    server = ApiServer(tmp_path / "store", LoopClock(), SeededRandomness(1), offload)
    await server.start()
    assert (await send(server, "POST", PATH, {"metadata": {"name": "a"}}))[0] == 201
    await server.stop()
    offload.close()


async def test_what_it_says_of_itself(server: ApiServer) -> None:
    _, root = await send(server, "GET", "/")
    assert "/openapi/v3" in root["paths"]
    assert (await send_raw(server, "GET", "/healthz")).body == b"ok"
    assert (await send_raw(server, "POST", "/healthz")).status == 404
    assert (await send_raw(server, "GET", "/openapi/v3/apis/nowhere/v1")).status == 404
