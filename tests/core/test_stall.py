"""Tests of `core.stall`: the loop's thread is blocked for real, as nothing else would show it."""

from __future__ import annotations

import threading
from contextlib import closing

from dbaas.core.clock import SystemClock
from dbaas.core.stall import StallWatch

LIMIT_SECONDS = 0.05


class Reports:
    """What was reported; `told` is set by each."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.seen: list[tuple[float, str]] = []

    def __call__(self, seconds: float, stack: str) -> None:
        self.seen.append((seconds, stack))
        self.told.set()


def block_the_loop(told: threading.Event, seconds: float) -> bool:
    return told.wait(seconds)


def test_a_loop_that_stands_still_is_reported_once_with_what_it_does() -> None:
    reports = Reports()
    with closing(StallWatch(LIMIT_SECONDS, SystemClock(), reports)) as watch:
        watch.start()
        assert block_the_loop(reports.told, 10)
        block_the_loop(threading.Event(), 4 * LIMIT_SECONDS)
    ((seconds, stack),) = reports.seen
    assert seconds > LIMIT_SECONDS
    assert "block_the_loop" in stack


def test_each_stall_is_reported() -> None:
    reports = Reports()
    with closing(StallWatch(LIMIT_SECONDS, SystemClock(), reports)) as watch:
        watch.start()
        for _ in range(2):
            assert block_the_loop(reports.told, 10)
            reports.told.clear()
            watch.beat()
    assert len(reports.seen) == 2


def test_a_loop_that_turns_is_not_reported() -> None:
    reports = Reports()
    with closing(StallWatch(10, SystemClock(), reports)) as watch:
        watch.start()
        assert not block_the_loop(reports.told, 0.1)
    assert reports.seen == []
