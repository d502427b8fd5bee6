"""Which things inside a server our objects stand for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from dbaas.api.database import DatabaseSpec
from dbaas.api.grant import DatabaseGrantSpec, Privilege
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.engine import Item, Need, References
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.extensions import DesiredExtension
from dbaas.engines.postgres.options import DatabaseOptions, UserOptions
from dbaas.engines.postgres.privileges.entries import ALL_NAMES, OUR_LOGIN, DesiredPrivileges, Entry, Target
from dbaas.engines.postgres.relations import name_relation
from dbaas.engines.postgres.roles import Attributes, DesiredRole
from dbaas.engines.postgres.schemas import DesiredSchema

ENGINE_NAME = "postgres"
DATABASES = "databases"
SCHEMAS = "schemas"
EXTENSIONS = "extensions"
ROLES = "roles"
RELATIONS = "relations"
PRIVILEGES = "privileges"
DATABASE_PRIVILEGES = "databasePrivileges"

BUILT_IN_TEMPLATES = ("template0", "template1")


def describe_database(spec: DatabaseSpec, references: References) -> tuple[Item, ...]:
    """The database first, then what is in it. What is in it goes with it."""
    name = _filled(spec.name)
    options = DatabaseOptions.model_validate(spec.block(ENGINE_NAME))
    desired = DesiredDatabase(
        name=name, owner=spec.owner,
        options=statements.DatabaseOptions(
            template=options.template, encoding=options.encoding, lc_collate=options.lc_collate,
            lc_ctype=options.lc_ctype,
        ),
        connection_limit=options.connection_limit, is_template=options.is_template,
        allow_connections=options.allow_connections, revoke_public=spec.revoke_public,
    )  # fmt: skip
    needs = [_need_role(spec.owner)] if spec.owner else []
    if options.template not in BUILT_IN_TEMPLATES:
        needs.append(_need_database(options.template))
    database = Item(DATABASES, None, name, desired, tuple(needs), exclusive=True)
    if options.allow_connections is False:
        return (database,)  # nobody can look into it
    return (database, *_schemas(spec, options), *_extensions(spec, options))


def describe_user(spec: DatabaseUserSpec, references: References) -> tuple[Item, ...]:
    """One role."""
    name = _filled(spec.username)
    options = UserOptions.model_validate(spec.block(ENGINE_NAME))
    attributes = Attributes(
        login=options.login, superuser=options.superuser, create_db=options.create_db,
        create_role=options.create_role, replication=options.replication, bypass_rls=options.bypass_rls,
        inherit=options.inherit,
    )  # fmt: skip
    desired = DesiredRole(name, attributes, options.connection_limit, options.valid_until, references.login)
    return (Item(ROLES, None, name, desired, exclusive=True),)


def describe_grant(spec: DatabaseGrantSpec, references: References) -> tuple[Item, ...]:
    """One item for databases themselves, and one for each database that entries are inside of."""
    principal = _filled(references.principal)
    outside: set[Entry] = set()
    inside: defaultdict[str, set[Entry]] = defaultdict(set)
    for privilege in spec.privileges:
        if privilege.on == "database":
            names = privilege.names or [_filled(privilege.database or references.database)]
            outside.update(_entries(privilege, (Target("database", name=name) for name in names)))
        else:
            database = _filled(privilege.database or references.database)
            inside[database].update(_entries(privilege, _targets(privilege, references)))
    items = []
    if outside:
        needs = (_need_role(principal), *(_need_database(entry.target.name) for entry in sorted(outside)))
        desired = DesiredPrivileges(principal, frozenset(outside))
        items.append(Item(DATABASE_PRIVILEGES, None, principal, desired, tuple(dict.fromkeys(needs))))
    for database, entries in sorted(inside.items()):
        needs = (_need_role(principal), _need_database(database), *_needs_inside(database, entries))
        desired = DesiredPrivileges(principal, frozenset(entries), database)
        items.append(Item(PRIVILEGES, database, principal, desired, tuple(dict.fromkeys(needs))))
    return tuple(items)


def _schemas(spec: DatabaseSpec, options: DatabaseOptions) -> Iterator[Item]:
    name, listed = _filled(spec.name), {schema.name: schema.owner or spec.owner for schema in options.schemas}
    if spec.revoke_public and "public" not in listed:
        public = DesiredSchema(name, "public", is_wanted=False, revoke_public=True)
        yield Item(SCHEMAS, name, "public", public, exclusive=True, dropped=False)
    for schema, owner in listed.items():
        closed = spec.revoke_public and schema == "public"
        desired = DesiredSchema(name, schema, owner, spec.owner, revoke_public=closed)
        needs = (_need_role(owner),) if owner else ()
        yield Item(SCHEMAS, name, schema, desired, needs, exclusive=True, dropped=False)


def _extensions(spec: DatabaseSpec, options: DatabaseOptions) -> Iterator[Item]:
    name = _filled(spec.name)
    for extension in options.extensions:
        desired = DesiredExtension(name, extension.name, extension.schema_, extension.version, spec.owner)
        yield Item(EXTENSIONS, name, extension.name, desired, exclusive=True, dropped=False)


def _targets(privilege: Privilege, references: References) -> Iterator[Target]:
    if privilege.future:
        grantor = privilege.grantor or references.database_owner or OUR_LOGIN
        yield Target(privilege.on, privilege.schema_ or "", grantor=grantor)
    elif privilege.on == "schema":
        yield from (Target("schema", name=name) for name in privilege.names or [_filled(privilege.schema_)])
    else:
        yield from (Target(privilege.on, _filled(privilege.schema_), name) for name in privilege.names)


def _entries(privilege: Privilege, targets: Iterable[Target]) -> Iterator[Entry]:
    for target in targets:
        yield from (Entry(target, name, privilege.with_grant_option) for name in privilege.privileges)


def _needs_inside(database: str, entries: Iterable[Entry]) -> Iterator[Need]:
    for target in sorted({entry.target for entry in entries}):
        schema = target.name if target.on == "schema" and not target.is_future else target.schema
        if schema and schema != ALL_NAMES:
            yield Need(SCHEMAS, database, schema, f"schema {schema!r} in database {database!r}")
        if target.grantor:
            yield _need_role(target.grantor)
        if target.on in ("table", "sequence") and not target.is_future and target.name != ALL_NAMES:
            key = name_relation(target.on, target.schema, target.name)
            yield Need(RELATIONS, database, key, f"{target} in database {database!r}")


def _need_role(name: str) -> Need:
    return Need(ROLES, None, name, f"role {name!r}")


def _need_database(name: str) -> Need:
    return Need(DATABASES, None, name, f"database {name!r}")


def _filled(name: str | None) -> str:
    """Rules refuse an object without it, and the caller fills in the object's own name."""
    if name is None:
        raise ValueError("a name that the engine's rules ask for is missing")
    return name
