"""From an empty home to a database that is Ready, against the bare programs: initdb, start, CREATE DATABASE."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _laptop import empty_laptop, report, timed
from dbaas.contracts.registry import find_registry
from dbaas.laptop.machine import server_user

ENGINE, VERSION = "postgres", "18"


def main() -> None:
    with empty_laptop() as laptop:
        with timed() as ours:
            laptop.dbaas("up", "-d")
            laptop.dbaas("apply", "-f", "samples/01-quickstart/", "--wait")
        bare = _make_by_hand(_programs(laptop.home))
    report("empty home to Ready, against the bare programs", ours[0], bare, "s", "< 10 s")


def _programs(home: Path) -> Path:
    """Those that the laptop uses: its own copy where the servers' user cannot read the environment's."""
    copied = next(home.glob("programs/**/bin/initdb"), None)
    if copied is not None:
        return copied.parent
    engine = find_registry().engine(ENGINE)
    assert engine is not None
    assert engine.server is not None
    return Path(engine.server.programs(VERSION) or "")


def _make_by_hand(programs: Path) -> float:
    """The seconds until the database is there, as the user that dbaas' servers run as: these programs refuse root."""
    user = server_user() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="dbaas-bare-"))
    run: dict[str, Any] = {"cwd": folder, "check": True, "stdout": subprocess.DEVNULL}
    if user is not None:
        os.chown(folder, user.uid, user.gid)
        run |= {"user": user.uid, "group": user.gid, "extra_groups": []}
    try:
        with timed() as seconds:
            for command in _steps(programs, folder):
                subprocess.run(command, **run)
        subprocess.run([programs / "pg_ctl", "-D", folder / "data", "-w", "-m", "fast", "stop"], **run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return seconds[0]


def _steps(programs: Path, folder: Path) -> Sequence[Sequence[str | Path]]:
    data, options = folder / "data", f"-k {folder} -c listen_addresses="
    return (
        [programs / "initdb", "-D", data, "-A", "trust", "-U", "admin", "--no-instructions"],
        [programs / "pg_ctl", "-D", data, "-w", "-o", options, "-l", folder / "log", "start"],
        [programs / "psql", "-h", folder, "-U", "admin", "-d", "template1", "-c", "CREATE DATABASE shop"],
    )


if __name__ == "__main__":
    main()
