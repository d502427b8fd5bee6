"""A plan is told completely: objects, exact statements, what would be left as it is, and what is not known."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.cli.planned import LONGEST_VALUE, build_facts, tell_plans
from dbaas.cli.terminal import Terminal
from dbaas.contracts.statement import Change, Statement
from dbaas.controllers.managed.differences import FieldChange
from dbaas.controllers.managed.planning import ObjectPlan

SHOP = Key("team", "shop")
MADE = Change("exists", True, False, (Statement("CREATE shop"), Statement("TIDY", "shop", run_as="boss")))
LOST = Change("grants", [], ["SELECT"], (Statement("REVOKE", "shop"),), destructive=True)
FIXED = Change("encoding", "UTF8", "LATIN1", immutable=True)
SEEN = Change("owner", "a", "b", (Statement("ALTER"),))


def told(*plans: ObjectPlan, colour: bool = False) -> list[str]:
    return list(tell_plans(plans, Terminal(io.StringIO(), io.StringIO(), colour=colour)))


def test_a_new_object_is_told_with_its_fields_and_statements() -> None:
    fields = (FieldChange("spec.owner", None, "app"), FieldChange("spec.words", None, ["a"]))
    assert told(ObjectPlan(DATABASE, SHOP, "create", fields, (MADE,), notes=("Secret will be made",))) == [
        "+ create Database shop in team", "    spec.owner: app", '    spec.words: ["a"]', "    [server] CREATE shop;",
        "    [shop as boss] TIDY;", "    note: Secret will be made", "",
        "1 to create, 0 to change, 0 unchanged; 2 statements; nothing was executed",
    ]  # fmt: skip


def test_a_change_is_told_from_what_to_what() -> None:
    fields = (FieldChange("spec.owner", "a", "b"), FieldChange("spec.name", "x", None))
    assert told(ObjectPlan(DATABASE, SHOP, "update", fields))[:3] == [
        "~ change Database shop in team", "    spec.owner: a -> b", "    spec.name: x -> (removed)",
    ]  # fmt: skip


def test_kinds_of_one_name_are_told_apart_by_their_groups() -> None:
    other = replace(DATABASE, group="furniture.example")
    lines = told(ObjectPlan(other, SHOP, "create"), ObjectPlan(DATABASE, SHOP, "create"))
    assert lines[:2] == [
        "+ create Database shop (furniture.example) in team", "+ create Database shop (dbaas.io) in team"
    ]  # fmt: skip


def test_what_may_lose_something_is_marked() -> None:
    lines = told(ObjectPlan(DATABASE, SHOP, "update", changes=(LOST,)))
    assert lines[1] == "    [shop] REVOKE;  -- may lose data or access"
    assert lines[-1] == "0 to create, 1 to change, 0 unchanged; 1 statement; nothing was executed"


def test_a_server_that_differs_from_an_unchanged_object_is_corrected() -> None:
    assert told(ObjectPlan(DATABASE, SHOP, "unchanged", changes=(SEEN,)))[0] == "~ correct Database shop in team"


def test_what_is_left_as_it_is_says_why() -> None:
    assert told(ObjectPlan(DATABASE, SHOP, "unchanged", left=(FIXED, SEEN)))[:3] == [
        "= unchanged Database shop in team",
        "    differs: encoding: UTF8, the server has LATIN1: it cannot be changed in place",
        "    differs: owner: a, the server has b: it is only reported",
    ]


def test_what_cannot_be_done_is_told_with_what_to_do_instead() -> None:
    barred = Change("revokePublic", True, "PUBLIC may create", immutable=True, why="let a superuser do it")
    lines = told(ObjectPlan(DATABASE, SHOP, "update", left=(barred,)))
    assert lines[1] == "    differs: revokePublic: true, the server has PUBLIC may create: let a superuser do it"
    (facts,) = build_facts([ObjectPlan(DATABASE, SHOP, "update", left=(barred,))])
    assert facts["left"][0]["why"] == "let a superuser do it"


def test_long_values_are_cut() -> None:
    (line,) = [
        line
        for line in told(ObjectPlan(DATABASE, SHOP, "create", (FieldChange("x", None, "a" * 500),)))
        if "x:" in line
    ]
    assert line == f"    x: {'a' * (LONGEST_VALUE - 1)}…"


def test_an_object_without_a_namespace_is_nowhere() -> None:
    assert told(ObjectPlan(DATABASE, Key("", "shop"), "create"))[0] == "+ create Database shop"


def test_machines_get_everything_uncut() -> None:
    fields = (FieldChange("spec.owner", None, "a" * 500),)
    (facts,) = build_facts([ObjectPlan(DATABASE, SHOP, "update", fields, (LOST,), (FIXED,), ("a note",))])
    assert json.loads(json.dumps(facts)) == {
        "group": "dbaas.io", "kind": "Database", "namespace": "team", "name": "shop", "action": "update",
        "fields": [{"path": "spec.owner", "before": None, "after": "a" * 500}],
        "changes": [
            {"field": "grants", "expected": [], "actual": ["SELECT"], "destructive": True, "immutable": False,
             "statements": [{"database": "shop", "runAs": None, "sql": "REVOKE"}]},
        ],
        "left": [
            {"field": "encoding", "expected": "UTF8", "actual": "LATIN1", "destructive": False, "immutable": True,
             "statements": []},
        ],
        "notes": ["a note"],
    }  # fmt: skip


def test_colours_are_only_on_a_terminal() -> None:
    plan = ObjectPlan(DATABASE, SHOP, "create", changes=(LOST,))
    assert told(plan, colour=True)[0] == "\x1b[32m+ create Database shop\x1b[0m in team"
    assert not any("\x1b" in line for line in told(plan))
