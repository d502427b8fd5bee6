"""Keeps long-running loops alive: the one place that catches every exception.

A loop that dies silently is the worst failure of an operator: it looks healthy and does nothing. So each of them runs
under `supervise`, which logs what went wrong and starts it again after a pause that grows while it keeps failing.

A CancelledError that nobody asked for, because something that was awaited had been cancelled, counts as a failure: it
would end a loop without a word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from dbaas.core.clock import Clock

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


class Abandoned(Exception):
    """Something that was awaited had been cancelled, and who awaited it had not."""


async def supervise(name: str, loop: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Runs `loop` until it returns or is cancelled; after an error, again.

    The pause doubles from 0.5 s to 30 s and starts anew once a run has lasted longer than the longest pause.
    """
    pause = FIRST_PAUSE_SECONDS
    while True:
        began = clock.monotonic()
        error = await attempt(loop)
        if error is None:
            return
        log.error("loop_failed", loop=name, retry_seconds=pause, exc_info=error)
        if _is_cancelled():
            raise asyncio.CancelledError from error  # it failed while it was being ended
        if clock.monotonic() - began > LONGEST_PAUSE_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def attempt(action: Callable[[], Awaitable[None]]) -> Exception | None:
    """Runs one action of a loop and returns what it raised, for loops that must tell failures apart themselves.

    Cancellation passes through.
    """
    try:
        await action()
    except asyncio.CancelledError as error:
        if _is_cancelled():
            raise
        failure = Abandoned("what was waited for has been cancelled")
        failure.__cause__ = error
        return failure
    except Exception as error:  # noqa: BLE001 - see the module's docstring
        return error
    return None


def attempt_now(action: Callable[[], None]) -> Exception | None:
    """`attempt` for what does not wait: callbacks that must not take down who calls them."""
    try:
        action()
    except Exception as error:  # noqa: BLE001 - see the module's docstring
        return error
    return None


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
