"""What must not be in the repository at all."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from architecture.source import ROOT

pytestmark = pytest.mark.slow  # `make check` runs it

MACHINE_PATHS = re.compile(r"/work/|/home/[a-z]+/|/Users/[A-Za-z]+/|/root/(?!\.)|/tmp/brief")
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".sh", ".json", ".txt", ".cfg", ".mod", ""}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
THIS = Path(__file__).relative_to(ROOT)


def test_no_path_of_a_machine_is_in_the_repository() -> None:
    assert _lines_with(MACHINE_PATHS) == []


def test_nothing_is_left_for_later() -> None:
    assert _lines_with(UNFINISHED) == []


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number} {line.strip()[:100]}"
        for path in _text_files()
        if path != THIS
        for number, line in enumerate((ROOT / path).read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


@cache
def _text_files() -> tuple[Path, ...]:
    """What git would hold: tracked files, and new ones that are not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    paths = [Path(line) for line in listed if line not in ("LICENSE", "uv.lock")]
    return tuple(path for path in paths if path.suffix in TEXT and (ROOT / path).is_file())
