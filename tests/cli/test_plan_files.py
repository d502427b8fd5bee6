"""A plan that is kept stands for exactly what was read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from controllers.make import database, instance, make
from dbaas.api.core import SECRET
from dbaas.api.resource import Resource
from dbaas.cli.exits import CommandError, WrongUsage
from dbaas.cli.forecasting import Forecast
from dbaas.cli.plan_files import KeptPlan, compare_plans, keep, read_plan, write_plan

CHANGE = {"field": "owner", "statements": [{"database": None, "runAs": None, "sql": "ALTER DATABASE a OWNER TO b"}]}


def kept(sql: str = "", **more: Any) -> KeptPlan:
    changes = [{**CHANGE, "statements": [{"sql": sql}]}] if sql else []
    facts = {"kind": "Database", "namespace": "default", "name": "shop", "changes": changes}
    parts: dict[str, Any] = {"objects": [{"kind": "Database"}], "changes": [facts], "versions": []}
    return KeptPlan(**{**parts, **more})


def seen(*resources: Resource) -> KeptPlan:
    return keep(Forecast([], [], resources))


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    file, plan = tmp_path / "plan.json", kept("SELECT 1", versions=[{"kind": "Secret", "name": "ä", "uid": "1"}])
    write_plan(file, plan)
    assert read_plan(file) == plan
    (manifest,) = plan.manifests("plan.json")
    assert (manifest.kind, manifest.place()) == ("Database", "plan.json:1")


def test_nobody_else_can_read_it_even_where_a_file_was_open_to_all(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("old")
    file.chmod(0o644)
    write_plan(file, kept())
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("part", ["objects", "changes", "versions", "digest"])
def test_a_file_that_was_changed_is_refused(tmp_path: Path, part: str) -> None:
    file = tmp_path / "plan.json"
    write_plan(file, kept("DROP TABLE t", versions=[{"kind": "Secret", "name": "a", "uid": "1"}]))
    document = json.loads(file.read_text())
    document[part] = "sha256:0" if part == "digest" else [{**document[part][0], "name": "other"}]
    file.write_text(json.dumps(document))
    with pytest.raises(CommandError, match="has been changed since it was made; nothing was applied"):
        read_plan(file)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "it is not JSON"),
        ("[]", "is no plan"),
        ('{"format": "else"}', "is no plan"),
        ('{"format": "dbaas.io/plan", "version": 1}', "has version 1; this program knows version 2"),
        ('{"format": "dbaas.io/plan", "version": 2, "surprise": 1}', "7 of its fields cannot be read"),
    ],
)
def test_what_is_no_plan_of_ours_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)
    with pytest.raises(WrongUsage, match=says):
        read_plan(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=r"cannot read .*plan\.json: No such file"):
        read_plan(tmp_path / "plan.json")


def test_the_order_in_which_things_were_looked_at_does_not_matter() -> None:
    one, two = database("a"), instance("b")
    assert seen(one, two).digest == seen(two, one, one).digest
    assert seen(one).digest != seen(one, two).digest


def test_a_status_that_was_written_meanwhile_changes_nothing_but_a_spec_does() -> None:
    plan = seen(database("a", resourceVersion="5"))
    assert plan.digest == seen(database("a", resourceVersion="6", status={"phase": "Ready"})).digest
    assert plan.digest != seen(database("a", resourceVersion="6", generation=2)).digest
    assert plan.digest != seen(database("a", uid="another")).digest


def test_what_has_no_generation_counts_by_its_version() -> None:
    first, second = (make(SECRET, "s", {}, generation=0, resourceVersion=version) for version in "56")
    assert seen(first).digest != seen(second).digest


def test_what_differs_is_told_by_name_and_statement() -> None:
    before, after = seen(database("a"), database("b")), seen(database("b", generation=2), instance("c"))
    assert list(compare_plans(before, after)) == [
        "Database default/a is gone, or does not matter any more",
        "Database default/b has been changed",
        "DatabaseInstance default/c is new",
    ]
    assert list(compare_plans(kept("SELECT 1"), kept())) == [
        "what Database default/shop would do has changed: SELECT 1; now no statement"
    ]
    assert list(compare_plans(kept("SELECT 1"), kept("SELECT 1"))) == []
