"""The images are made of what the tests of this project run with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = {package["name"]: package["version"] for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}


@pytest.mark.parametrize("package", ["patroni", "psycopg"])
def test_an_image_has_the_version_that_is_locked(package: str) -> None:
    recipe = (ROOT / "deploy" / "images" / "postgres.Containerfile").read_text()
    (version,) = re.findall(rf"^ARG {package.upper()}=(.*)$", recipe, re.MULTILINE)
    assert version == LOCKED[package]
