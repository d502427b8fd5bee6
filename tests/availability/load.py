"""Starts and ends the client that writes, and reads what it has noted so far."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from availability.ledger import Attempt, acknowledged, measure_takeover
from availability.writing import TABLE

Place = tuple[str, int]
"""A host and a port."""
TESTS = Path(__file__).parents[1]
END_SECONDS = 20.0
MAKE_TABLE = f"create table if not exists {TABLE} (way text, number bigint, primary key (way, number))"
EMPTY_TABLE = f"truncate {TABLE}"
READ_TABLE = f"select way, number from {TABLE}"


class Load:
    """A client at work; all that it has ever noted, in the order in which it did."""

    def __init__(self, process: subprocess.Popen[str], notes: IO[str]) -> None:
        self._process = process
        self._notes = notes
        self._attempts: list[Attempt] = []
        self._rest = ""
        self._has_ended = False

    @property
    def attempts(self) -> Sequence[Attempt]:
        if not self._has_ended:
            self._read()
        return self._attempts

    def _read(self) -> None:
        *lines, self._rest = (self._rest + self._notes.read()).split("\n")
        self._attempts += [Attempt(**json.loads(line)) for line in lines]

    def has_written(self, since: float) -> bool:
        """Whether a row was acknowledged that was sent later."""
        return any(each.began > since for each in reversed(acknowledged(self.attempts)))

    def find_takeover(self, since: float, former: str) -> float | None:
        """Seconds until another server than `former` has taken a row that was sent later."""
        return measure_takeover(self.attempts, since, former)

    def end(self) -> None:
        """No row is sent after this."""
        if self._has_ended:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(END_SECONDS) == 0
        self._read()
        self._has_ended = True


@contextmanager
def writing(ways: Mapping[str, Place], login: Mapping[str, Any]) -> Iterator[Load]:
    """By each of the ways. The table must be there."""
    with tempfile.NamedTemporaryFile("w") as notes, Path(notes.name).open() as reading:
        command = [sys.executable, "-m", "availability.writing"]
        with subprocess.Popen(command, cwd=TESTS, stdin=subprocess.PIPE, stdout=notes, text=True) as process:
            assert process.stdin is not None
            process.stdin.write(json.dumps({"ways": dict(ways), "login": dict(login)}) + "\n")
            process.stdin.flush()
            load = Load(process, reading)
            try:
                yield load
            finally:
                load.end()
