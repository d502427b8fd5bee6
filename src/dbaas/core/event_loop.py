"""The event loop of processes that live long: uvloop where it is installed, else asyncio's own.

Why: it takes about a tenth off the processor time of an API server under load. Commands that live for a moment and
everything in tests and simulations run on asyncio's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

T = TypeVar("T")
Factory = Callable[[], asyncio.AbstractEventLoop]


def run(main: Coroutine[Any, Any, T], library: str = "uvloop") -> T:
    """As `asyncio.run`. `library` has a `new_event_loop`, and may be missing: not every platform has one."""
    with asyncio.Runner(loop_factory=_find_factory(library)) as runner:
        return runner.run(main)


def _find_factory(library: str) -> Factory | None:
    if find_spec(library) is None:
        return None
    factory: Factory = import_module(library).new_event_loop
    return factory
