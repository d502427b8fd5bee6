"""Tests of `runtime.loop`: properties 10, 12, 13, 14, 16 and 23 of the runtime, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dbaas.api.core import EVENT
from dbaas.api.resource import FINALIZER, Key, Resource
from dbaas.contracts.reconcile import Condition, Conflict, Controller, Outcome, Refused, Waiting
from dbaas.contracts.rest import Selection
from dbaas.core.clock import LoopClock
from dbaas.core.errors import DbaasError
from dbaas.core.randomness import SeededRandomness
from dbaas.runtime.manager import Manager
from fixtures.faults import is_list, is_write
from fixtures.operating import PART, WIDGET, Operator, build_widget, operating, ready_condition, virtually

ONE = Key("default", "one")


def _fine(**more: Any) -> Outcome:
    return Outcome([Condition("Ready", "True", "Fine")], **more)


class Story:
    """A reconciler that answers what its steps say, one after the other; the last one for ever."""

    def __init__(self, operator: Operator | None, *steps: Outcome | Exception | Callable[[Resource], Outcome]) -> None:
        self.operator = operator
        self.times: list[float] = []
        self.seen: list[Resource] = []
        self._steps = list(steps)

    async def __call__(self, resource: Resource) -> Outcome:
        self.times.append(asyncio.get_running_loop().time())
        self.seen.append(resource)
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Outcome) else step(resource)


async def _events(operator: Operator) -> list[Mapping[str, Any]]:
    return [event.body() for event in await operator.user.list(EVENT, Selection("default"))]


@virtually
async def test_a_settled_object_is_reconciled_once_and_written_once() -> None:
    story = Story(None, _fine(status={"size": 1}))
    async with operating(Controller(WIDGET, story)) as operator:
        await operator.make("one")
        await operator.settle()
        assert (len(story.times), len(operator.faults.writes)) == (1, 1)


@virtually
async def test_a_second_start_with_settled_objects_writes_nothing() -> None:
    story = Story(None, _fine(status={"size": 1}))
    async with operating(Controller(WIDGET, story)) as operator:
        await operator.make("one")
        await operator.settle()
        status = (await operator.read("one")).body()
        await operator.manager.stop()
        second = Manager(operator.rest, operator.clock, SeededRandomness(2))
        second.add(Controller(WIDGET, story))
        task = asyncio.create_task(second.run())
        await operator.clock.sleep(60)
        assert (len(story.times), len(operator.faults.writes)) == (2, 1)
        assert (await operator.read("one")).body() == status
        task.cancel()


@virtually
async def test_neighbours_are_taken_together_when_all_are_looked_at_and_one_that_cannot_be_read_harms_nobody() -> None:
    order: list[str] = []

    async def note(resource: Resource) -> Outcome:
        order.append(resource.metadata.name)
        return _fine()

    def near(resource: Resource) -> str:
        if resource.metadata.name == "d-1":
            raise KeyError("place")
        return resource.metadata.name[-1]

    async with operating() as operator:
        for name in ("a-2", "b-1", "c-2", "d-1", "e-1"):
            await operator.make(name)
        operator.start(Controller(WIDGET, note, near=near, workers=1))
        assert not operator.manager.is_idle
        await operator.settle()
        assert order == ["d-1", "b-1", "e-1", "a-2", "c-2"]


@virtually
async def test_nothing_is_reconciled_before_all_sources_have_synced() -> None:
    story = Story(None, _fine())
    async with operating() as operator:
        await operator.make("one")
        operator.faults.answer(503, "Unavailable", lambda r: is_list(r) and "parts" in r.path, times=5)
        operator.start(Controller(WIDGET, story, owns=[PART]))
        await operator.clock.sleep(3)
        assert story.times == []
        assert operator.manager.unready() == ["parts.tests.dbaas.io not synced"]
        await operator.settle()
        assert len(story.times) == 1


@virtually
async def test_a_change_of_the_spec_is_seen_and_stated() -> None:
    story = Story(None, lambda resource: _fine(status={"size": resource.spec.get("size")}))
    async with operating(Controller(WIDGET, story)) as operator:
        await operator.make("one", size=1)
        await operator.settle()
        await operator.change("one", size=2)
        await operator.settle()
        status = (await operator.read("one")).status
        assert (status["size"], status["observedGeneration"]) == (2, 2)


@virtually
async def test_a_child_that_changes_wakes_its_owner() -> None:
    story = Story(None, _fine())
    async with operating(Controller(WIDGET, story, owns=[PART])) as operator:
        widget = await operator.make("one")
        owner = {"apiVersion": WIDGET.api_version, "kind": "Widget", "name": "one", "uid": widget.metadata.uid}
        part = build_widget("part", PART)
        part["metadata"]["ownerReferences"] = [owner | {"controller": True}]
        await operator.user.create(PART, part)
        await operator.settle()
        before = len(story.times)
        await operator.change("part", PART, size=2)
        await operator.settle()
        await operator.user.delete(PART, Key("default", "part"))
        await operator.settle()
        assert len(story.times) == before + 2


class _BusyClock(LoopClock):
    """Each reconcile takes a millisecond in which nothing else can run."""

    spent = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.spent


@virtually
async def test_a_resync_of_many_objects_lets_others_run() -> None:
    async with operating() as operator:
        clock = _BusyClock()
        manager = Manager(operator.rest, clock, SeededRandomness(1))
        starts: list[float] = []

        async def reconcile(resource: Resource) -> Outcome:
            starts.append(clock.monotonic())
            clock.spent += 0.001
            return _fine()

        manager.add(Controller(WIDGET, reconcile))
        for number in range(100):
            await operator.make(f"w{number}")
        running = asyncio.create_task(manager.run())
        await clock.sleep(1)
        starts.clear()
        for number in range(100):
            manager.enqueue(WIDGET, Key("default", f"w{number}"), low_priority=True)
        turns = 0
        while len(starts) < 100:
            turns += 1
            await asyncio.sleep(0)
        assert turns >= 15
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@virtually
async def test_errors_are_shown_and_retried_ever_later_and_forgotten_after_success() -> None:
    story = Story(None, *[DbaasError("cannot turn: stuck", reason="Stuck")] * 6, _fine())
    async with operating(Controller(WIDGET, story)) as operator:
        await operator.make("one")
        await operator.clock.sleep(0.001)
        assert ready_condition(await operator.read("one"))["reason"] == "Stuck"
        await operator.settle()
        assert ready_condition(await operator.read("one"))["status"] == "True"
        pauses = [after - before for before, after in zip(story.times, story.times[1:], strict=False)]
        assert all(pause <= 0.5 * 2**n + 1e-6 for n, pause in enumerate(pauses))
        assert [(event["reason"], event["count"]) for event in await _events(operator)] == [("Stuck", 1)]


@virtually
async def test_an_error_of_one_object_does_not_hold_up_others() -> None:
    async def reconcile(resource: Resource) -> Outcome:
        if resource.metadata.name == "bad":
            raise RuntimeError("always")
        return _fine()

    async with operating(Controller(WIDGET, reconcile, workers=1)) as operator:
        for name in ("bad", "one", "two"):
            await operator.make(name)
        await operator.clock.sleep(0.01)
        for name in ("one", "two"):
            assert ready_condition(await operator.read(name))["status"] == "True"
        assert ready_condition(await operator.read("bad"))["message"] == "unexpected error: RuntimeError"


@virtually
async def test_no_worker_is_lost_to_what_a_reconciler_raises_or_answers() -> None:
    """With one worker, whoever loses it holds up everybody."""
    runs: list[str] = []

    async def reconcile(resource: Resource) -> Outcome:
        runs.append(resource.metadata.name)
        if resource.metadata.name == "one" and operator.clock.monotonic() < 20:
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future
        if resource.metadata.name == "two" and operator.clock.monotonic() < 20:
            return _fine(requeue_after="soon")
        return _fine()

    async with operating(Controller(WIDGET, reconcile, workers=1)) as operator:
        for name in ("one", "two", "three"):
            await operator.make(name)
        await operator.clock.sleep(1)
        assert ready_condition(await operator.read("one"))["message"] == "unexpected error: Abandoned"
        assert ready_condition(await operator.read("three"))["status"] == "True"
        await operator.settle()
        for name in ("one", "two"):
            assert ready_condition(await operator.read(name))["status"] == "True"
        assert runs.count("two") > 1, "its key was lost"


@virtually
async def test_a_reconcile_that_hangs_is_cancelled_and_tried_again() -> None:
    cancelled: list[str] = []

    async def reconcile(resource: Resource) -> Outcome:
        if cancelled:
            return _fine()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(resource.metadata.name)
        raise AssertionError("never reached")

    async with operating(Controller(WIDGET, reconcile, timeout_seconds=30)) as operator:
        await operator.make("one")
        await operator.clock.sleep(30.001)
        assert ready_condition(await operator.read("one"))["reason"] == "ReconcileTimeout"
        await operator.settle()
        assert ready_condition(await operator.read("one"))["status"] == "True"


@virtually
async def test_waiting_backs_off_without_an_event_or_an_error() -> None:
    story = Story(None, *[Waiting("NoServer", "not there yet")] * 4, _fine())
    async with operating(Controller(WIDGET, story)) as operator:
        await operator.make("one")
        await operator.settle()
        assert len(story.times) == 5
        assert await _events(operator) == []


@virtually
async def test_what_is_refused_waits_for_a_change() -> None:
    story = Story(None, Refused("TooBig", "9 is too big"), _fine())
    async with operating(Controller(WIDGET, story)) as operator:
        await operator.make("one", size=9)
        await operator.clock.sleep(3000)
        assert len(story.times) == 1
        conditions = {c["type"]: c["status"] for c in (await operator.read("one")).status["conditions"]}
        assert conditions == {"Ready": "False", "Stalled": "True"}
        assert [event["reason"] for event in await _events(operator)] == ["TooBig"]
        await operator.change("one", size=1)
        await operator.settle()
        conditions = {c["type"]: c["status"] for c in (await operator.read("one")).status["conditions"]}
        assert conditions == {"Ready": "True"}


@virtually
async def test_a_conflict_is_tried_again_soon_and_leaves_no_trace() -> None:
    story = Story(None, Conflict("moved on"), Conflict("moved on"), _fine())
    async with operating(Controller(WIDGET, story)) as operator:
        await operator.make("one")
        await operator.clock.sleep(1)
        assert len(story.times) == 3
        assert len(operator.faults.writes) == 1


@virtually
async def test_a_wished_return_comes_a_little_late_and_without_writes() -> None:
    story = Story(None, _fine(requeue_after=100))
    async with operating(Controller(WIDGET, story)) as operator:
        await operator.make("one")
        await operator.clock.sleep(1000)
        pauses = [after - before for before, after in zip(story.times, story.times[1:], strict=False)]
        assert len(pauses) == 9
        assert all(100 <= pause <= 110.1 for pause in pauses)
        assert len(set(pauses)) > 5
        assert len(operator.faults.writes) == 1


@virtually
async def test_a_paused_object_is_left_alone_until_it_is_not() -> None:
    story = Story(None, _fine())
    async with operating(Controller(WIDGET, story)) as operator:
        body = build_widget("one")
        body["metadata"]["annotations"] = {"dbaas.io/paused": "true"}
        await operator.user.create(WIDGET, body)
        await operator.settle()
        await operator.change("one", size=2)
        await operator.settle()
        assert story.times == []
        assert (await operator.read("one")).status["phase"] == "Paused"
        assert len(operator.faults.writes) == 1
        await operator.user.patch(WIDGET, ONE, {"metadata": {"annotations": {"dbaas.io/paused": None}}})
        await operator.settle()
        assert (await operator.read("one")).status["phase"] == "Ready"


@virtually
async def test_the_same_object_is_never_reconciled_twice_at_once_and_others_are() -> None:
    at_once: dict[str, int] = {}
    most: dict[str, int] = {}
    together = [0]

    async def reconcile(resource: Resource) -> Outcome:
        name = resource.metadata.name
        at_once[name] = at_once.get(name, 0) + 1
        most[name] = max(most.get(name, 0), at_once[name])
        together[0] = max(together[0], sum(at_once.values()))
        await operator.clock.sleep(1)
        at_once[name] -= 1
        return _fine()

    async with operating(Controller(WIDGET, reconcile, workers=4)) as operator:
        for name in ("a", "b", "c", "d", "e", "f"):
            await operator.make(name)
        for size in range(5):
            await operator.change("a", size=size)
            await operator.clock.sleep(0.3)
        await operator.settle()
        assert set(most.values()) == {1}
        assert together[0] == 4


@virtually
async def test_a_deletion_runs_to_its_end_and_then_nothing_comes_any_more() -> None:
    async def reconcile(resource: Resource) -> Outcome:
        runs.append(resource.metadata.is_deleting)
        client, version = operator.manager.client, resource.metadata.resourceVersion
        if resource.metadata.is_deleting:
            await client.patch(WIDGET, ONE, {"metadata": {"finalizers": []}}, version=version)
            return Outcome(gone=True)
        if FINALIZER not in resource.metadata.finalizers:
            await client.patch(WIDGET, ONE, {"metadata": {"finalizers": [FINALIZER]}}, version=version)
        return _fine()

    runs: list[bool] = []
    async with operating(Controller(WIDGET, reconcile)) as operator:
        await operator.make("one")
        await operator.settle()
        assert runs == [False]
        await operator.user.delete(WIDGET, ONE)
        await operator.settle()
        assert runs == [False, True]
        assert await operator.user.list(WIDGET) == []


@pytest.mark.parametrize("code", [409, 500, 503])
def test_a_status_that_cannot_be_written_is_written_later(code: int) -> None:
    @virtually
    async def story() -> None:
        async with operating(Controller(WIDGET, Story(None, _fine()))) as operator:
            operator.faults.answer(code, "Injected", is_write, times=3)
            await operator.make("one")
            await operator.settle()
            assert ready_condition(await operator.read("one"))["status"] == "True"

    story()


@virtually
async def test_an_unreachable_api_in_the_middle_heals_by_itself() -> None:
    story = Story(None, lambda resource: _fine(status={"size": resource.spec.get("size")}))
    async with operating(Controller(WIDGET, story)) as operator:
        await operator.make("one", size=1)
        await operator.settle()
        operator.faults.refuse(lambda _: True, times=5)
        operator.faults.close_streams()
        await operator.change("one", size=2)
        await operator.settle()
        assert (await operator.read("one")).status["size"] == 2
