"""The version of this program."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest
import yaml

from dbaas.cli.application import execute

Capture = pytest.CaptureFixture[str]


def test_it_is_that_of_the_installed_package(capsys: Capture) -> None:
    assert execute(["version"]) == 0
    assert capsys.readouterr().out.startswith(f"dbaas {version('dbaas')} (Python 3.")


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_machines_can_read_it(form: str, read: object, capsys: Capture) -> None:
    assert execute(["version", "-o", form]) == 0
    assert callable(read)
    assert read(capsys.readouterr().out)["dbaas"] == version("dbaas")
