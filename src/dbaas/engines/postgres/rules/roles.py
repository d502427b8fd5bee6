"""What is refused in a DatabaseRole, and what users and roles have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from dbaas.api.references import OnClusterServer
from dbaas.api.role import DropOptions, Membership, RoleSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME
from dbaas.engines.postgres.names import RESERVED_ROLES, check_name, check_not_reserved
from dbaas.engines.postgres.options.roles import RoleAttributes, RoleOptions
from dbaas.engines.postgres.rules.blocks import explain_block
from dbaas.engines.postgres.rules.grants import check_grants
from dbaas.engines.postgres.rules.privileges import check_privileges

PRIVILEGED = {
    "superuser": "superuser",
    "create_role": "createRole",
    "replication": "replication",
    "bypass_rls": "bypassRLS",
}


def role_is_possible(spec: RoleSpec) -> Sequence[Violation]:
    """The name, the roles that it is in, and no attributes from afar that would give the whole server away."""
    try:
        options = RoleOptions.model_validate(spec.block(ENGINE_NAME))
    except ValidationError as error:
        return list(explain_block(error))
    is_guest = is_from_afar(spec)
    return [
        *check_name("spec.roleName", spec.role_name, "role"),
        *check_not_reserved("spec.roleName", spec.role_name, "role", RESERVED_ROLES),
        *check_attributes(options, is_guest),
        *check_drop(spec.drop, is_guest),
        *check_memberships(spec.memberships, spec.role_name, is_guest),
        *check_roles(f"spec.{ENGINE_NAME}.inRoles", options.in_roles, spec.role_name, is_guest),
        *check_privileges("spec.privileges", spec.privileges, has_database=False),
        *check_grants(f"spec.{ENGINE_NAME}.grants", options.grants),
    ]


def is_from_afar(spec: object) -> bool:
    """Whether it uses a server of another namespace. Objects for the whole cluster are made by those who run it."""
    server = getattr(spec, "server", None)
    if server is None or isinstance(spec, OnClusterServer):
        return False
    return server.namespace is not None or server.kind == "ClusterDatabaseInstance"


def check_attributes(options: RoleAttributes, is_guest: bool) -> Iterator[Violation]:
    """Whoever may use a server of another namespace is not thereby its administrator."""
    for attribute, name in PRIVILEGED.items():
        if is_guest and getattr(options, attribute):
            yield Violation(
                f"spec.{ENGINE_NAME}.{name}",
                f"{name} can be given only in the namespace of the server itself: make the user there",
                "FieldValueForbidden",
            )


def check_drop(drop: DropOptions, is_guest: bool) -> Iterator[Violation]:
    """Who can get what a role leaves behind: things of a guest could act as their new owner."""
    heir, path = drop.reassign_owned_to, "spec.drop.reassignOwnedTo"
    yield from check_name(path, heir, "role")
    yield from check_not_reserved(path, heir, "role", RESERVED_ROLES)
    if is_guest and heir is not None:
        yield Violation(
            path,
            "things can be given to another role only in the namespace of the server itself: use dropOwned",
            "FieldValueForbidden",
        )


def check_memberships(memberships: Sequence[Membership], member: str | None, is_guest: bool) -> Iterator[Violation]:
    """Each names a role that one can be in."""
    for index, membership in enumerate(memberships):
        yield from _check_role(f"spec.memberships[{index}].role", membership.role, member, is_guest)


def check_roles(path: str, roles: Sequence[str], member: str | None, is_guest: bool) -> Iterator[Violation]:
    """The same for a list of names."""
    for index, role in enumerate(roles):
        yield from _check_role(f"{path}[{index}]", role, member, is_guest)


def _check_role(path: str, role: str, member: str | None, is_guest: bool) -> Iterator[Violation]:
    yield from check_name(path, role, "role")
    if role in RESERVED_ROLES:
        yield Violation(path, f"role {role!r} belongs to the server itself: nobody is a member", "FieldValueForbidden")
    elif role == member:
        yield Violation(path, "a role cannot be a member of itself")
    elif is_guest and role.startswith("pg_"):
        yield Violation(
            path,
            f"membership in {role} can be given only in the namespace of the server itself: make the user there",
            "FieldValueForbidden",
        )
