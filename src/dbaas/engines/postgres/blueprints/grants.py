"""Which things a grant stands for: what one principal holds, and which roles it is a member of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbaas.api.grant import AnyGrantSpec, On, Privilege
from dbaas.contracts.engine import Item, References
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME, MEMBERSHIPS, filled, need_role
from dbaas.engines.postgres.blueprints.privileges import describe_privileges
from dbaas.engines.postgres.memberships import DesiredMemberships, Membership
from dbaas.engines.postgres.options.grants import DefaultPrivilege, Grant, GrantOptions
from dbaas.engines.postgres.privileges.entries import ALL_PRIVILEGES, PRIVILEGES, PUBLIC, SYNONYMS

_SINGULAR: dict[str, On] = {"tables": "table", "sequences": "sequence", "functions": "function", "types": "type"}


def describe_grant(spec: AnyGrantSpec, references: References) -> tuple[Item, ...]:
    """Memberships first, then an item for the server and one for each database."""
    principal = PUBLIC if spec.public else filled(references.principal)
    options = GrantOptions.model_validate(spec.block(ENGINE_NAME))
    privileges = [*spec.privileges, *translate_block(options)]
    return (
        *_describe_roles(options.roles, principal),
        *describe_privileges(privileges, principal, references, exact=spec.exact),
    )


def translate_block(options: GrantOptions) -> Iterator[Privilege]:
    """The block as items: exactly what it lists."""
    for grant in options.grants:
        yield from translate_grant(grant)
    for default in options.default_privileges:
        yield translate_default(default)


def translate_grant(grant: Grant) -> Iterator[Privilege]:
    """An item for each type of objects, with those of the privileges that the type has."""
    listed: list[tuple[On, Sequence[str]]] = [("table", grant.tables), ("sequence", grant.sequences)]
    listed = [(on, names) for on, names in (*listed, ("function", grant.functions)) if names]
    if not listed:
        listed = [("database", [grant.database])] if grant.schema_ is None else [("schema", [grant.schema_])]
    for on, names in listed:
        chosen = [name for name in grant.privileges if is_on(name, on)]
        if chosen:
            yield Privilege(
                on=on, database=None if on == "database" else grant.database,
                schema_=None if on in ("database", "schema") else grant.schema_,
                names=list(names), privileges=chosen, with_grant_option=grant.with_grant_option,
            )  # fmt: skip


def translate_default(default: DefaultPrivilege) -> Privilege:
    """One item for future objects."""
    return Privilege(
        on=_SINGULAR[default.object_type], database=default.database, schema_=default.schema_,
        privileges=default.privileges, future=True, grantor=default.granted_by,
    )  # fmt: skip


def is_on(privilege: str, on: str) -> bool:
    """Whether objects of that type have it, on whatever version."""
    return privilege in ALL_PRIVILEGES or SYNONYMS.get(privilege, privilege) in PRIVILEGES[on]


def _describe_roles(roles: Sequence[str], principal: str) -> Iterator[Item]:
    if roles:
        desired = DesiredMemberships(principal, tuple(Membership(role) for role in roles))
        needs = tuple(need_role(name) for name in (principal, *roles))
        yield Item(MEMBERSHIPS, None, principal, desired, needs)
