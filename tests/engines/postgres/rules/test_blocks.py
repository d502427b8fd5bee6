"""A block that slipped past the schema."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dbaas.engines.postgres.options.databases import DatabaseOptions
from dbaas.engines.postgres.rules.blocks import explain_block


def test_each_fault_is_told_with_its_path() -> None:
    with pytest.raises(ValidationError) as caught:
        DatabaseOptions.model_validate({"connectionLimit": "many", "schemas": [{"name": ""}]})
    fields = [violation.field for violation in explain_block(caught.value)]
    assert fields == ["spec.postgres.connectionLimit", "spec.postgres.schemas[0].name"]
