"""Manifests are checked without a server, all of them at once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dbaas.cli.commands.validate import ValidateOptions, validate
from dbaas.cli.exits import CommandError, WrongUsage
from dbaas.cli.terminal import Terminal

SHOP = "{apiVersion: dbaas.io/v1, kind: Database, metadata: {name: shop}, spec: {instanceRef: {name: main}}}\n"
FOREIGN = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, nonsense: 1}\n"


async def said(folder: Path, *texts: str) -> tuple[str, str]:
    (folder / "a.yaml").write_text("---\n".join(texts))
    terminal = Terminal(out := io.StringIO(), err := io.StringIO())
    await validate(ValidateOptions(files=[str(folder)]), terminal)
    return out.getvalue(), err.getvalue()


async def test_valid_objects_are_counted(tmp_path: Path) -> None:
    assert await said(tmp_path, SHOP) == ("1 object is valid\n", "")
    assert await said(tmp_path, SHOP, SHOP.replace("shop", "other")) == ("2 objects are valid\n", "")


async def test_kinds_of_others_are_said_not_to_be_checked(tmp_path: Path) -> None:
    out, err = await said(tmp_path, SHOP, FOREIGN)
    assert out == "1 object is valid\n"
    assert err == f"warning: {tmp_path}/a.yaml:3: ConfigMap is not a kind of ours: not checked\n"


async def test_all_problems_of_all_objects_are_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="3 problems in 2 objects") as caught:
        await said(tmp_path, SHOP.replace("instanceRef", "instanceReff"), SHOP.replace("shop", "Shop"))
    assert caught.value.advice[0] == (
        f"{tmp_path}/a.yaml:1: Database shop: spec.instanceReff: there is no such field; did you mean 'instanceRef'?"
    )


async def test_what_cannot_be_read_and_what_is_wrong_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("a: ]\n")
    with pytest.raises(CommandError) as caught:
        await said(tmp_path, SHOP.replace("spec", "spek"))
    assert [line.partition(": ")[0].rpartition("/")[2] for line in caught.value.advice] == [
        "b.yaml:1",
        *["a.yaml:1"] * 2,
    ]


async def test_an_engine_that_is_not_installed_is_told(tmp_path: Path) -> None:
    head = "{apiVersion: dbaas.io/v1, kind: DatabaseCluster, metadata: {name: main}, spec: "
    text = head + "{engine: {type: basalt, version: '1'}}}"
    with pytest.raises(CommandError) as caught:
        await said(tmp_path, text)
    assert any("unknown engine 'basalt': this installation has " in line for line in caught.value.advice)


async def test_what_others_may_read_otherwise_is_a_warning(tmp_path: Path) -> None:
    _, err = await said(tmp_path, SHOP.replace("name: main}", "name: main}, owner: on"))
    assert "kubectl takes an unquoted on for a truth value; quote it" in err


async def test_nothing_to_check_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="no manifest was named"):
        await validate(ValidateOptions(), Terminal(io.StringIO(), io.StringIO()))
    with pytest.raises(WrongUsage, match=f"there is no manifest in folder {tmp_path}"):
        await validate(ValidateOptions(files=[str(tmp_path)]), Terminal(io.StringIO(), io.StringIO()))


async def test_a_cluster_is_judged_by_what_runs_it_there(tmp_path: Path) -> None:
    cluster = (
        "{apiVersion: dbaas.io/v1, kind: DatabaseCluster, metadata: {name: main}, "
        "spec: {engine: {type: postgres, version: '18'}, clusterSize: 1, expose: {type: NodePort}}}\n"
    )
    (tmp_path / "a.yaml").write_text(cluster)
    terminal = Terminal(out := io.StringIO(), io.StringIO())
    with pytest.raises(CommandError, match="1 problem in 1 object") as caught:
        await validate(ValidateOptions(files=[str(tmp_path)]), terminal)
    assert "spec.expose" in caught.value.advice[0]
    await validate(ValidateOptions(files=[str(tmp_path)], site="kubernetes"), terminal)
    assert out.getvalue() == "1 object is valid\n"
    with pytest.raises(WrongUsage, match="--for is laptop or kubernetes, not 'moon'"):
        await validate(ValidateOptions(files=[str(tmp_path)], site="moon"), terminal)
