"""What comes the same way is told in one line, and what nobody declares is seen at once."""

from __future__ import annotations

import io
from dataclasses import replace

from dbaas.cli.reviewed import build_access, tell_access
from dbaas.cli.terminal import Terminal
from dbaas.contracts.reviewing import Path
from dbaas.controllers.managed.reviewing import Reason, Reviewed

TERMINAL = Terminal(io.StringIO(), io.StringIO())
GRANT = Reason("granted by boss", ("DatabaseGrant default/a",), True)
UNDECLARED = Reason("ann is a member of readers", (), True)
BUILT_IN = Reason("every new table has it", (), False)


def reviewed(privilege: str, *reasons: Reason, grantable: bool = False, through: tuple[str, ...] = ()) -> Reviewed:
    path = Path("ann", privilege, "table", "s.t", "grant", through, grantor="boss", grantable=grantable)
    return Reviewed(path, "shop", reasons)


def test_privileges_that_come_the_same_way_share_a_line() -> None:
    lines = list(tell_access([reviewed("SELECT", GRANT), reviewed("INSERT", GRANT, grantable=True)], TERMINAL))
    assert lines[0] == "table s.t in shop"
    assert lines[2].split("   ")[1:] == ["SELECT, INSERT*", "granted by boss", "DatabaseGrant default/a"]
    assert lines[3:] == ["* may give it on"]


def test_each_line_says_what_it_is_about_where_there_are_several() -> None:
    elsewhere = Reviewed(Path("ann", "USAGE", "schema", "s", "owner"), "stock", (BUILT_IN,))
    lines = list(tell_access([reviewed("SELECT", GRANT), elsewhere], TERMINAL))
    assert lines[0].split() == ["WHO", "PRIVILEGES", "ON", "THROUGH", "DECLARED", "BY"]
    assert "   schema s in stock   " in lines[2]


def test_what_is_of_no_use_says_what_is_missing() -> None:
    path = replace(reviewed("SELECT", GRANT).path, lacks=("USAGE on schema s",))
    lines = list(tell_access([Reviewed(path, "shop", (GRANT,))], TERMINAL))
    assert "granted by boss; of no use without USAGE on schema s" in lines[2]


def test_a_fact_that_nobody_declares_is_told_beside_those_that_are() -> None:
    lines = list(tell_access([reviewed("SELECT", UNDECLARED, GRANT, BUILT_IN, through=("readers",))], TERMINAL))
    assert lines[2].endswith("nobody (ann is a member of readers), DatabaseGrant default/a")
    assert "member of readers: granted by boss" in lines[2]
    assert lines[3] == "1 of 1 lines rest on something that nobody declares"


def test_what_is_not_for_manifests_to_say_is_nobodys_fault() -> None:
    assert list(tell_access([reviewed("SELECT", BUILT_IN)], TERMINAL))[2].endswith(" -")


def test_machines_get_one_entry_for_each_privilege_and_way() -> None:
    (fact,) = build_access([reviewed("SELECT", UNDECLARED, through=("readers",))])
    assert (fact["through"], fact["onlyByBecoming"], fact["grantor"]) == (["readers"], False, "boss")
    assert fact["declaredBy"] == [{"fact": "ann is a member of readers", "objects": [], "declarable": True}]


def test_nothing_to_tell_is_told() -> None:
    assert list(tell_access([], TERMINAL)) == ["nobody may do anything"]
