"""How long a person waits for `dbaas --help` (150 ms) and `dbaas get` (300 ms), beside a Python that does nothing."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable

from measuring import CLUSTER, DBAAS, laptop, report, stopwatch

RUNS = 15


def median_ms(action: Callable[[], object]) -> float:
    taken = []
    for _ in range(RUNS):
        with stopwatch() as seconds:
            action()
        taken.append(seconds[0] * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    bare = median_ms(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
    print(f"python -c pass: {bare:.0f} ms")
    helped = median_ms(lambda: subprocess.run([DBAAS, "--help"], check=True, capture_output=True))
    report("dbaas --help", helped, 150.0, "ms")
    with laptop() as here:
        here.run("up", "-d")
        here.run("apply", "-f", "-", "--wait", stdin=CLUSTER)
        report("dbaas get databaseclusters", median_ms(lambda: here.run("get", "databaseclusters")), 300.0, "ms")
