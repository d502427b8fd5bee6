"""All is checked before any is sent; what was sent is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Printed, put, put_status
from dbaas.api.core import SECRET as SECRET_KIND
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.cli.commands.apply import ApplyOptions, apply, run
from dbaas.cli.commands.plan import PlanOptions, plan
from dbaas.cli.exits import CommandError, WaitedTooLong, WrongUsage
from dbaas.cli.session import Session
from dbaas.contracts.client import NotFound
from dbaas.kube.verbs import RestClient, Writing

SHOP = """\
apiVersion: dbaas.io/v1
kind: Database
metadata:
  name: shop
spec:
  instanceRef:
    name: main
  owner: shop-owner
"""


def options(folder: Path, text: str, **more: bool | str) -> ApplyOptions:
    (folder / "a.yaml").write_text(text)
    return ApplyOptions(files=[str(folder / "a.yaml")], **more)  # type: ignore[arg-type]


async def test_what_became_of_each_object_is_told(session: Session, tmp_path: Path, printed: Printed) -> None:
    await apply(session, options(tmp_path, SHOP))
    await apply(session, options(tmp_path, SHOP))
    await apply(session, options(tmp_path, SHOP.replace("shop-owner", "other")))
    assert printed().splitlines() == [f"database.dbaas.io/shop {e}" for e in ("created", "unchanged", "configured")]


async def test_all_problems_of_all_objects_are_told_and_nothing_is_sent(session: Session, tmp_path: Path) -> None:
    broken = SHOP.replace("owner:", "ownr:").replace("name: shop", "name: Shop!")
    with pytest.raises(CommandError, match="2 problems in 2 objects; nothing was changed") as caught:
        await apply(session, options(tmp_path, f"{SHOP}---\n{broken}"))
    assert caught.value.advice[0].endswith(
        "a.yaml:13: Database Shop!: metadata.name: 'Shop!' is not lower-case letters, "
        "digits, '-' and '.'; real names go into spec.name"
    )
    assert caught.value.advice[1].endswith(
        "a.yaml:17: Database Shop!: spec.ownr: there is no such field; did you mean 'owner'?"
    )
    assert not await session.rest.list(DATABASE)


async def test_a_change_that_may_not_be_is_found_before_anything_is_sent(session: Session, tmp_path: Path) -> None:
    await apply(session, options(tmp_path, SHOP))
    second = SHOP.replace("name: shop", "name: second")
    changed = SHOP.replace("name: main", "name: other")
    with pytest.raises(CommandError, match="1 problem in 2 objects") as caught:
        await apply(session, options(tmp_path, f"{second}---\n{changed}"))
    assert "the server cannot be changed" in caught.value.advice[0]
    assert len(await session.rest.list(DATABASE)) == 1


async def test_a_dry_run_changes_nothing(session: Session, tmp_path: Path, printed: Printed) -> None:
    await apply(session, options(tmp_path, SHOP, dry_run=True))
    assert printed() == "database.dbaas.io/shop created (dry run)\n"
    assert not await session.rest.list(DATABASE)


async def test_fields_of_others_are_not_taken_over_unless_forced(session: Session, tmp_path: Path) -> None:
    await apply(session, options(tmp_path, SHOP))
    other = RestClient(session.transport, Writing("gitops"))
    await other.patch(DATABASE, Key("default", "shop"), {"spec": {"owner": "theirs"}})
    with pytest.raises(CommandError) as caught:
        await apply(session, options(tmp_path, SHOP))
    assert "--force-conflicts takes the fields over" in caught.value.advice[0]
    await apply(session, options(tmp_path, SHOP, force_conflicts=True))
    assert (await session.rest.get(DATABASE, Key("default", "shop"))).spec["owner"] == "shop-owner"


async def test_a_kind_that_the_server_does_not_have_is_told(session: Session, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        await apply(session, options(tmp_path, SHOP.replace("kind: Database", "kind: Databse")))
    assert "did you mean 'Database'?" in caught.value.advice[0]


async def test_kubernetes_kinds_can_be_applied_too(session: Session, tmp_path: Path, printed: Printed) -> None:
    text = "{apiVersion: v1, kind: Namespace, metadata: {name: team}}\n---\n"
    text += "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: team}, stringData: {a: b}}\n"
    await apply(session, options(tmp_path, text))
    assert printed() == "namespace/team created\nsecret/s created\n"


async def test_waiting_ends_with_a_table_and_what_is_missing(
    session: Session, tmp_path: Path, printed: Printed
) -> None:
    with pytest.raises(WaitedTooLong):
        await apply(session, options(tmp_path, SHOP, wait=True, timeout="100ms"))
    assert "database/shop   Pending   False   nothing has looked at it yet" in printed()


async def test_objects_go_to_the_namespace_that_is_named(session: Session, tmp_path: Path) -> None:
    session.namespace = "kube-public"
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}})
    await apply(session, options(tmp_path, SHOP))
    assert {r.key for r in await session.rest.list(DATABASE)} == {Key("default", "shop"), Key("kube-public", "shop")}


async def keep(session: Session, folder: Path, text: str) -> ApplyOptions:
    (folder / "a.yaml").write_text(text)
    file = str(folder / "plan.json")
    await plan(session, PlanOptions(files=[str(folder / "a.yaml")], out=file))
    return ApplyOptions(plan=file)


async def test_a_plan_that_still_holds_is_applied_as_it_was_read(
    session: Session, tmp_path: Path, printed: Printed
) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}})
    chosen = await keep(session, tmp_path, SHOP)
    (tmp_path / "a.yaml").write_text(SHOP.replace("shop-owner", "another"))
    await apply(session, chosen)
    assert printed().endswith("database.dbaas.io/shop configured\n")
    assert (await session.rest.get(DATABASE, Key("default", "shop"))).spec["owner"] == "shop-owner"


async def test_a_plan_is_applied_where_only_a_status_was_written(session: Session, tmp_path: Path) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}})
    chosen = await keep(session, tmp_path, SHOP)
    await put_status(session, DATABASE, "shop", "True", "Applied")
    await apply(session, chosen)
    assert (await session.rest.get(DATABASE, Key("default", "shop"))).spec["owner"] == "shop-owner"


async def test_a_plan_is_not_applied_once_the_world_has_moved(session: Session, tmp_path: Path) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}})
    chosen = await keep(session, tmp_path, SHOP)
    await session.rest.patch(DATABASE, Key("default", "shop"), {"spec": {"deletionPolicy": "Delete"}})
    with pytest.raises(CommandError, match="the world has moved since this was planned; nothing was applied") as caught:
        await apply(session, chosen)
    assert caught.value.advice[0] == "Database default/shop has been changed"
    assert "owner" not in (await session.rest.get(DATABASE, Key("default", "shop"))).spec


async def test_a_plan_is_applied_once(session: Session, tmp_path: Path) -> None:
    chosen = await keep(session, tmp_path, SHOP)
    await apply(session, chosen)
    with pytest.raises(CommandError, match="the world has moved") as caught:
        await apply(session, chosen)
    assert "Database default/shop is new" in caught.value.advice


SECRET = "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: hunter2}}\n"


async def test_values_of_secrets_are_not_in_a_plan_and_are_read_again(session: Session, tmp_path: Path) -> None:
    chosen = await keep(session, tmp_path, SECRET)
    assert "hunter2" not in (tmp_path / "plan.json").read_text()
    await apply(session, chosen)
    found = await session.rest.get(SECRET_KIND, Key("default", "s"))
    assert found.body()["data"] == {"password": "aHVudGVyMg=="}


async def test_a_secret_that_is_another_by_now_is_not_applied(session: Session, tmp_path: Path) -> None:
    chosen = await keep(session, tmp_path, SECRET)
    (tmp_path / "a.yaml").write_text(SECRET.replace("hunter2", "hunter3"))
    with pytest.raises(CommandError, match=r"Secret default/s is not in .*a\.yaml as it was when this was planned"):
        await apply(session, chosen)
    with pytest.raises(NotFound):
        await session.rest.get(SECRET_KIND, Key("default", "s"))


async def test_a_plan_goes_to_the_namespace_that_it_was_made_for(session: Session, tmp_path: Path) -> None:
    chosen = await keep(session, tmp_path, SHOP)
    session.namespace = "kube-public"
    await apply(session, chosen)
    assert [r.key for r in await session.rest.list(DATABASE)] == [Key("default", "shop")]


def test_a_plan_and_manifests_exclude_each_other() -> None:
    with pytest.raises(WrongUsage, match="a plan has its objects with it"):
        run(ApplyOptions(plan="plan.json", files=["a.yaml"]))
