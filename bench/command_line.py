"""How long a command takes to start: `dbaas --help`, and `dbaas get` against a running laptop; median of ten."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence

from _laptop import DBAAS, ROOT, Laptop, empty_laptop, report, timed

ROUNDS = 10


def main() -> None:
    with empty_laptop() as laptop:
        laptop.dbaas("up", "-d")
        bare = _median([sys.executable, "-c", "pass"], laptop)
        for name, limit, command in (
            ("dbaas --help", "< 150 ms", [DBAAS, "--help"]),
            ("dbaas get", "< 300 ms", [DBAAS, "get", "databases"]),
        ):
            report(f"{name}, against a Python that does nothing", _median(command, laptop), bare, "ms", limit)


def _median(command: Sequence[str], laptop: Laptop) -> float:
    environment = {**os.environ, "DBAAS_HOME": str(laptop.home)}
    times = []
    for _ in range(ROUNDS):
        with timed() as seconds:
            subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)
        times.append(seconds[0] * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
