"""Events are forgotten after an hour."""

from __future__ import annotations

import asyncio

from dbaas.apiserver.server import ApiServer
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import run_virtually
from fixtures.apiserver import send

EVENTS = "/api/v1/namespaces/default/events"
MINUTE = 60.0


async def forget_events() -> list[set[str]]:
    clock = LoopClock()
    server = ApiServer(None, clock, SeededRandomness(1), InlineOffload())
    await server.start()
    seen = []

    async def make(name: str) -> None:
        await send(server, "POST", EVENTS, {"metadata": {"name": name}, "involvedObject": {"namespace": "default"}})

    async def look() -> None:
        _, listed = await send(server, "GET", EVENTS)
        seen.append({item["metadata"]["name"] for item in listed["items"]})

    await make("old")
    await make("renewed")
    await clock.sleep(40 * MINUTE)
    patch = {"message": "again"}
    await send(server, "PATCH", f"{EVENTS}/renewed", patch, "application/merge-patch+json")
    await make("new")
    await look()
    await clock.sleep(22 * MINUTE)
    await look()
    await clock.sleep(60 * MINUTE)
    await look()
    await server.stop()
    await asyncio.sleep(0)
    return seen


def test_events_go_an_hour_after_they_were_last_written() -> None:
    assert run_virtually(forget_events()) == [{"old", "renewed", "new"}, {"renewed", "new"}, set()]
