"""What belongs to whom inside a server, for those who share it.

Names of parts and entries are ours; what each privilege gives is from PostgreSQL's manual, section "Privileges".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dbaas.contracts.boundaries import SERVER, Boundaries, Real
from dbaas.engines.postgres.blueprints import parts
from dbaas.engines.postgres.blueprints.databases import BUILT_IN_TEMPLATES
from dbaas.engines.postgres.comments import DesiredComment
from dbaas.engines.postgres.contents import DesiredContents
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.extensions import DesiredExtension
from dbaas.engines.postgres.memberships import DesiredMemberships
from dbaas.engines.postgres.privileges.entries import PUBLIC, DesiredPrivileges, Target
from dbaas.engines.postgres.roles import ObservedRole
from dbaas.engines.postgres.schemas import DesiredSchema
from dbaas.engines.postgres.settings import DesiredSettings

ROLE, DATABASE = "role", "database"
THINGS = {parts.ROLES: ROLE, parts.DATABASES: DATABASE}
# What is the same in all databases, or was made by whoever runs the server.
OF_THE_SERVER = frozenset({"parameter", "tablespace", "language", "foreignDataWrapper", "foreignServer"})
SYSTEM_SCHEMAS = ("pg_", "information_schema")


def touched(part: str, database: str | None, name: str, desired: Any) -> Iterable[Real]:
    """Implements `contracts.boundaries.Touched`. What is not known here is only for the server's own people."""
    if database is not None:
        yield Real(DATABASE, database)
    if part == parts.ROLES:
        return
    find = _BY_TYPE.get(type(desired))
    yield from find(desired) if find is not None else (SERVER,)


def is_administrative(observed: Any) -> bool:
    """A role that could take the whole server."""
    if not isinstance(observed, ObservedRole):
        return False
    attributes = observed.attributes
    return any((attributes.superuser, attributes.create_role, attributes.replication, attributes.bypass_rls))


def _of_database(desired: DesiredDatabase) -> Iterator[Real]:
    """A copy of a template shows all that is in it."""
    yield from _roles(desired.owner)
    template = desired.options.template
    if template not in BUILT_IN_TEMPLATES:
        yield Real(DATABASE, template)


def _of_schema(desired: DesiredSchema) -> Iterator[Real]:
    yield from _roles(desired.owner, desired.database_owner)
    if desired.name.startswith(SYSTEM_SCHEMAS):
        yield SERVER


def _of_extension(desired: DesiredExtension) -> Iterator[Real]:
    yield from _roles(desired.database_owner)


def _of_memberships(desired: DesiredMemberships) -> Iterator[Real]:
    yield from _roles(desired.member, *(membership.role for membership in desired.memberships))


def _of_settings(desired: DesiredSettings) -> Iterator[Real]:
    yield from _roles(desired.role)
    yield from (Real(DATABASE, each.database) for each in desired.settings if each.database is not None)


def _of_privileges(desired: DesiredPrivileges) -> Iterator[Real]:
    yield from _roles(None if desired.principal == PUBLIC else desired.principal)
    for target in sorted({entry.target for entry in desired.entries}):
        yield from _of_target(target)


def _of_target(target: Target) -> Iterator[Real]:
    yield from _roles(target.grantor)
    schema = target.name if target.on == "schema" else target.schema
    if target.on in OF_THE_SERVER or schema.startswith(SYSTEM_SCHEMAS):
        yield SERVER
    elif target.on == "database":
        yield Real(DATABASE, target.name)
    if target.is_future and not target.grantor:
        yield SERVER  # of objects that our own login makes


def _roles(*names: str | None) -> Iterator[Real]:
    yield from (Real(ROLE, name) for name in dict.fromkeys(names) if name)


_BY_TYPE: Mapping[type, Callable[[Any], Iterable[Real]]] = {
    DesiredContents: lambda desired: (),  # a look into a database of one's own
    DesiredComment: lambda desired: (),  # on what another item of the same object stands for
    DesiredDatabase: _of_database,
    DesiredSchema: _of_schema,
    DesiredExtension: _of_extension,
    DesiredMemberships: _of_memberships,
    DesiredSettings: _of_settings,
    DesiredPrivileges: _of_privileges,
}
BOUNDARIES = Boundaries(THINGS, touched, is_administrative)
