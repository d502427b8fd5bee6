"""How data of one major version becomes data of the next: commands that an engine has, and whoever runs it calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UPGRADE_FAILED = "UpgradeFailed"
"""The reason why what holds data of an older version is refused, which cannot be upgraded as it is."""


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


def explain_failure(why: str) -> str:
    """What people are told of data that could not be upgraded."""
    return f"the data stays as it was, because it cannot be upgraded: {why}"


def explain_no_image(version: str, before: str) -> str:
    """What to write so that a container can upgrade data of the version before to that version."""
    return (
        f"an upgrade from version {before} needs an image with the programs of both versions: name one in spec.images "
        f"of the DatabaseEngine, with version {version!r} and upgradesFrom: [{{version: {before!r}, programs: the "
        "folder in the image with them}]"
    )


def find_served(status: Mapping[str, Any]) -> str:
    """The major version that a cluster's server said it is of, when it was asked last; empty before."""
    return str(status.get("currentVersion") or "").partition(".")[0]


def older_versions(known: Sequence[str], version: str) -> Sequence[str]:
    """Of versions that are listed newest first, those before this one; none where it is not among them."""
    return known[known.index(version) + 1 :] if version in known else ()
