"""The block of a Database."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dbaas.engines.postgres.options.databases import DatabaseOptions


def test_an_empty_block_leaves_the_limit_to_the_server() -> None:
    assert DatabaseOptions().connection_limit is None


@pytest.mark.parametrize("block", [{"encoding": "utf8"}, {"lcCollate": "'; DROP"}, {"connectionLimit": -2}])
def test_values_out_of_bounds_are_refused(block: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DatabaseOptions.model_validate(block)
