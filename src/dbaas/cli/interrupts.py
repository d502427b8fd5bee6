"""What Ctrl-C does: while modules are being imported it ends the process at once, afterwards the command may clean up.

An exception in the middle of an import is not an option: some extension modules crash when theirs is cut short.
"""

from __future__ import annotations

import os
import signal

from dbaas.cli.main import INTERRUPTED


def leave_at_once() -> None:
    """For now there is nothing to clean up. Where the signal is ignored it stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def clean_up_first() -> None:
    """From now on Ctrl-C is a KeyboardInterrupt, or what the event loop makes of it."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, frame: object) -> None:
    os._exit(INTERRUPTED)
