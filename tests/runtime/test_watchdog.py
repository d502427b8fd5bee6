"""Tests of `runtime.watchdog`: property 30 of the runtime."""

from __future__ import annotations

import asyncio
import threading

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from dbaas.core.clock import LoopClock, SystemClock
from dbaas.runtime.watchdog import REMEMBERED_BEATS, Watchdog


async def test_a_loop_that_is_blocked_is_logged_with_its_stack_and_counted() -> None:
    registry = CollectorRegistry()
    watchdog = Watchdog(SystemClock(), registry)
    with capture_logs() as logs:
        task = asyncio.create_task(watchdog.run())
        await asyncio.sleep(0)
        block_for(1.6)
        async with asyncio.timeout(10):
            while not registry.get_sample_value("dbaas_loop_lag_seconds_count"):
                await SystemClock().sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    (entry,) = [entry for entry in logs if entry["event"] == "loop_stalled"]
    assert "block_for" in entry["stack"]
    assert entry["seconds"] >= 1
    assert registry.get_sample_value("dbaas_loop_stalls_total") == 1
    late = registry.get_sample_value("dbaas_loop_lag_seconds_count")
    in_time = registry.get_sample_value("dbaas_loop_lag_seconds_bucket", {"le": "1.0"})
    assert late is not None
    assert in_time is not None
    assert late - in_time == 1


def block_for(seconds: float) -> None:
    threading.Event().wait(seconds)


def test_a_loop_that_is_late_again_and_again_is_unhealthy_until_it_is_not() -> None:
    watchdog = Watchdog(LoopClock(), CollectorRegistry())
    for _ in range(REMEMBERED_BEATS - 1):
        watchdog.note_lag(3.0)
    assert watchdog.unhealthy() == []
    watchdog.note_lag(2.0)
    assert watchdog.unhealthy() == ["the event loop lags: by 2.0 s or more at each of 60 beats"]
    watchdog.note_lag(0.001)
    assert watchdog.unhealthy() == []
