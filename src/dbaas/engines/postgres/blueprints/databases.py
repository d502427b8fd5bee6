"""Which things a Database stands for: itself, its schemas, its extensions."""

from __future__ import annotations

from collections.abc import Iterator

from dbaas.api.database import DatabaseSpec
from dbaas.contracts.engine import Item, References
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.blueprints.parts import (
    DATABASES,
    ENGINE_NAME,
    EXTENSIONS,
    SCHEMAS,
    filled,
    need_database,
    need_role,
)
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.extensions import DesiredExtension
from dbaas.engines.postgres.options.databases import DatabaseOptions
from dbaas.engines.postgres.schemas import DesiredSchema

BUILT_IN_TEMPLATES = ("template0", "template1")


def describe_database(spec: DatabaseSpec, references: References) -> tuple[Item, ...]:
    """The database first, then what is in it. What is in it goes with it."""
    name = filled(spec.name)
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
    needs = [need_role(spec.owner)] if spec.owner else []
    if options.template not in BUILT_IN_TEMPLATES:
        needs.append(need_database(options.template))
    database = Item(DATABASES, None, name, desired, tuple(needs), exclusive=True)
    if options.allow_connections is False:
        return (database,)  # nobody can look into it
    return (database, *_schemas(spec, options), *_extensions(spec, options))


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
