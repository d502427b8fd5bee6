"""The block of a DatabaseUser."""

from __future__ import annotations

from dbaas.engines.postgres.options.roles import UserOptions


def test_an_empty_block_is_an_ordinary_login() -> None:
    assert UserOptions().login and not UserOptions().superuser


def test_fields_are_written_as_the_manual_of_the_group_has_them() -> None:
    options = UserOptions.model_validate(
        {"createDB": True, "createRole": True, "bypassRLS": True, "connectionLimit": 3}
    )
    assert options.create_db and options.create_role and options.bypass_rls and options.connection_limit == 3
