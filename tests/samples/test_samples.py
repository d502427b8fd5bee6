"""Every sample validates as it stands, and is a set of plain Kubernetes manifests that any tool reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dbaas.cli.application import execute

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted(path for path in (ROOT / "samples").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.name)
def test_every_sample_is_valid(folder: Path) -> None:
    assert execute(["validate", "-f", str(folder)]) == 0


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.name)
def test_every_object_of_a_sample_has_texts_as_keys(folder: Path) -> None:
    """`on:` without quotes is a boolean in YAML 1.1, which kubectl reads."""
    objects = [each for path in folder.glob("*.yaml") for each in yaml.safe_load_all(path.read_text())]
    assert objects
    assert [key for each in objects for key in _keys(each) if not isinstance(key, str)] == []


def _keys(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value, *(key for inner in value.values() for key in _keys(inner))]
    return [key for inner in value for key in _keys(inner)] if isinstance(value, list) else []
