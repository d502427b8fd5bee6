"""The blocks of a DatabaseUser and of roles."""

from __future__ import annotations

from dbaas.engines.postgres.options.roles import RoleOptions, UserOptions


def test_an_empty_block_is_an_ordinary_login_and_says_nothing_else() -> None:
    assert UserOptions().model_dump(exclude_defaults=True) == {}
    assert UserOptions().superuser is None


def test_an_empty_block_of_a_role_says_nothing() -> None:
    assert RoleOptions().login is None and RoleOptions().inherit is None


def test_fields_are_written_as_the_manual_of_the_group_has_them() -> None:
    options = UserOptions.model_validate(
        {"createDB": True, "createRole": True, "bypassRLS": True, "connectionLimit": 3}
    )
    assert options.create_db and options.create_role and options.bypass_rls and options.connection_limit == 3
