"""Where programs are installed on this machine that no package of ours brings."""

from __future__ import annotations

import shutil
from pathlib import Path

_USUAL_PLACES = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/opt/homebrew/bin"


def find_program(name: str) -> Path | None:
    """Also where a user's PATH does not lead; None where it is not installed."""
    found = shutil.which(name) or shutil.which(name, path=_USUAL_PLACES)
    return Path(found) if found else None
