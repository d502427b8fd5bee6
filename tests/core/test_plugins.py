"""What is plugged in is found by listing a package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbaas.core.plugins import BadPlugin, find_plugins


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An importable package `plugged` without modules."""
    folder = tmp_path / "plugged"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "plugged"]:
        del sys.modules[name]


def test_each_module_is_a_plugin_in_order_of_names(package: Path) -> None:
    (package / "b.py").write_text("PART = 'b'")
    (package / "a.py").write_text("PART = 'a'")
    assert find_plugins("plugged", "PART", "none.such") == ["a", "b"]


def test_a_module_that_exports_nothing_is_told(package: Path) -> None:
    (package / "a.py").write_text("")
    with pytest.raises(BadPlugin, match=r"cannot load plugin plugged\.a"):
        find_plugins("plugged", "PART", "none.such")


def test_a_module_that_cannot_be_imported_is_told(package: Path) -> None:
    (package / "a.py").write_text("import no_such_module_anywhere")
    with pytest.raises(BadPlugin, match="no_such_module_anywhere"):
        find_plugins("plugged", "PART", "none.such")
