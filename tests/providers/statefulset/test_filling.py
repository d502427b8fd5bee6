"""The program that puts Secrets into files, run by every awk that this machine has."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from dbaas.providers.statefulset.filling import FILL

CONTENT = '{"a": "$(ONE)", "b": "x$(TWO)y$(ONE)", "c": "$(UNKNOWN) $ONE $$(TWO) {x}"}\n'
HOSTILE = 'a"b\\c & $(TWO) \\1 \\\\ é\ttab\nline \x01\x1f %s'


def _awks() -> list[tuple[str, ...]]:
    found = [(name,) for name in ("awk", "mawk", "gawk") if shutil.which(name)]
    return [*found, ("busybox", "awk")] if shutil.which("busybox") else found


def fill(awk: tuple[str, ...], folder: Path, **secrets: str) -> subprocess.CompletedProcess[str]:
    for name, value in secrets.items():
        (folder / name).write_text(value)
    options = ("-v", f"folder={folder}", "-v", "names=ONE TWO", FILL)
    environment = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [*awk, *options], input=CONTENT, capture_output=True, encoding="utf-8", env=environment, check=False
    )


@pytest.mark.parametrize("awk", _awks(), ids=" ".join)
@pytest.mark.parametrize("value", [HOSTILE, "plain", "", "two\n\nlines"], ids=["hostile", "plain", "empty", "lines"])
def test_a_value_stands_where_its_name_was_and_nothing_else_is_touched(
    awk: tuple[str, ...], value: str, tmp_path: Path
) -> None:
    done = fill(awk, tmp_path, ONE=value, TWO="2")
    assert json.loads(done.stdout) == {"a": value, "b": f"x2y{value}", "c": "$(UNKNOWN) $ONE $2 {x}"}, done.stderr


@pytest.mark.parametrize("awk", _awks(), ids=" ".join)
def test_a_missing_secret_is_a_failure_that_names_it(awk: tuple[str, ...], tmp_path: Path) -> None:
    done = fill(awk, tmp_path, TWO="2")
    assert done.returncode != 0 and "ONE" in done.stderr and not done.stdout
