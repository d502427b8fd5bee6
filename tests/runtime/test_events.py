"""Tests of `runtime.events`: property 31 of the runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dbaas.api.core import EVENT
from dbaas.api.resource import Kind
from dbaas.contracts.rest import Selection
from dbaas.core.randomness import SeededRandomness
from dbaas.runtime.events import (
    BURST,
    BURST_OF_REASON,
    MOST_WAITING,
    WRITES_AT_ONCE,
    WRITES_IN_A_CROWD,
    WRITES_PER_SECOND,
    EventRecorder,
)
from fixtures.faults import is_write
from fixtures.operating import Operator, operating, virtually
from fixtures.resources import gadget

CLUSTER_SCOPED = Kind("tests.dbaas.io", "v1", "Thing", "things", namespaced=False)


@asynccontextmanager
async def _recording(*, is_crowded: bool = False) -> AsyncIterator[tuple[Operator, EventRecorder]]:
    async with operating() as operator:
        recorder = EventRecorder(operator.rest, operator.clock, SeededRandomness(1), is_crowded=lambda: is_crowded)
        task = asyncio.create_task(recorder.run())
        try:
            yield operator, recorder
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _events(operator: Operator) -> list[dict[str, Any]]:
    return [event.body() for event in await operator.user.list(EVENT, Selection("default"))]


@virtually
async def test_an_event_says_who_what_why_and_when() -> None:
    async with _recording() as (operator, recorder):
        recorder.record(gadget("one", 7), "Warning", "Broken", "it does not turn")
        await recorder.flush()
        (event,) = await _events(operator)
        involved = event["involvedObject"]
        assert (involved["kind"], involved["name"], involved["uid"]) == ("Gadget", "one", "uid-one")
        assert (event["type"], event["reason"], event["message"]) == ("Warning", "Broken", "it does not turn")
        assert event["count"] == 1
        assert event["firstTimestamp"] == event["lastTimestamp"] == "2026-01-01T00:00:00Z"


@virtually
async def test_the_same_note_again_becomes_a_count() -> None:
    async with _recording() as (operator, recorder):
        for _ in range(3):
            recorder.record(gadget(), "Normal", "Turned", "once")
            await recorder.flush()
            await operator.clock.sleep(60)
        recorder.record(gadget(), "Normal", "Turned", "twice")
        await recorder.flush()
        events = {event["message"]: event for event in await _events(operator)}
        assert {message: event["count"] for message, event in events.items()} == {"once": 3, "twice": 1}
        assert events["once"]["lastTimestamp"] == "2026-01-01T00:02:00Z"


@virtually
async def test_what_repeats_before_it_is_written_is_written_once() -> None:
    async with _recording() as (operator, recorder):
        for _ in range(5):
            recorder.record(gadget(), "Normal", "Turned", "once")
        await recorder.flush()
        assert len(operator.faults.writes) == 1
        assert [event["count"] for event in await _events(operator)] == [5]


@virtually
async def test_the_same_note_much_later_is_a_new_event() -> None:
    async with _recording() as (operator, recorder):
        recorder.record(gadget(), "Normal", "Turned", "once")
        await recorder.flush()
        await operator.clock.sleep(601)
        recorder.record(gadget(), "Normal", "Turned", "once")
        await recorder.flush()
        assert [event["count"] for event in await _events(operator)] == [1, 1]


@virtually
async def test_one_object_cannot_flood_and_others_are_heard() -> None:
    async with _recording() as (operator, recorder):
        for number in range(100):
            recorder.record(gadget(), "Normal", "Turned", f"{number} times")
        recorder.record(gadget("two"), "Normal", "Turned", "once")
        await recorder.flush()
        assert len(await _events(operator)) == BURST + BURST_OF_REASON + 1
        assert recorder.dropped_total == 100 - BURST - BURST_OF_REASON


@virtually
async def test_what_happens_once_is_heard_beside_what_is_told_all_day() -> None:
    async with _recording() as (operator, recorder):
        for number in range(100):
            recorder.record(gadget(), "Normal", "Turned", f"{number} times")
        for _ in range(3):
            recorder.record(gadget(), "Warning", "Broken", "a wheel is off")
        await recorder.flush()
        [broken] = [event for event in await _events(operator) if event["reason"] == "Broken"]
        assert broken["count"] == 1


@virtually
async def test_too_many_at_once_are_dropped_and_counted() -> None:
    async with operating() as operator:
        recorder = EventRecorder(operator.rest, operator.clock, SeededRandomness(1))
        for number in range(MOST_WAITING + 5):
            recorder.record(gadget(f"g{number}"), "Normal", "Turned", "once")
        assert recorder.dropped_total == 5


@virtually
async def test_a_server_that_refuses_events_disturbs_nobody() -> None:
    async with _recording() as (operator, recorder):
        operator.faults.answer(403, "Forbidden", is_write)
        operator.faults.refuse(is_write)
        for name in ("one", "two", "three"):
            recorder.record(gadget(name), "Normal", "Turned", "once")
        await recorder.flush()
        assert recorder.dropped_total == 2
        assert len(await _events(operator)) == 1


@virtually
async def test_an_event_that_has_expired_is_made_anew() -> None:
    async with _recording() as (operator, recorder):
        recorder.record(gadget(), "Normal", "Turned", "once")
        await recorder.flush()
        (event,) = await operator.user.list(EVENT, Selection("default"))
        await operator.user.delete(EVENT, event.key)
        recorder.record(gadget(), "Normal", "Turned", "once")
        await recorder.flush()
        assert [event["count"] for event in await _events(operator)] == [2]


@virtually
async def test_long_notes_are_cut_and_cluster_scoped_objects_have_theirs_in_default() -> None:
    async with _recording() as (operator, recorder):
        recorder.record(gadget("x" * 253, kind=CLUSTER_SCOPED, namespace=""), "Normal", "Turned", "ä" * 2000)
        await recorder.flush()
        (event,) = await _events(operator)
        assert len(event["message"].encode()) <= 1024
        assert event["message"].endswith("…")


@pytest.mark.parametrize(("is_crowded", "per_second"), [(False, WRITES_PER_SECOND), (True, WRITES_IN_A_CROWD)])
@virtually
async def test_a_thousand_notes_are_written_at_a_pace_that_leaves_room_for_work(
    is_crowded: bool, per_second: float
) -> None:
    async with _recording(is_crowded=is_crowded) as (operator, recorder):
        for number in range(WRITES_AT_ONCE + 200):
            recorder.record(gadget(f"one-{number}"), "Normal", "Made", "new")
        await operator.clock.sleep(2)
        written = len(await _events(operator))
        assert WRITES_AT_ONCE + per_second < written <= WRITES_AT_ONCE + 2 * per_second + 1
        before = operator.clock.monotonic()
        await recorder.flush()  # at the end of the process nothing is to be waited for
        assert len(await _events(operator)) == WRITES_AT_ONCE + 200
        assert operator.clock.monotonic() - before <= 1 / per_second
