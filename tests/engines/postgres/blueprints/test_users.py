"""Which things a DatabaseUser stands for."""

from __future__ import annotations

from typing import Any

from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.engine import Item, Login, References
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.blueprints.users import describe_user
from dbaas.engines.postgres.settings import Setting

LOGIN = Login(Secret("x"), "1")


def describe(**spec: Any) -> tuple[Item, ...]:
    body = {"instanceRef": {"name": "main"}, "username": "app", **spec}
    return describe_user(DatabaseUserSpec.model_validate(body), References(login=LOGIN))


def test_a_user_is_a_role_with_its_login() -> None:
    (item,) = describe(postgres={"createDB": True})
    assert (item.part, item.name, item.exclusive) == ("roles", "app", True)
    assert item.desired.login is LOGIN and item.desired.attributes.create_db
    assert item.desired.attributes.login and item.desired.always_logs_in


def test_words_for_the_server_are_attributes() -> None:
    attributes = describe(serverPrivileges=["CREATEDB", "NOINHERIT", "NOSUPERUSER"])[0].desired.attributes
    assert (attributes.create_db, attributes.inherit, attributes.superuser) == (True, False, False)


def test_it_is_a_member_of_all_roles_that_are_named_anywhere() -> None:
    _, item = describe(memberships=[{"role": "a", "admin": True}], roles=["b", "a"], postgres={"inRoles": ["c", "b"]})
    assert [(each.role, each.admin) for each in item.desired.memberships] == [("a", True), ("b", False), ("c", False)]


def test_its_sessions_begin_with_parameters_and_a_role() -> None:
    block = {
        "defaultRole": "staff", "configParameters": {"work_mem": "1MB", "jit": "off"},
        "databaseConfigParameters": [{"database": "shop", "configParameters": {"jit": "on"}}],
    }  # fmt: skip
    _, item = describe(postgres=block)
    assert (item.part, item.name, item.exclusive, item.dropped) == ("settings", "app", False, False)
    assert item.desired.settings == (
        Setting(None, "role", "staff"), Setting(None, "jit", "off"), Setting(None, "work_mem", "1MB"),
        Setting("shop", "jit", "on"),
    )  # fmt: skip
    assert [need.what for need in item.needs] == ["database 'shop'", "role 'staff'"]
