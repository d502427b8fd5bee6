"""How long a command takes to start: `dbaas --help`, and `dbaas get` against a running laptop; the best of ten."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from _laptop import DBAAS, ROOT, Laptop, empty_laptop, report, timed

ROUNDS = 10


def main() -> None:
    with empty_laptop() as laptop:
        laptop.dbaas("up", "-d")
        bare = [sys.executable, "-c", "pass"]
        helped, listed = [DBAAS, "--help"], [DBAAS, "get", "databases"]
        # In turns, so that a busy moment of the machine strikes all alike.
        rounds = [[_milliseconds(command, laptop) for command in (bare, helped, listed)] for _ in range(ROUNDS)]
    nothing, first, second = (min(times) for times in zip(*rounds, strict=True))
    report("dbaas --help, against a Python that does nothing", first, nothing, "ms", "< 150 ms")
    report("dbaas get, against a Python that does nothing", second, nothing, "ms", "< 300 ms")


def _milliseconds(command: Sequence[str], laptop: Laptop) -> float:
    environment = {**os.environ, "DBAAS_HOME": str(laptop.home)}
    with timed() as seconds:
        subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)
    return seconds[0] * 1000


if __name__ == "__main__":
    main()
