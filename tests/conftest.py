"""Makes the shared fixtures known everywhere."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = [
    "fixtures.apiserver",
    "fixtures.control_plane",
    "fixtures.disks",
    "fixtures.engines",
    "fixtures.postgres",
]
