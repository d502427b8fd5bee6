"""The real command on a home of its own, as a person would type it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fixtures.laptop import free_port

ROOT = Path(__file__).parent.parent.parent
QUICKSTART = str(ROOT / "samples" / "01-quickstart")
PROGRAM = (sys.executable, "-c", "from dbaas.cli.main import run; run()")
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.out}{self.err}"


@dataclass(frozen=True)
class Laptop:
    """`dbaas` with a home; nothing of the user's own environment counts."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name not in ("KUBECONFIG", "DBAAS_HOME")}
        return {**own, "DBAAS_HOME": str(self.home)}

    def run(self, *arguments: str, text: str = "") -> Ended:
        done = subprocess.run(
            [*PROGRAM, *arguments], env=self.environment, input=text, capture_output=True, text=True, check=False,
            timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    def do(self, *arguments: str, text: str = "") -> str:
        """Standard output of a command that must succeed."""
        ended = self.run(*arguments, text=text)
        assert ended.code == 0, f"dbaas {' '.join(arguments)}: {ended}"
        assert "Traceback" not in ended.err
        return ended.out

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that goes on."""
        return subprocess.Popen(
            [*PROGRAM, *arguments], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def query(self, sql: str, *options: str) -> str:
        return self.do("connect", "shop", *options, "--", "-At", "-c", sql).strip()

    def read(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.do("get", kind, name, "-o", "json"))
        return found

    def kill(self) -> None:
        """The control plane alone, as a crash would."""
        os.kill(json.loads((self.home / "lock").read_text())["pid"], signal.SIGKILL)


@pytest.fixture
def laptop() -> Iterator[Laptop]:
    """Not in pytest's own folder, which is closed to the user that root's servers run as."""
    made = Laptop(Path(tempfile.mkdtemp(prefix="dbaas-e2e-")))
    (made.home / "port").write_text(str(free_port()))  # laptops side by side must not want each other's
    try:
        yield made
    finally:
        made.run("down")
        shutil.rmtree(made.home, ignore_errors=True)
