"""How a command ends: what its exit code means, and errors that know theirs.

0  done                          3  nothing runs there, or it cannot be reached
1  refused, or it failed         4  the time to wait was over
2  the command line is wrong     5  it is running already
"""

from __future__ import annotations

from enum import IntEnum

from dbaas.core.errors import DbaasError


class ExitCode(IntEnum):
    """Stable: scripts rely on them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    TIMED_OUT = 4
    ALREADY_RUNNING = 5
    INTERRUPTED = 130


class CommandError(DbaasError):
    """Ends the command with its message; `advice` says what to do, one line each."""

    reason = "CommandFailed"
    code = ExitCode.FAILED

    def __init__(self, message: str, *advice: str) -> None:
        super().__init__(message)
        self.advice = advice


class WrongUsage(CommandError):
    """The arguments make no sense together, or name what does not exist."""

    reason = "WrongUsage"
    code = ExitCode.USAGE


class NothingRuns(CommandError):
    """There is no server to talk to."""

    reason = "NothingRuns"
    code = ExitCode.UNREACHABLE


class WaitedTooLong(CommandError):
    """What was waited for did not happen in time."""

    reason = "TimedOut"
    code = ExitCode.TIMED_OUT


class Finished(CommandError):
    """Everything was said already: only the exit code remains."""

    reason = "Finished"

    def __init__(self, code: ExitCode) -> None:
        super().__init__("")
        self.code = code
