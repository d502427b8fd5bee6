"""What is refused in a Database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from dbaas.api.database import DatabaseSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME
from dbaas.engines.postgres.names import RESERVED_DATABASES, RESERVED_SCHEMAS, check_name, check_not_reserved
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
    ]


def _check_inside(options: DatabaseOptions) -> Iterator[Violation]:
    path = f"spec.{ENGINE_NAME}"
    yield from check_name(f"{path}.template", options.template, "database")
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
