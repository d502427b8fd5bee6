"""Makes the shared fixtures known everywhere, tracebacks in logs plain, and long runs short."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
import structlog

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = [
    "fixtures.apiserver",
    "fixtures.control_plane",
    "fixtures.disks",
    "fixtures.engines",
    "fixtures.postgres",
    "fixtures.grounds",
    "fixtures.monitoring",
    "fixtures.exporting",
    "fixtures.replicas",
]

# Tests press Ctrl-C on programs that they start, which would pass on that whoever started the tests ignores it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# By default they are coloured boxes with all local variables, which take a third of a second each.
_plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _plain])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """What has been collected stays to the end: to look through all of it for garbage takes half a second each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """What a module has left open is told at its own end, not at that of whichever test runs when Python next looks."""
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path != item.path:
            gc.collect()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long tests first, so that no worker is alone with one at the end: each worker begins with its share of them.

    Tests of a module stay together, for what they set up once; those of the architecture do, since each worker that
    has one of them reads all sources.
    """
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    reading = [item for item in items if item.path.parent.name == "architecture"]
    long = [item for item in items if item.get_closest_marker("slow") and item not in reading]
    early = {*reading, *long}
    others = [item for item in items if item not in early]
    shares = [[*_share(long, number, workers), *_share(others, number, workers)] for number in range(workers)]
    items[:] = [*reading, *(item for share in shares for item in share)]


def _share(items: list[pytest.Item], number: int, workers: int) -> list[pytest.Item]:
    return items[number * len(items) // workers : (number + 1) * len(items) // workers]
