"""Whatever a crash has left between two renames has one end."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbaas.laptop.versions import Versions


def make(directory: Path, **versions: str) -> Versions:
    for place, version in versions.items():
        folder = directory / ("data" if place == "final" else f"data.{place}")
        folder.mkdir()
        (folder / "VERSION").write_text(f"{version}\n")
    return Versions(directory, "data", "VERSION")


@pytest.mark.parametrize(
    ("left", "used", "kept"),
    [
        ({}, None, None),
        ({"final": "16"}, "16", None),
        ({"final": "16", "next": "18"}, "18", "16"),
        ({"before": "16", "next": "18"}, "18", "16"),
        ({"before": "16", "final": "18"}, "18", "16"),
        ({"before": "16"}, "16", None),
    ],
    ids=str,
)
def test_what_is_done_is_used_and_else_what_was_there_before(
    tmp_path: Path, left: dict[str, str], used: str | None, kept: str | None
) -> None:
    versions = make(tmp_path, **left)
    versions.settle()
    assert (versions.used, versions.kept) == (used, kept)
    versions.settle()
    assert (versions.used, versions.kept) == (used, kept)
    assert not versions.next.exists()


def test_a_beginning_is_remembered_until_it_is_forgotten(tmp_path: Path) -> None:
    versions = make(tmp_path, final="16")
    assert not versions.has_begun
    for _ in range(2):
        versions.note_beginning(None)
    assert versions.has_begun
    for _ in range(2):
        versions.forget_beginning()
    assert not versions.has_begun


def test_a_folder_that_does_not_say_its_version_has_none(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert Versions(tmp_path, "data", "VERSION").used is None
