"""What is refused in a Database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from dbaas.api.database import DatabaseSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.blueprints.databases import ON_BY_TYPE, owner_of
from dbaas.engines.postgres.blueprints.grants import is_on
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME
from dbaas.engines.postgres.names import (
    RESERVED_DATABASES,
    RESERVED_ROLES,
    RESERVED_SCHEMAS,
    check_name,
    check_not_reserved,
)
from dbaas.engines.postgres.options.databases import DatabaseOptions
from dbaas.engines.postgres.rules.blocks import explain_block


def database_is_possible(spec: DatabaseSpec) -> Sequence[Violation]:
    """Names, and nothing inside a database that nobody may enter."""
    try:
        options = DatabaseOptions.model_validate(spec.block(ENGINE_NAME))
    except ValidationError as error:
        return list(explain_block(error))
    return [
        *check_name("spec.name", spec.name, "database"),
        *check_not_reserved("spec.name", spec.name, "database", RESERVED_DATABASES),
        *check_name("spec.owner", spec.owner, "role"),
        *check_not_reserved("spec.owner", spec.owner, "role", ()),
        *_check_inside(options),
        *_check_script(spec, options),
        *_check_roles(spec, options),
        *_check_default_privileges(spec, options),
    ]


def _check_roles(spec: DatabaseSpec, options: DatabaseOptions) -> Iterator[Violation]:
    """Names, and one owner only."""
    wanted = options.ownership
    if wanted is not None and wanted.auto_ownership:
        role, user = wanted.name_role(spec.name or ""), wanted.name_user(spec.name or "")
        if spec.owner not in (None, role):
            message = "the role of autoOwnership owns the database: leave owner out"
            yield Violation("spec.owner", message, "FieldValueForbidden")
        if spec.access is not None:
            yield Violation("spec.access", "access and autoOwnership both bring an owner along: choose one")
        yield from _check_own_role(f"spec.{ENGINE_NAME}.ownership.roleName", role)
        yield from _check_own_role(f"spec.{ENGINE_NAME}.ownership.userName", user)
    if spec.access is not None:
        if spec.owner is not None and spec.access.owner is not None:
            yield Violation("spec.access.owner", "give either owner or access.owner", "FieldValueForbidden")
        given = {"owner": spec.access.owner, "writer": spec.access.writer, "reader": spec.access.reader}
        for field, name in given.items():
            yield from _check_own_role(f"spec.access.{field}", name or f"{spec.name}_{field}")


def _check_own_role(field: str, name: str) -> Iterator[Violation]:
    yield from check_name(field, name, "role")
    yield from check_not_reserved(field, name, "role", RESERVED_ROLES)


def _check_default_privileges(spec: DatabaseSpec, options: DatabaseOptions) -> Iterator[Violation]:
    for index, default in enumerate(options.default_privileges):
        path = f"spec.{ENGINE_NAME}.defaultPrivileges[{index}]"
        yield from check_name(f"{path}.role", default.role, "role")
        yield from check_name(f"{path}.schema", default.schema_, "schema")
        yield from check_not_reserved(f"{path}.schema", default.schema_, "schema", RESERVED_SCHEMAS)
        on = ON_BY_TYPE[default.object_type]
        for number, privilege in enumerate(default.privileges):
            if not is_on(privilege, on):
                message = f"there is no privilege {privilege} on a {on}"
                yield Violation(f"{path}.privileges[{number}]", message, "FieldValueNotSupported")
        if default.role == owner_of(spec, options):
            message = "the owner of the database has all privileges on what it makes: name somebody else"
            yield Violation(f"{path}.role", message, "FieldValueForbidden")


def _check_script(spec: DatabaseSpec, options: DatabaseOptions) -> Iterator[Violation]:
    if spec.init_sql is None:
        return
    if owner_of(spec, options) is None:
        message = "SQL is run as the owner of the database, and by default that is dbaas itself: give it an owner"
        yield Violation("spec.owner", message, "FieldValueRequired")
    if options.allow_connections is False:
        yield Violation("spec.initSQL", "SQL can be run only in a database that allows connections")


def _check_inside(options: DatabaseOptions) -> Iterator[Violation]:
    path = f"spec.{ENGINE_NAME}"
    yield from check_name(f"{path}.template", options.template, "database")
    yield from check_name(f"{path}.tablespace", options.tablespace, "tablespace")
    for index, schema in enumerate(options.schemas):
        yield from check_name(f"{path}.schemas[{index}].name", schema.name, "schema")
        yield from check_not_reserved(f"{path}.schemas[{index}].name", schema.name, "schema", RESERVED_SCHEMAS)
        yield from check_name(f"{path}.schemas[{index}].owner", schema.owner, "role")
        yield from check_not_reserved(f"{path}.schemas[{index}].owner", schema.owner, "role", ())
    for index, extension in enumerate(options.extensions):
        yield from check_name(f"{path}.extensions[{index}].name", extension.name, "extension")
        yield from check_name(f"{path}.extensions[{index}].schema", extension.schema_, "schema")
    if options.allow_connections is False and (options.schemas or options.extensions):
        yield Violation(
            f"{path}.allowConnections",
            "schemas and extensions can be made only in a database that allows connections",
        )
