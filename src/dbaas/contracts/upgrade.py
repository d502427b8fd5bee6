"""How data of one major version becomes data of the next: commands that an engine has, and whoever runs it calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Upgrade:
    """How a folder that an older version has made becomes one of this version. Each command may be killed at any point.

    `check` changes nothing, and is asked while the program of the old version still serves. `command` fills the empty
    folder `$(CREATES)` from `$(OLD)` while nothing runs; `$(OLD_PROGRAMS)` is where the programs are that have made
    that. The old folder is kept until the program has served on the new one: till then `undo`, of the older version,
    makes `$(OLD)` usable again, and fails where it is too late; `$(NEW)`, if it is there, is what became of it. `after`
    is asked once, when the program serves; what it prints is for people. A command says in its last line why it fails.
    """

    check: tuple[str, ...]
    command: tuple[str, ...]
    undo: tuple[str, ...]
    after: tuple[str, ...]


def older_versions(known: Sequence[str], version: str) -> Sequence[str]:
    """Of versions that are listed newest first, those before this one; none where it is not among them."""
    return known[known.index(version) + 1 :] if version in known else ()
