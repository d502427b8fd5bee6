"""What is refused in a DatabaseSchema."""

from __future__ import annotations

import pytest

from dbaas.api.database_schema import DatabaseSchemaSpec
from dbaas.engines.postgres.rules.schemas import schema_is_possible


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"name": "pg_temp"}, "spec.name"),
        ({"name": "information_schema"}, "spec.name"),
        ({"name": "x" * 64}, "spec.name"),
        ({"name": "sales", "owner": "pg_monitor"}, "spec.owner"),
    ],
)
def test_names_that_cannot_be_are_refused(spec: dict[str, str], field: str) -> None:
    (violation,) = schema_is_possible(DatabaseSchemaSpec.model_validate({"databaseRef": {"name": "db"}, **spec}))
    assert violation.field == field


def test_other_names_are_welcome() -> None:
    spec = DatabaseSchemaSpec.model_validate({"databaseRef": {"name": "db"}, "name": "Ünsere Verkäufe; --"})
    assert schema_is_possible(spec) == []
