"""The block of a grant."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dbaas.engines.postgres.options.grants import GrantOptions


def test_an_empty_block_asks_for_nothing() -> None:
    options = GrantOptions.model_validate({})
    assert (options.roles, options.grants, options.default_privileges) == ([], [], [])


@pytest.mark.parametrize("missing", ["database", "schema", "grantedBy", "objectType", "privileges"])
def test_default_privileges_say_all_of_it(missing: str) -> None:
    item = {"database": "d", "schema": "s", "grantedBy": "g", "objectType": "tables", "privileges": ["SELECT"]}
    assert GrantOptions.model_validate({"defaultPrivileges": [item]}).default_privileges
    del item[missing]
    with pytest.raises(ValidationError):
        GrantOptions.model_validate({"defaultPrivileges": [item]})
