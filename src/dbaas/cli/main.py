"""The entry point. It imports nothing itself, so that Ctrl-C ends quietly even while the rest is being imported."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def run() -> None:
    """What the script `dbaas` calls."""
    try:
        from dbaas.cli.interrupts import leave_at_once

        leave_at_once()
        from dbaas.cli.application import execute

        code = execute(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)
