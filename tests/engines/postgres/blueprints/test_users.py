"""Which things a DatabaseUser stands for."""

from __future__ import annotations

from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.engine import Login, References
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.blueprints.users import describe_user

SERVER = {"name": "main"}


def test_a_user_is_a_role_with_its_login() -> None:
    login = Login(Secret("x"), "1")
    spec = DatabaseUserSpec.model_validate({"instanceRef": SERVER, "username": "app", "postgres": {"createDB": True}})
    (item,) = describe_user(spec, References(login=login))
    assert (item.part, item.name, item.exclusive) == ("roles", "app", True)
    assert item.desired.login is login and item.desired.attributes.create_db
