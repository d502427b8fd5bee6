"""Which things a DatabaseUser stands for: a role."""

from __future__ import annotations

from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.engine import Item, References
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME, ROLES, filled
from dbaas.engines.postgres.options.roles import UserOptions
from dbaas.engines.postgres.roles import Attributes, DesiredRole


def describe_user(spec: DatabaseUserSpec, references: References) -> tuple[Item, ...]:
    """One role."""
    name = filled(spec.username)
    options = UserOptions.model_validate(spec.block(ENGINE_NAME))
    attributes = Attributes(
        login=options.login, superuser=options.superuser, create_db=options.create_db,
        create_role=options.create_role, replication=options.replication, bypass_rls=options.bypass_rls,
        inherit=options.inherit,
    )  # fmt: skip
    desired = DesiredRole(name, attributes, options.connection_limit, options.valid_until, references.login)
    return (Item(ROLES, None, name, desired, exclusive=True),)
