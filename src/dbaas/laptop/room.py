"""Whether the disk of a folder has any room left: a server on a full one refuses what is written, and soon ends."""

from __future__ import annotations

import shutil
from pathlib import Path

LEAST_BYTES = 1024 * 1024
FULL = "DiskFull"
"""The reason of a process' `Ready`."""


NO_ROOM = "No space left on device"
"""What programs say of it, as the C library has it."""


def explain_full_disk(folder: Path) -> str:
    """Empty where there is room, or nothing can be said."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    return "" if free >= LEAST_BYTES else f"the disk of {folder} is full: make room on it"
