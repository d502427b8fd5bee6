"""All loops together: what a restart finds half done is finished."""

from __future__ import annotations

import asyncio
from pathlib import Path

from dbaas.apiserver.server import ApiServer
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from fixtures.apiserver import send

CONFIGMAPS = "/api/v1/namespaces/team/configmaps"


async def open_server(path: Path) -> ApiServer:
    server = ApiServer(path, LoopClock(), SeededRandomness(1), InlineOffload())
    await server.start()
    return server


async def settle() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def test_deletions_that_a_stop_cut_short_are_finished_after_the_start(tmp_path: Path) -> None:
    server = await open_server(tmp_path / "store")
    await send(server, "POST", "/api/v1/namespaces", {"metadata": {"name": "team"}})
    _, owner = await send(server, "POST", CONFIGMAPS, {"metadata": {"name": "owner"}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    for number in range(5):
        body = {"metadata": {"name": f"child-{number}", "ownerReferences": [reference]}}
        await send(server, "POST", CONFIGMAPS, body)
    await send(server, "DELETE", f"{CONFIGMAPS}/owner")
    await send(server, "DELETE", "/api/v1/namespaces/team")
    await server.stop()
    again = await open_server(tmp_path / "store")
    await settle()
    assert (await send(again, "GET", "/api/v1/namespaces/team"))[0] == 404
    await again.stop()
