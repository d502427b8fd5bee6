"""Tests of `runtime.operator`, with the whole runtime on virtual time: properties 27, 28 and 29."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from dbaas.api.core import EVENT
from dbaas.api.resource import Resource
from dbaas.contracts.reconcile import Condition, Controller, Outcome
from dbaas.contracts.rest import Selection
from dbaas.core.randomness import SeededRandomness
from dbaas.kube.verbs import RestClient
from dbaas.runtime.election import LeaseLost
from dbaas.runtime.fencing import LeaderTransport
from dbaas.runtime.manager import Manager
from dbaas.runtime.operator import Operator
from fixtures.electing import Contender, Hand
from fixtures.operating import WIDGET, operating, virtually
from fixtures.operating import Operator as Toy

FINE = Outcome([Condition("Ready", "True", "Fine")])


@dataclass
class Process:
    """One of several operators on the toy's API."""

    contender: Contender
    manager: Manager
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    runs: list[tuple[str, int]] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    seconds: float = 0.0

    async def reconcile(self, widget: Resource) -> Outcome:
        self.runs.append((widget.metadata.name, self.manager.leadership.transitions))
        await self.contender.clock.sleep(self.seconds)
        self.manager.client.event(widget, "Normal", "Turned", "as it should")
        return FINE

    async def ended(self) -> BaseException | None:
        assert self.task is not None
        return (await asyncio.gather(self.task, return_exceptions=True))[0]


@asynccontextmanager
async def _processes(toy: Toy, count: int) -> AsyncIterator[list[Process]]:
    await Hand(toy.server).bring()
    made: list[Process] = []
    for number in range(count):
        contender = Contender(toy.server, number + 1)
        contender.task.cancel()
        transport = LeaderTransport(contender.link, contender.elector)
        clock, chance = contender.clock, SeededRandomness(number)
        manager = Manager(RestClient(transport), clock, chance, leadership=contender.elector)
        process = Process(contender, manager)
        manager.add(Controller(WIDGET, process.reconcile))
        running = Operator(manager, contender.elector, clock).run(process.stop, drain_seconds=20)
        process.task = asyncio.get_running_loop().create_task(running)
        made.append(process)
        await toy.clock.sleep(10)
    try:
        yield made
    finally:
        for process in made:
            assert process.task is not None
            process.task.cancel()
            await process.ended()


@virtually
async def test_who_stands_by_keeps_its_cache_warm_and_takes_over_without_a_list() -> None:
    async with operating() as toy, _processes(toy, 2) as (leader, standby):
        await toy.make("one")
        await toy.clock.sleep(5)
        assert (leader.runs, standby.runs) == ([("one", 1)], [])
        assert standby.manager.unready() == []
        assert [widget.metadata.name for widget in await standby.manager.client.list(WIDGET)] == ["one"]
        assert all(len(queue) == 0 for _, _, queue in standby.manager.queues())
        assert {request.method for request in standby.contender.link.requests} == {"GET"}
        standby.contender.link.requests.clear()
        leader.stop.set()
        await leader.ended()
        await toy.clock.sleep(5)
        assert standby.runs == [("one", 2)]
        assert [r.path for r in standby.contender.link.requests if r.path.endswith("widgets")] == []


@virtually
async def test_keys_of_objects_that_came_and_went_do_not_pile_up_in_who_stands_by() -> None:
    async with operating() as toy, _processes(toy, 2) as (_, standby):
        for name in ("one", "two"):
            await toy.make(name)
            widget = await toy.read(name)
            await toy.clock.sleep(1)
            await toy.user.delete(WIDGET, widget.key)
        await toy.clock.sleep(1)
        assert [(len(queue), len(queue.timers)) for _, _, queue in standby.manager.queues()] == [(0, 0)]


@virtually
async def test_a_leader_that_leaves_keeps_the_lease_until_its_work_has_ended() -> None:
    async with operating() as toy, _processes(toy, 2) as (leader, standby):
        leader.seconds = 15
        await toy.make("one")
        await toy.clock.sleep(1)
        leader.stop.set()
        await toy.clock.sleep(13)
        assert leader.manager.unready() == ["stopping"]
        assert (leader.contender.leads, standby.runs) == (True, [])
        await leader.ended()
        assert toy.clock.monotonic() == pytest.approx(35, abs=0.5)
        assert (await toy.read("one")).status["phase"] == "Ready"
        assert [e.body()["reason"] for e in await toy.user.list(EVENT, Selection("default"))] == ["Turned"]
        record = await Hand(toy.server).read()
        assert record is not None
        assert record.is_released
        await toy.clock.sleep(5)
        assert standby.contender.leads


@virtually
async def test_a_leader_that_leaves_over_a_slow_link_is_not_told_that_it_has_lost() -> None:
    async with operating() as toy, _processes(toy, 1) as (leader,):
        leader.contender.link.state = "slow"
        leader.stop.set()
        assert await leader.ended() is None
        record = await Hand(toy.server).read()
        assert record is not None
        assert (leader.contender.alive, record.is_released) == (True, True)


@virtually
async def test_a_leader_that_loses_the_lease_is_cut_off_in_the_middle() -> None:
    async with operating() as toy, _processes(toy, 1) as (leader,):
        leader.seconds = 60
        await toy.make("one")
        await toy.clock.sleep(1)
        writes = len([r for r in leader.contender.link.requests if r.method != "GET" and "widgets" in r.path])
        leader.contender.link.state = "hung"
        assert isinstance(await leader.ended(), LeaseLost)
        assert not leader.contender.alive
        assert toy.clock.monotonic() <= 22
        assert len([r for r in leader.contender.link.requests if "widgets" in r.path and r.method != "GET"]) == writes


@virtually
async def test_a_worker_that_wakes_up_late_takes_nothing_more() -> None:
    async with operating() as toy, _processes(toy, 1) as (leader,):
        leader.contender.pause()
        await toy.clock.sleep(12)
        assert not leader.contender.elector.holds()
        await toy.make("one")
        await toy.clock.sleep(1)
        assert leader.runs == []
