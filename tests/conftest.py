"""Makes the shared fixtures known everywhere, and tracebacks in logs plain."""

from __future__ import annotations

import sys
from pathlib import Path

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
]

# By default they are coloured boxes with all local variables, which take a third of a second each.
_plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _plain])
