"""What is refused in a DatabaseSchema."""

from __future__ import annotations

from collections.abc import Sequence

from dbaas.api.database_schema import DatabaseSchemaSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.names import RESERVED_SCHEMAS, check_name, check_not_reserved


def schema_is_possible(spec: DatabaseSchemaSpec) -> Sequence[Violation]:
    """Names."""
    return [
        *check_name("spec.name", spec.name, "schema"),
        *check_not_reserved("spec.name", spec.name, "schema", RESERVED_SCHEMAS),
        *check_name("spec.owner", spec.owner, "role"),
        *check_not_reserved("spec.owner", spec.owner, "role", ()),
    ]
