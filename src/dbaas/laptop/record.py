"""What the agent knows of one process, in a file beside its data: it survives us and the object.

Written before the program runs, so that a later run of ours finds every program that an earlier one has started.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from dbaas.core.process import ProcessIdentity


class RecordedExit(msgspec.Struct, frozen=True):
    """How the program ended; `at` is RFC 3339."""

    at: str
    message: str
    code: int | None = None
    signal: str = ""


class Record(msgspec.Struct, frozen=True):
    """`pid` 0: nothing runs. `runs` is the digest of what the program was started with, `loaded` of what it has read.

    `left`: the process that it was about is gone, and its data is still there.
    `proven`: it has been ready on these ports, from then on they are kept. `asked_to_stop`: its end is no crash.
    """

    pid: int = 0
    born: str = ""
    started_at: str = ""
    runs: str = ""
    loaded: str = ""
    asked_to_stop: bool = False
    stop_signal: str = "SIGTERM"
    stop_timeout_seconds: float = 60.0
    leash: str = ""
    left: bool = False
    ports: dict[str, int] = {}
    proven: bool = False
    restarts: int = 0
    last_exit: RecordedExit | None = None
    files: list[str] = []

    @property
    def identity(self) -> ProcessIdentity | None:
        return ProcessIdentity(self.pid, self.born) if self.pid else None

    def ended(self, how: RecordedExit) -> Record:
        return msgspec.structs.replace(self, pid=0, born="", asked_to_stop=False, last_exit=how)

    def orphaned(self) -> Record:
        """What remains for a later object of the same name that finds the data again.

        It takes the ports if they are free; its clients learn of others by what it publishes.
        """
        return Record(ports=self.ports, files=self.files, left=True)


def load_record(path: Path) -> Record:
    """An empty one where there is none, or where it cannot be read (a power failure; then nothing runs)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (FileNotFoundError, msgspec.DecodeError):
        return Record()


def save_record(path: Path, record: Record) -> None:
    """Replaced as a whole; 0600, because digests of secrets are in it."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_bytes(msgspec.json.encode(record))
    fresh.replace(path)


def recorded(processes: Path) -> Iterator[tuple[Path, Record]]:
    """All records of a home, with their files, in order of name."""
    for path in sorted(processes.glob("*/record.json")):
        yield path, load_record(path)
