"""How a process is asked to end: the first signal asks for an orderly end, the second ends it at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def on_stop_signal(stop: Callable[[], None], numbers: Sequence[signal.Signals] = STOPPING) -> None:
    """Calls `stop` at the first of these signals, on the running loop.

    From then on they do what they do to every program, without the event loop: a process that cannot end in order, or
    whose loop no longer turns, still ends at the second.
    """
    loop = asyncio.get_running_loop()

    def first() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stop()

    for number in numbers:
        loop.add_signal_handler(number, first)
