"""Each page of the tutorial is run as a reader would: all its `sh` blocks, in order, in one shell, in an empty home."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.markdown import ROOT, blocks, called

TUTORIALS = sorted((ROOT / "docs" / "tutorial").glob("*.md"))
PATIENCE_SECONDS = 120

pytestmark = pytest.mark.real_server


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """A home that servers can reach: pytest's own folders are closed to other users, and root's servers are another."""
    home = Path(tempfile.mkdtemp(prefix="dbaas-tutorial-"))
    home.chmod(0o711)
    programs = Path(sys.executable).parent
    found = {**os.environ, "DBAAS_HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}"}
    try:
        yield found
    finally:
        subprocess.run(["dbaas", "down"], env=found, check=False, capture_output=True, timeout=PATIENCE_SECONDS)
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.parametrize("page", TUTORIALS, ids=called)
def test_every_command_of_the_tutorial_works(page: Path, environment: dict[str, str]) -> None:
    script = "\n".join(blocks(page, "sh"))
    ran = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
