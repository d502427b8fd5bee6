"""What the benchmarks share: a laptop of their own in a folder of their own, and how a figure is printed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

DBAAS = str(Path(sys.executable).with_name("dbaas"))
CLUSTER = """
apiVersion: dbaas.io/v1
kind: DatabaseCluster
metadata: {name: main}
spec:
  engine: {type: postgresql, version: "18"}
  clusterSize: 1
"""


class Laptop:
    """One `dbaas up` with its own home; every command is run as a user would run it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._env = {**os.environ, "DBAAS_HOME": str(home), "NO_COLOR": "1"}

    def run(self, *words: str, stdin: str | None = None) -> str:
        """What the command prints. Raises SystemExit with its errors where it fails."""
        done = subprocess.run([DBAAS, *words], input=stdin, capture_output=True, text=True, env=self._env, timeout=600)
        if done.returncode:
            sys.exit(f"dbaas {' '.join(words)} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
        return done.stdout

    def control_plane(self) -> psutil.Process:
        """The process that is the control plane of this home."""
        for process in psutil.process_iter(["cmdline", "environ"]):
            words = process.info["cmdline"] or []
            if "up" in words and (process.info["environ"] or {}).get("DBAAS_HOME") == str(self.home):
                return process
        sys.exit("no control plane runs")


@contextmanager
def laptop(parent: str | None = None) -> Iterator[Laptop]:
    """A fresh home below `parent` (a memory-backed folder, or the machine's temporary one); stopped and removed."""
    home = Path(tempfile.mkdtemp(prefix="dbaas-bench-", dir=parent))
    home.chmod(0o711)  # the servers' user passes through
    place = Laptop(home)
    try:
        yield place
    finally:
        subprocess.run([DBAAS, "down"], env=place._env, capture_output=True, timeout=120)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def stopwatch() -> Iterator[list[float]]:
    """Its list holds the seconds when the block has ended."""
    taken: list[float] = []
    began = time.perf_counter()
    yield taken
    taken.append(time.perf_counter() - began)


def report(what: str, measured: float, limit: float, unit: str) -> bool:
    """One line: figure, limit, and their ratio; below 1 is within the limit."""
    ratio = measured / limit
    print(
        f"{what:<52} {measured:9.3f} {unit:<4} limit {limit:9.3f}  ratio {ratio:5.2f}  {'ok' if ratio <= 1 else 'OVER'}"
    )
    return ratio <= 1
