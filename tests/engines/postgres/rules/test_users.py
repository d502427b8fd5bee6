"""What is refused in a DatabaseUser, with the field and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.rules.users import user_is_possible

SERVER = {"name": "main"}
AFAR = {"name": "main", "namespace": "platform"}


def check_user(**body: Any) -> list[Violation]:
    return list(user_is_possible(DatabaseUserSpec.model_validate({"instanceRef": SERVER, **body})))


def fields(**body: Any) -> list[str]:
    return [violation.field for violation in check_user(**body)]


def test_ordinary_users_pass() -> None:
    block = {
        "createDB": True, "inRoles": ["a"], "defaultRole": "b", "configParameters": {"work_mem": "1MB", "app.x": "1"},
        "databaseConfigParameters": [{"database": "shop", "configParameters": {"search_path": "shop"}}],
    }  # fmt: skip
    assert not check_user(username="shop-app", roles=["b"], memberships=[{"role": "pg_monitor"}], postgres=block)


@pytest.mark.parametrize("name", ["postgres", "pg_monitor", "public", "none"])
def test_roles_of_the_server_itself_are_refused(name: str) -> None:
    assert fields(username=name) == ["spec.username"]


def test_a_guest_of_another_namespace_does_not_become_its_administrator() -> None:
    block = {"superuser": True, "createRole": True, "replication": True, "bypassRLS": True, "createDB": True}
    assert not check_user(postgres=block)
    assert fields(postgres=block, instanceRef=AFAR) == [
        "spec.postgres.superuser", "spec.postgres.createRole", "spec.postgres.replication", "spec.postgres.bypassRLS"
    ]  # fmt: skip


def test_words_for_the_server_are_checked_like_attributes() -> None:
    assert not fields(serverPrivileges=["CREATEDB", "NOSUPERUSER"], postgres={"createDB": True})
    assert fields(serverPrivileges=["FLY"]) == ["spec.serverPrivileges[0]"]
    assert fields(serverPrivileges=["CREATEDB", "NOCREATEDB"]) == ["spec.serverPrivileges[1]"]
    assert fields(serverPrivileges=["CREATEDB"], postgres={"createDB": False}) == ["spec.serverPrivileges[0]"]
    assert fields(serverPrivileges=["BYPASSRLS", "CREATEDB"], instanceRef=AFAR) == ["spec.serverPrivileges[0]"]


def test_things_are_left_neither_to_the_administrator_nor_by_a_guest_to_others() -> None:
    assert not fields(drop={"reassignOwnedTo": "heir"})
    assert fields(drop={"reassignOwnedTo": "postgres"}) == ["spec.drop.reassignOwnedTo"]
    assert fields(drop={"reassignOwnedTo": "heir"}, instanceRef=AFAR) == ["spec.drop.reassignOwnedTo"]


def test_a_guest_is_in_no_role_of_the_server_itself() -> None:
    roles = {"memberships": [{"role": "pg_read_all_data"}], "roles": ["pg_monitor"]}
    block = {"inRoles": ["pg_execute_server_program"]}
    assert not check_user(**roles, postgres=block)
    assert fields(**roles, postgres=block, instanceRef=AFAR) == [
        "spec.memberships[0].role", "spec.roles[0]", "spec.postgres.inRoles[0]"
    ]  # fmt: skip


def test_a_guest_sets_only_what_every_user_may_set() -> None:
    block = {"configParameters": {"work_mem": "1MB", "session_preload_libraries": "evil", "pgaudit.log": "none"}}
    assert not check_user(postgres=block)
    assert fields(postgres=block, instanceRef=AFAR) == [
        "spec.postgres.configParameters[session_preload_libraries]", "spec.postgres.configParameters[pgaudit.log]"
    ]  # fmt: skip


def test_nobody_is_a_member_of_the_administrator_or_of_itself() -> None:
    assert fields(username="app", memberships=[{"role": "postgres"}], roles=["app"]) == [
        "spec.memberships[0].role", "spec.roles[0]"
    ]  # fmt: skip


def test_sessions_begin_only_as_a_role_that_one_is_in() -> None:
    assert fields(postgres={"defaultRole": "staff"}) == ["spec.postgres.defaultRole"]


@pytest.mark.parametrize("name", ["a b", "", "1a", 'a"b', "a..b", "role", "SESSION_AUTHORIZATION"])
def test_what_is_no_parameter_is_refused(name: str) -> None:
    assert fields(postgres={"configParameters": {name: "x"}}) == [f"spec.postgres.configParameters[{name}]"]
    place = [{"database": "shop", "configParameters": {name: "x"}}]
    assert fields(postgres={"databaseConfigParameters": place}) == [
        f"spec.postgres.databaseConfigParameters[0].configParameters[{name}]"
    ]


def test_a_parameter_is_said_once() -> None:
    (violation,) = check_user(postgres={"configParameters": {"TimeZone": "UTC", "timezone": "CET"}})
    assert violation.reason == "FieldValueDuplicate"


def test_a_block_that_slipped_past_the_schema_is_told_with_its_field() -> None:
    (violation,) = check_user(postgres={"connectionLimit": "many"})
    assert violation.field == "spec.postgres.connectionLimit"
