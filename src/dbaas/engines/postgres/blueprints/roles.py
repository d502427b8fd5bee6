"""Which things a DatabaseRole stands for: the role, and what it is a member of. Users have the same and more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbaas.api.role import Membership, RoleSpec
from dbaas.contracts.engine import Item, References
from dbaas.engines.postgres import memberships
from dbaas.engines.postgres.blueprints.grants import translate_grant
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME, MEMBERSHIPS, ROLES, filled, need_role
from dbaas.engines.postgres.blueprints.privileges import describe_privileges
from dbaas.engines.postgres.memberships import DesiredMemberships
from dbaas.engines.postgres.options.roles import RoleAttributes, RoleOptions
from dbaas.engines.postgres.roles import Attributes, DesiredRole


def describe_role(spec: RoleSpec, references: References) -> tuple[Item, ...]:
    """One role, then its memberships, which go with it, and what it may do."""
    name = filled(spec.role_name)
    options = RoleOptions.model_validate(spec.block(ENGINE_NAME))
    role = Item(ROLES, None, name, DesiredRole(name, read_attributes(options, options.login)), exclusive=True)
    privileges = [*spec.privileges, *(item for grant in options.grants for item in translate_grant(grant))]
    return (
        role,
        *describe_memberships(name, spec.memberships, options.in_roles),
        *describe_privileges(privileges, name, references),
    )


def read_attributes(options: RoleAttributes, login: bool | None) -> Attributes:
    """As the engine's part has them."""
    return Attributes(
        login=login, superuser=options.superuser, create_db=options.create_db, create_role=options.create_role,
        replication=options.replication, bypass_rls=options.bypass_rls, inherit=options.inherit,
    )  # fmt: skip


def describe_memberships(member: str, wanted: Sequence[Membership], plain: Sequence[str]) -> Iterator[Item]:
    """One item for all of them, if there are any; a name that is only listed says nothing about options."""
    said = {each.role: memberships.Membership(each.role, each.admin, each.inherit, each.set_) for each in wanted}
    for role in plain:
        said.setdefault(role, memberships.Membership(role))
    if said:
        desired = DesiredMemberships(member, tuple(said[role] for role in sorted(said)))
        yield Item(MEMBERSHIPS, None, member, desired, tuple(map(need_role, sorted(said))), dropped=False)
