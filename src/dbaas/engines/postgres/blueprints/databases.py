"""Which things a Database stands for: itself, its schemas, its extensions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from dbaas.api.database import DatabaseSpec
from dbaas.api.grant import On, Privilege
from dbaas.contracts.engine import Item, Need, References
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.blueprints.parts import (
    CONTENTS,
    DATABASES,
    ENGINE_NAME,
    EXTENSIONS,
    SCHEMAS,
    filled,
    need_database,
    need_role,
)
from dbaas.engines.postgres.blueprints.privileges import describe_privileges
from dbaas.engines.postgres.contents import DesiredContents
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.extensions import DesiredExtension
from dbaas.engines.postgres.options.databases import DatabaseOptions, DefaultPrivilege
from dbaas.engines.postgres.schemas import DesiredSchema

ON_BY_TYPE: dict[str, On] = {"tables": "table", "sequences": "sequence", "functions": "function", "types": "type"}
BUILT_IN_TEMPLATES = ("template0", "template1")


def describe_database(spec: DatabaseSpec, references: References) -> tuple[Item, ...]:
    """The database first, then what is in it. What is in it goes with it."""
    name = filled(spec.name)
    options = DatabaseOptions.model_validate(spec.block(ENGINE_NAME))
    spec = spec.model_copy(update={"owner": owner_of(spec, options)})
    desired = DesiredDatabase(
        name=name, owner=spec.owner,
        options=statements.DatabaseOptions(
            template=options.template, encoding=options.encoding, lc_collate=options.lc_collate,
            lc_ctype=options.lc_ctype, tablespace=options.tablespace,
        ),
        connection_limit=options.connection_limit, is_template=options.is_template,
        allow_connections=options.allow_connections, revoke_public=spec.revoke_public,
    )  # fmt: skip
    needs = [need_role(spec.owner)] if spec.owner else []
    if options.template not in BUILT_IN_TEMPLATES:
        needs.append(need_database(options.template))
    database = Item(DATABASES, None, name, desired, tuple(needs), exclusive=True)
    if options.allow_connections is False:
        return (database,)  # nobody can look into it
    inner = (*_schemas(spec, options), *_extensions(spec, options))
    contents = Item(CONTENTS, name, name, DesiredContents(name), dropped=False)
    return (database, *inner, *_default_privileges(spec, options, references), contents)


def owner_of(spec: DatabaseSpec, options: DatabaseOptions) -> str | None:
    """Who shall own the database: as it is said, else the role that comes with it."""
    if spec.owner is not None:
        return spec.owner
    if options.ownership is not None and options.ownership.auto_ownership:
        return options.ownership.name_role(filled(spec.name))
    return spec.access.owner or f"{filled(spec.name)}_owner" if spec.access is not None else None


def _default_privileges(spec: DatabaseSpec, options: DatabaseOptions, references: References) -> Iterator[Item]:
    """Of the owner's future objects, to others: what the owner holds anyway is not granted."""
    owner = spec.owner or references.database_owner
    ours = {schema.name for schema in options.schemas}
    within = replace(references, database=spec.name, database_owner=owner)
    for role in sorted({each.role for each in options.default_privileges} - {owner}):
        wanted = [_translate(each) for each in options.default_privileges if each.role == role]
        for item in describe_privileges(wanted, role, within):
            needs = [need for need in item.needs if not _is_made_here(need, spec, ours)]
            yield replace(item, needs=tuple(needs), dropped=False)


def _translate(default: DefaultPrivilege) -> Privilege:
    return Privilege(
        on=ON_BY_TYPE[default.object_type], schema_=default.schema_, privileges=default.privileges, future=True
    )


def _is_made_here(need: Need, spec: DatabaseSpec, schemas: Collection[str]) -> bool:
    """The object itself sees to it, so it must not wait for it."""
    if need.part == DATABASES:
        return need.name == spec.name
    return need.part == SCHEMAS and need.name in schemas


def _schemas(spec: DatabaseSpec, options: DatabaseOptions) -> Iterator[Item]:
    name, listed = filled(spec.name), {schema.name: schema.owner or spec.owner for schema in options.schemas}
    if spec.revoke_public and "public" not in listed:
        public = DesiredSchema(name, "public", is_wanted=False, revoke_public=True)
        yield Item(SCHEMAS, name, "public", public, exclusive=True, dropped=False)
    for schema, owner in listed.items():
        closed = spec.revoke_public and schema == "public"
        desired = DesiredSchema(name, schema, owner, spec.owner, revoke_public=closed)
        needs = (need_role(owner),) if owner else ()
        yield Item(SCHEMAS, name, schema, desired, needs, exclusive=True, dropped=False)


def _extensions(spec: DatabaseSpec, options: DatabaseOptions) -> Iterator[Item]:
    name = filled(spec.name)
    for extension in options.extensions:
        desired = DesiredExtension(name, extension.name, extension.schema_, extension.version, spec.owner)
        yield Item(EXTENSIONS, name, extension.name, desired, exclusive=True, dropped=False)
