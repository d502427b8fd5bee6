"""A cluster of three that replicate: how soon it serves in an empty home, and what Patroni costs beside PostgreSQL.

Against one instance, in a home of its own in the same run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import psutil

from _laptop import CLUSTER, Laptop, empty_laptop, report, timed

THREE = CLUSTER.replace("clusterSize: 1", "clusterSize: 3, topology: {synchronous: {mode: quorum}}")
NAMES = ("main", "main-2", "main-3")
QUIET_SECONDS = 20.0
MEBIBYTE = 1024 * 1024


def main() -> None:
    with empty_laptop() as laptop, timed() as alone:
        _start(laptop, CLUSTER)
    with empty_laptop() as laptop:
        with timed() as together:
            _start(laptop, THREE)
        report("empty home until three instances are Ready, against one", together[0], alone[0], "s", "< 30 s")
        patroni = [psutil.Process(_status(laptop, name)["pid"]) for name in NAMES]
        heads = [psutil.Process(_read_pid(laptop, name)) for name in NAMES]
        servers = [each for head in heads for each in (head, *head.children(recursive=True))]
        time.sleep(QUIET_SECONDS)  # until nobody has anything to do with the start any more
        beside, own = _measure_memory(patroni) / len(NAMES), _measure_memory(servers) / len(NAMES)
        report("memory of Patroni (PSS) beside that of an idle PostgreSQL", beside, own, "MiB", "stated")
        spent = _measure_work(patroni)
        time.sleep(QUIET_SECONDS)
        spent = 100 * (_measure_work(patroni) - spent) / QUIET_SECONDS / len(NAMES)
        report("one core for each Patroni, idle", spent, 0, "%", "stated")


def _start(laptop: Laptop, manifest: str) -> None:
    file = laptop.home / "cluster.yaml"
    file.write_text(manifest)
    laptop.dbaas("up", "-d")
    laptop.dbaas("apply", "-f", str(file), "--wait", "--timeout", "100s")


def _status(laptop: Laptop, name: str) -> dict[str, int]:
    found: dict[str, int] = json.loads(laptop.dbaas("get", "process", name, "-o", "json"))["status"]
    return found


def _read_pid(laptop: Laptop, name: str) -> int:
    """Of PostgreSQL, which is no child of Patroni."""
    file = laptop.home / "processes" / f"default.{name}" / "data" / "data" / "postmaster.pid"
    return int(file.read_text().split()[0])


def _measure_memory(processes: Sequence[psutil.Process]) -> float:
    """In MiB; what several share is divided among them (PSS, proc_pid_smaps(5))."""
    total: float = sum(each.memory_full_info().pss for each in processes)
    return total / MEBIBYTE


def _measure_work(processes: Sequence[psutil.Process]) -> float:
    """Processor seconds so far."""
    return sum(sum(each.cpu_times()[:2]) for each in processes)


if __name__ == "__main__":
    main()
