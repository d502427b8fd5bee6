"""The block of a DatabaseInstance."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dbaas.engines.postgres.options.instances import InstanceOptions


def test_an_empty_block_asks_for_encryption_where_there_is_some() -> None:
    assert InstanceOptions().ssl_mode == "prefer"


@pytest.mark.parametrize(
    "block", [{"sslMode": "verify-none"}, {"applicationName": "a b"}, {"statementTimeout": "soon"}]
)
def test_values_out_of_bounds_are_refused(block: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        InstanceOptions.model_validate(block)
