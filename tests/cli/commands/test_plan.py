"""A plan says what apply would do, and does nothing."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from cli.conftest import Printed, put
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.cli.commands.plan import PlanOptions, plan
from dbaas.cli.exits import CommandError, WrongUsage
from dbaas.cli.formats import Format
from dbaas.cli.manifests import load_manifests
from dbaas.cli.plan_files import read_plan
from dbaas.cli.session import Session
from dbaas.kube.verbs import RestClient, Writing

SHOP = """\
apiVersion: dbaas.io/v1
kind: Database
metadata:
  name: shop
spec:
  instanceRef: {name: main}
  owner: shop-owner
"""
SERVER = """\
apiVersion: dbaas.io/v1
kind: DatabaseInstance
metadata: {name: main}
spec:
  engine: postgres
  connection: {host: db.example, port: 5432, credentials: {username: {value: admin}, password: {value: hunter2}}}
"""
SECRET = "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: hunter2}}\n"


def options(folder: Path, text: str, **more: Format) -> PlanOptions:
    (folder / "a.yaml").write_text(text)
    return PlanOptions(files=[str(folder / "a.yaml")], **more)  # type: ignore[arg-type]


async def test_a_new_object_is_told_with_its_fields_and_what_is_not_known(
    session: Session, tmp_path: Path, printed: Printed
) -> None:
    await plan(session, options(tmp_path, SHOP))
    lines = printed().splitlines()
    assert lines[0] == "+ create Database shop in default"
    assert "    spec.owner: shop-owner" in lines
    assert any(line.startswith("    note: what it does on its server is not known yet: ") for line in lines)
    assert lines[-1] == "1 to create, 0 to change, 0 unchanged; 0 statements; nothing was executed"
    assert not await session.rest.list(DATABASE)


async def test_a_password_in_sql_is_neither_shown_nor_kept(session: Session, tmp_path: Path, printed: Printed) -> None:
    text = SHOP + "  initSQL: {inline: [\"CREATE TABLE a (); ALTER ROLE a PASSWORD 'hunter2'\"]}\n"
    await plan(session, replace(options(tmp_path, text), out=str(tmp_path / "kept")))
    told, kept = printed(), (tmp_path / "kept").read_text()
    assert "spec.initSQL.inline: [\"CREATE TABLE a (); ALTER ROLE a PASSWORD '********'\"]" in told
    assert "hunter2" not in told and "hunter2" not in kept
    (manifest,) = read_plan(tmp_path / "kept").manifests("kept", load_manifests([str(tmp_path / "a.yaml")])[0])
    assert "hunter2" in manifest.body["spec"]["initSQL"]["inline"][0]


async def test_only_what_would_change_is_told_of_an_object_that_is_there(
    session: Session, tmp_path: Path, printed: Printed
) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}, "owner": "other"})
    await plan(session, options(tmp_path, SHOP))
    assert printed().splitlines()[:2] == ["~ change Database shop in default", "    spec.owner: other -> shop-owner"]
    assert (await session.rest.get(DATABASE, Key("default", "shop"))).spec["owner"] == "other"


async def test_an_object_that_is_as_it_is_written_is_unchanged(
    session: Session, tmp_path: Path, printed: Printed
) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}, "owner": "shop-owner"})
    await plan(session, options(tmp_path, SHOP))
    assert printed().startswith("= unchanged Database shop in default\n")


async def test_fields_of_others_do_not_hide_what_forcing_would_do(
    session: Session, tmp_path: Path, printed: Printed
) -> None:
    other = RestClient(session.transport, Writing("gitops"))
    body = {
        "apiVersion": DATABASE.api_version,
        "kind": "Database",
        "metadata": {"name": "shop", "namespace": "default"},
    }
    await other.apply(DATABASE, {**body, "spec": {"instanceRef": {"name": "main"}, "owner": "theirs"}})
    await plan(session, options(tmp_path, SHOP))
    assert "    spec.owner: theirs -> shop-owner" in printed().splitlines()


async def test_machines_get_facts(session: Session, tmp_path: Path, printed: Printed) -> None:
    await plan(session, options(tmp_path, SHOP, output=Format.JSON))
    (facts,) = json.loads(printed())
    assert (facts["kind"], facts["name"], facts["action"]) == ("Database", "shop", "create")
    assert {"path": "spec.owner", "before": None, "after": "shop-owner"} in facts["fields"]


@pytest.mark.parametrize("form", [Format.TABLE, Format.YAML])
async def test_values_of_secrets_are_in_no_plan(
    session: Session, tmp_path: Path, printed: Printed, form: Format
) -> None:
    await plan(session, options(tmp_path, SECRET, output=form))
    assert "********" in printed()
    assert "hunter2" not in printed() and "aHVudGVyMg" not in printed()


async def test_objects_of_a_namespace_that_is_yet_to_come_can_be_planned(
    session: Session, tmp_path: Path, printed: Printed
) -> None:
    namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: team}}\n---\n"
    await plan(session, options(tmp_path, namespace + SHOP.replace("name: shop\n", "name: shop\n  namespace: team\n")))
    assert "+ create Namespace team\n" in printed()
    assert "+ create Database shop in team\n" in printed()


async def test_what_would_be_refused_is_told_instead(session: Session, tmp_path: Path, printed: Printed) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "other"}})
    with pytest.raises(CommandError, match="1 problem in 1 object; nothing was changed") as caught:
        await plan(session, options(tmp_path, SHOP))
    assert "the server cannot be changed" in caught.value.advice[0]
    assert printed() == ""


async def test_a_plan_can_be_kept(session: Session, tmp_path: Path, printed: Printed, remarked: Printed) -> None:
    await plan(session, replace(options(tmp_path, SHOP), out=str(tmp_path / "plan.json")))
    kept = read_plan(tmp_path / "plan.json")
    assert [body["metadata"] for body in kept.objects] == [{"name": "shop", "namespace": "default"}]
    assert kept.changes[0]["action"] == "create"
    assert printed().startswith("+ create Database shop in default\n"), "it is told all the same"
    assert f"dbaas apply --plan {tmp_path / 'plan.json'}" in remarked()


async def test_a_plan_that_cannot_be_made_is_not_kept(session: Session, tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        await plan(session, replace(options(tmp_path, SHOP.replace("owner", "ownr")), out=str(tmp_path / "plan.json")))
    assert not (tmp_path / "plan.json").exists()


async def test_a_password_that_stands_in_a_manifest_is_neither_told_nor_kept_and_found_there_again(
    session: Session, tmp_path: Path, printed: Printed
) -> None:
    await plan(session, replace(options(tmp_path, SERVER), out=str(tmp_path / "plan.json")))
    assert "********" in printed() and "hunter2" not in printed()
    assert "hunter2" not in (tmp_path / "plan.json").read_text()
    kept = read_plan(tmp_path / "plan.json")
    (manifest,) = kept.manifests("plan.json", load_manifests(kept.sources)[0])
    assert manifest.body["spec"]["connection"]["credentials"]["password"] == {"value": "hunter2"}
    (tmp_path / "a.yaml").write_text(SERVER.replace("hunter2", "hunter3"))
    with pytest.raises(CommandError, match=r"DatabaseInstance default/main is not in .* as it was"):
        kept.manifests("plan.json", load_manifests(kept.sources)[0])


async def test_secrets_from_standard_input_cannot_be_kept(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = PlanOptions(files=["-"], out=str(tmp_path / "plan.json"))
    monkeypatch.setattr("sys.stdin", io.StringIO(SECRET))
    with pytest.raises(WrongUsage, match="standard input cannot be read again"):
        await plan(session, wanted)
    monkeypatch.setattr("sys.stdin", io.StringIO(SHOP))
    await plan(session, wanted)
    assert read_plan(tmp_path / "plan.json").sources == ()
