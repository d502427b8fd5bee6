"""`dbaas convert` prints manifests that `dbaas apply` takes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml

from dbaas.cli.commands.convert import ConvertOptions, convert
from dbaas.cli.commands.validate import ValidateOptions, validate
from dbaas.cli.exits import CommandError
from dbaas.cli.terminal import Terminal
from dialects.dbops.specimens import FULL, FURTHER, PRINTED


async def said(folder: Path, text: str, *, as_json: bool = False) -> str:
    (folder / "a.yaml").write_text(text)
    await convert(
        ConvertOptions(files=[str(folder / "a.yaml")], json=as_json), Terminal(out := io.StringIO(), io.StringIO())
    )
    return out.getvalue()


async def test_the_result_is_valid_and_holds_the_same_objects(tmp_path: Path) -> None:
    text = await said(tmp_path, PRINTED)
    bodies = list(yaml.safe_load_all(text))
    assert [(body["apiVersion"], body["kind"]) for body in bodies] == [
        ("v1", "Secret"),
        ("dbaas.io/v1", "DatabaseInstance"),
        ("dbaas.io/v1", "Database"),
        ("dbaas.io/v1", "DatabaseUser"),
    ]
    (tmp_path / "b.yaml").write_text(text)
    terminal = Terminal(out := io.StringIO(), io.StringIO())
    await validate(ValidateOptions(files=[str(tmp_path / "b.yaml")]), terminal)
    assert out.getvalue() == "3 objects are valid\n"


@pytest.mark.parametrize("text", [f"{PRINTED}---{FURTHER}", FULL], ids=["printed", "full"])
async def test_every_kind_of_the_group_becomes_what_is_valid(text: str, tmp_path: Path) -> None:
    given = [body for body in yaml.safe_load_all(text) if body["kind"] != "Secret"]
    (tmp_path / "b.yaml").write_text(await said(tmp_path, text))
    told = [body for body in yaml.safe_load_all((tmp_path / "b.yaml").read_text()) if body["kind"] != "Secret"]
    assert [(body["kind"], body["metadata"]["name"]) for body in told] == [
        (body["kind"], body["metadata"]["name"]) for body in given
    ]
    assert {body["apiVersion"] for body in told} == {"dbaas.io/v1"}
    terminal = Terminal(out := io.StringIO(), io.StringIO())
    await validate(ValidateOptions(files=[str(tmp_path / "b.yaml")]), terminal)
    assert out.getvalue() == f"{len(given)} objects are valid\n"


async def test_what_is_ours_already_is_converted_to_itself(tmp_path: Path) -> None:
    once = await said(tmp_path, f"{PRINTED}---{FURTHER}")
    assert await said(tmp_path, once) == once


async def test_for_machines_it_is_one_list(tmp_path: Path) -> None:
    listed = json.loads(await said(tmp_path, PRINTED, as_json=True))
    assert listed["kind"] == "List" and len(listed["items"]) == 4


async def test_a_manifest_that_is_wrong_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        await said(tmp_path, PRINTED.replace("encoding", "encodding"))
    assert "spec.postgres.encodding: there is no such field; did you mean 'encoding'?" in caught.value.advice[0]
