"""Tests of `runtime.health`: property 30 of the runtime."""

from __future__ import annotations

import asyncio

from prometheus_client import CollectorRegistry

from dbaas.api.resource import Resource
from dbaas.apiserver.server import ApiServer
from dbaas.contracts.reconcile import Condition, Controller, Outcome
from dbaas.contracts.transport import Request, Response
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from dbaas.kube.verbs import RestClient
from dbaas.runtime.health import Health, LeaderMetrics
from dbaas.runtime.manager import STUCK_SECONDS, Manager
from fixtures.electing import Contender, Hand
from fixtures.operating import WIDGET, operating, virtually


def test_what_is_wrong_with_any_part_is_wrong_with_the_whole() -> None:
    health = Health([list, lambda: ["it lags"], lambda: ["it is stuck"]], [list, list])
    assert health.unhealthy() == ["it lags", "it is stuck"]
    assert health.unready() == []


@virtually
async def test_everybody_tells_who_leads_and_in_which_turn() -> None:
    server = ApiServer(None, LoopClock(), SeededRandomness(1), InlineOffload())
    await server.start()
    await Hand(server).bring()
    registry = CollectorRegistry()
    names = []
    for number in (1, 2):
        contender = Contender(server, number)
        names.append({"name": contender.name})
        registry.register(LeaderMetrics(contender.elector, contender.name))
        await LoopClock().sleep(5)
    assert [registry.get_sample_value("leader_election_master_status", name) for name in names] == [1, 0]
    assert [registry.get_sample_value("dbaas_lease_transitions_total", name) for name in names] == [1, 1]
    await server.stop()


async def _fine(_: Resource) -> Outcome:
    return Outcome([Condition("Ready", "True", "Fine")])


@virtually
async def test_an_api_that_is_away_for_long_is_no_reason_to_restart_and_none_to_be_unready() -> None:
    async with operating(Controller(WIDGET, _fine)) as toy:
        await toy.settle()
        toy.faults.refuse(lambda _: True, times=100_000)
        toy.faults.close_streams()
        await toy.clock.sleep(2 * STUCK_SECONDS)
        assert (toy.manager.unhealthy(), toy.manager.unready()) == ([], [])


class _Abyss:
    """Requests go in and never end, not even when they are cancelled, until `drained`."""

    def __init__(self) -> None:
        self.drained = asyncio.Event()

    async def request(self, request: Request) -> Response:
        while not self.drained.is_set():
            try:
                await self.drained.wait()
            except asyncio.CancelledError:
                continue
        raise asyncio.CancelledError


@virtually
async def test_a_watch_that_no_longer_turns_is_a_reason_to_restart() -> None:
    abyss = _Abyss()
    clock = LoopClock()
    manager = Manager(RestClient(abyss), clock, SeededRandomness(1))
    manager.add(Controller(WIDGET, _fine))
    task = asyncio.get_running_loop().create_task(manager.run())
    await clock.sleep(STUCK_SECONDS - 1)
    assert manager.unhealthy() == []
    await clock.sleep(2)
    assert manager.unhealthy() == [f"the watch of {WIDGET.resource} is stuck"]
    assert manager.unready() == [f"{WIDGET.resource} not synced"]
    abyss.drained.set()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
